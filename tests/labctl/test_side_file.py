"""A database that takes nothing: the run waits in the dark, and what was measured meanwhile is in a side file."""

import os
import signal
import sqlite3
import threading
from contextlib import closing

import pytest
from support.observed import PLAYS, glowing, opened

from labctl.common.signals import Interrupts
from labctl.data.acquisitions import blocks_of
from labctl.data.reader import all_runs, one_run, points
from labctl.data.writing.spool_file import ENDING, TAKEN, lines_of, side_files
from labctl.run import runner as runner_module
from labctl.run.events import Counted, Playing, Waiting
from labctl.run.pause import Gate
from sequences.results import child

resource = pytest.importorskip("resource", reason="a limit of the size of files stands for a full disk")
AFTER = 2
"""Plays that are counted before the disk is full."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(runner_module, "RETRY_S", 0.1)
    monkeypatch.setattr(runner_module, "PATIENCE_S", 0.5)


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path / "data") as made:
        yield made


class Disk:
    """Full as soon as AFTER plays have been counted; there is room again once a run has waited, if `heals`."""

    def __init__(self, bench, heals):
        self.bench, self.heals, self.why, self.dark, self.aside = bench, heals, [], [], []
        self.limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.free()

    def free(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.limits)

    def hear(self, news):
        """A listener of the run."""
        if isinstance(news.event, Counted) and len(self.bench.heard(Counted)) == AFTER:
            log = self.bench.folder / "runs.db-wal"
            resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, self.limits[1]))
        if isinstance(news.event, Waiting):
            self.why.append(news.event.why)
            self.dark.append(self.bench.twin.levels)
            self.aside = side_files(self.bench.folder) or self.aside
            if news.event.why and self.heals:
                threading.Timer(0.2, self.free).start()


def test_a_run_waits_for_room_and_then_goes_on_with_nothing_lost(bench):
    told = []
    with Disk(bench, heals=True) as disk:
        ended = bench.run(listeners=(disk.hear,), gate=Gate(told.append))
    assert (ended.status, told) == ("completed", []), "it waits, and is not paused"
    assert "cannot be written (" in disk.why[0]
    assert f"What was measured is kept in {disk.aside[0]}. Free the disk" in disk.why[0]
    assert disk.why[1:] == [""]
    assert disk.dark == [0, 0]
    assert len(points(bench.folder, 1).values["signal"]) == len(blocks_of(bench.folder, 1)) == PLAYS
    assert one_run(bench.folder, 1).status == "completed"
    assert side_files(bench.folder) == []
    (taken,) = bench.folder.glob(f"*{TAKEN}")
    assert [line["kind"] for line in lines_of(taken)] == ["folder", "run", "point", "estimate"]


def test_it_waits_before_the_next_play_and_no_other_begins(bench):
    with Disk(bench, heals=False) as disk:
        bench.run(listeners=(disk.hear,))
    assert len(bench.heard(Playing)) == len(bench.heard(Counted)) == AFTER
    kinds = [type(news.event) for news in bench.news]
    assert kinds.count(Waiting) == 1


def test_patience_ends_and_the_message_says_where_the_data_are(bench):
    with Disk(bench, heals=False) as disk:
        ended = bench.run(listeners=(disk.hear,))
    assert ended.status == "failed"
    (aside,) = side_files(bench.folder)
    assert f"What was measured is kept in {aside}" in ended.message
    assert f"labctl runs --repair --data {bench.folder}" in ended.message
    assert [line["kind"] for line in lines_of(aside)] == ["folder", "run", "point", "estimate", "outcome"]
    assert list(lines_of(aside))[-1]["outcome"]["status"] == "failed"


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
@pytest.mark.parametrize("patient", [False, True])
def test_ctrl_c_ends_a_run_that_waits(bench, monkeypatch, patient):
    monkeypatch.setattr(runner_module, "PATIENCE_S", 30.0)

    def stop(news):
        if isinstance(news.event, Waiting):
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    with Interrupts() as interrupts, Disk(bench, heals=False) as disk:
        interrupts.patient = patient
        ended = bench.run(listeners=(disk.hear, stop), interrupts=interrupts)
    assert ended.message.startswith("aborted by the operator. ")
    assert list(lines_of(*side_files(bench.folder)))[-1]["outcome"]["status"] == "aborted"
    assert bench.twin.levels == 0


def test_a_part_begins_when_there_is_room_again(bench):
    def two(lab):
        yield from child("first", {}, glowing(lab, plays=AFTER))
        yield from child("second", {}, glowing(lab, plays=1))

    with Disk(bench, heals=True) as disk:
        ended = bench.run(two, listeners=(disk.hear,))
    assert ended.status == "completed"
    assert [(run.sequence, run.status) for run in all_runs(bench.folder)] == [
        ("glowing", "completed"),
        ("first", "completed"),
        ("second", "completed"),
    ]
    assert len(points(bench.folder, 2).values["signal"]) == AFTER


def test_a_full_disk_at_the_very_end_is_waited_for_too(bench):
    with Disk(bench, heals=True) as disk:
        ended = bench.run(lambda lab: glowing(lab, plays=AFTER), listeners=(disk.hear,))
    assert (ended.status, len(disk.why)) == ("completed", 2)
    assert one_run(bench.folder, 1).result == ended.result


def test_the_next_run_takes_in_what_waits_of_the_last(bench):
    with Disk(bench, heals=False) as disk:
        bench.run(listeners=(disk.hear,))
    bench.run(lambda lab: glowing(lab, plays=1))
    assert side_files(bench.folder) == []
    assert [run.status for run in all_runs(bench.folder)] == ["failed", "completed"]
    assert len(points(bench.folder, 1).values["signal"]) == AFTER


def test_a_run_that_cannot_even_begin_says_why(bench):
    from labctl.data.writing.database_writer import NotBegun

    with Disk(bench, heals=False):
        log = bench.folder / "runs.db-wal"
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))
        with pytest.raises(NotBegun, match="cannot be written"):
            bench.run()
    bench.run()
    assert [run.status for run in all_runs(bench.folder)] == ["completed"]


def test_a_locked_database_is_waited_for(bench):
    """Another program that holds a transaction open for longer than a write waits."""
    with closing(sqlite3.connect(bench.folder / "runs.db", check_same_thread=False)) as other:

        def hear(news):
            if isinstance(news.event, Counted) and len(bench.heard(Counted)) == AFTER:
                other.execute("BEGIN IMMEDIATE")
            if isinstance(news.event, Waiting) and news.event.why:
                assert "database is locked" in news.event.why
                threading.Timer(0.2, other.rollback).start()

        ended = bench.run(listeners=(hear,))
    assert ended.status == "completed"
    assert len(bench.heard(Waiting)) == 2
    assert len(points(bench.folder, 1).values["signal"]) == PLAYS


def test_where_the_data_folder_takes_no_side_file_the_user_s_own_does(bench, state, monkeypatch):
    monkeypatch.setattr("labctl.data.writing.spool_file._created", _refusing(bench.folder))
    with Disk(bench, heals=False) as disk:
        ended = bench.run(listeners=(disk.hear,))
    (aside,) = side_files(bench.folder)
    assert aside.parent == state / "labctl" / "side"
    assert str(aside) in ended.message
    assert side_files(bench.folder.parent) == []


def _refusing(folder):
    from labctl.data.writing.spool_file import _created

    def created(place, run_id):
        if place == folder:
            raise PermissionError(f"{folder} is read-only")
        return _created(place, run_id)

    return created


def test_side_files_have_names_of_their_own(bench):
    for ending in (ENDING, ENDING + TAKEN):
        (bench.folder / f"runs-1{ending}").write_text("{}\n")
        with Disk(bench, heals=False) as disk:
            bench.run(listeners=(disk.hear,))
        break
    names = sorted(path.name for path in bench.folder.glob(f"*{ENDING}"))
    assert names == [f"runs-1-2{ENDING}", f"runs-1{ENDING}"]
    assert (bench.folder / f"runs-1{ENDING}").read_text() == "{}\n"
