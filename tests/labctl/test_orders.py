"""A run that goes on is found, paused, continued and stopped from any shell; only the run that was meant."""

import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import pytest
from support.made_up import STATION

from labctl.bench.connect import Choice, opened_bench
from labctl.bench.requests import Orders
from labctl.common.refusals import Refusal
from labctl.config.station_file import read_station
from labctl.data import live_runs
from labctl.data.acquisitions import acquisitions_of
from labctl.data.live_runs import ask
from labctl.data.reader import all_runs, footprint, one_run
from labctl.data.writer_lock import FOLDER
from labctl.data.writing.run_writer import Store
from labctl.plans.catalogue import experiment_named
from labctl.run.pause import Pause


def until(reached, limit_s=60.0):
    end_s = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_a_run_of_a_terminal_is_paused_continued_and_stopped_from_another(labctl, tmp_path):
    data = tmp_path / "data"
    command = [sys.executable, "-m", "labctl", "run", "odmr", "--simulated", "--pace", "30", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: all_runs(data) and acquisitions_of(data, 1))
        assert f"running (process {process.pid})" in " ".join(labctl("runs").out.split())
        refused = labctl("resume", "1")
        assert refused.code == 2
        assert "is not paused: there is nothing to continue" in refused.err
        assert f"until: labctl resume 1 --simulated --pace 30 --data {data}" in labctl("pause", "latest").out
        until(lambda: one_run(data, 1).status == "paused")
        held = len(acquisitions_of(data, 1))
        assert labctl("resume", "1").out == f"run 1 (odmr) goes on in process {process.pid}\n"
        until(lambda: len(acquisitions_of(data, 1)) > held)
        assert labctl("stop", "1").out == "run 1 (odmr) ends, and leaves the bench safe\n"
        said = process.stderr.read()
    assert process.returncode == 130
    assert f"labctl: paused, until `labctl resume 1 --simulated --pace 30 --data {data}`" in said
    assert one_run(data, 1).status == "aborted"
    refused = labctl("stop", "1")
    assert refused.code == 2
    assert "Run 1 is aborted: it does not go on in any process" in refused.err
    assert list((data / FOLDER).iterdir()) == []


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path, "a bench")) as opened:
        yield opened


def test_an_order_for_a_run_that_has_ended_does_not_reach_the_next_one(store, tmp_path):
    obeyed = []
    with Orders(store.writer_lock, obeyed.append, look_s=0.01) as orders:
        orders.run_id = 2
        for run_id in (1, 2):
            ask(tmp_path, store.writer_lock.name, run_id, "stop")
        until(lambda: obeyed)
    assert obeyed == ["stop"]


def test_a_process_that_does_not_answer_is_named_and_the_order_taken_back(store, tmp_path):
    with pytest.raises(Refusal, match=rf"Process {os.getpid()}, which measures run 1, does not answer: .* SIGTERM"):
        ask(tmp_path, store.writer_lock.name, 1, "stop", patience_s=0.05)
    assert store.writer_lock.asked() == {}


def test_parts_do_what_the_whole_does_and_a_run_that_could_not_be_ended_is_unfinished(store, tmp_path):
    old, run = store.begin("toy", (), {}), store.begin("toy", (), {})
    store.begin("part", (), {}, parent=run)
    assert {one.status for one in all_runs(tmp_path)} == {"running"}, "its process has not said more"
    store.writer_lock.tell({"run_id": run.run_id, "does": "paused"})
    assert [one.status for one in all_runs(tmp_path)] == ["unfinished", "paused", "paused"]
    before = footprint(tmp_path)
    store.writer_lock.tell({"run_id": None, "does": "resting"})
    assert [one.status for one in all_runs(tmp_path)] == ["unfinished"] * 3
    assert footprint(tmp_path) != before
    assert old.run_id == 1


@pytest.mark.parametrize("state", ["", "[1]", '{"run_id": "x", "does": 7}', '{"run_id": 1, "does": "rm -rf"}'])
def test_a_state_that_anyone_may_have_written_is_looked_at_with_suspicion(store, tmp_path, state):
    store.begin("toy", (), {})
    (tmp_path / FOLDER / f"{store.writer_lock.name}.json").write_text(state)
    assert one_run(tmp_path, 1).status in ("running", "unfinished")


def test_in_a_folder_that_cannot_be_written_nobody_can_tell(store, tmp_path, monkeypatch):
    store.begin("toy", (), {})

    def closed(*_):
        raise PermissionError("no lock here")

    monkeypatch.setattr(live_runs, "is_writing", closed)
    assert one_run(tmp_path, 1).status == "unfinished"


def test_a_run_that_goes_on_is_not_continued_a_second_time(store, tmp_path):
    from labctl.bench.continuation import continuation

    store.begin("odmr", (), {})
    with pytest.raises(Refusal, match=r"Run 1 is running in process \d+: .*labctl stop 1"):
        continuation(tmp_path, "1")


class Guarded:
    """A heartbeat that counts how often it hears that the run waits."""

    def __init__(self):
        self.waited = 0

    def waits(self):
        self.waited += 1

    def on_event(self, _news):
        pass

    rest = on_event


def test_the_watchdog_does_not_take_a_paused_run_for_one_that_hangs(tmp_path):
    guarded = Guarded()
    with opened_bench(Choice(True, None, 1, None), read_station(STATION), tmp_path) as bench:
        guarded.rest = lambda: None
        pause = Pause()
        pause.begin()
        waits = guarded.waits

        def waited():
            waits()
            if guarded.waited == 3:
                pause.end()

        guarded.waits = waited
        experiment = experiment_named("wiring")
        outcome = replace(bench, heartbeat=guarded).run(experiment, experiment.plan(), pause=pause)
    assert (outcome.run.status, guarded.waited) == ("completed", 3)
