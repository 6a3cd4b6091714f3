"""A data folder that is deleted, moved or replaced under a run: it is noticed, and nothing of the run is lost."""

import os
import shutil

import pytest
from support.observed import PLAYS, glowing, opened

from labctl.data.acquisitions import blocks_of
from labctl.data.reader import one_run, points
from labctl.data.writing.database_writer import NotBegun
from labctl.run import runner as runner_module
from labctl.run.events import Counted, Waiting

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows deletes and moves no file that is open")
AFTER = 2
"""Plays that are counted before the folder is gone."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(runner_module, "RETRY_S", 0.02)
    monkeypatch.setattr(runner_module, "PATIENCE_S", 0.1)


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path / "data") as made:
        yield made


def once(bench, act):
    """A listener that does this after AFTER plays."""

    def hear(news):
        if isinstance(news.event, Counted) and len(bench.heard(Counted)) == AFTER:
            act()

    return hear


def deleted(bench):
    shutil.rmtree(bench.folder)


def replaced(bench):
    """As by a program that synchronises folders."""
    shutil.copy(bench.folder / "runs.db", bench.folder / "another")
    (bench.folder / "another").replace(bench.folder / "runs.db")


@pytest.mark.parametrize("act", [deleted, replaced])
def test_a_run_whose_database_is_gone_fails_and_all_of_it_is_in_a_copy(bench, state, act):
    ended = bench.run(listeners=(once(bench, lambda: act(bench)),))
    assert ended.status == "failed"
    (copy,) = (state / "labctl" / "rescued").glob("*-runs.db")
    assert f"{bench.folder / 'runs.db'} is gone" in ended.message
    assert f"copied to {copy}" in ended.message
    assert "--repair" not in ended.message
    bench.folder.mkdir(exist_ok=True)
    copy.replace(bench.folder / "runs.db")
    assert one_run(bench.folder, 1).status == "failed"
    assert len(points(bench.folder, 1).values["signal"]) == len(blocks_of(bench.folder, 1)) == AFTER


def test_no_other_run_begins_where_nobody_would_find_it(bench):
    bench.run(listeners=(once(bench, lambda: deleted(bench)),))
    with pytest.raises(NotBegun, match=r"Nothing has begun: .*runs\.db was deleted, moved or replaced"):
        bench.run(glowing)


def test_a_run_goes_on_when_the_folder_is_put_back(bench, tmp_path, state):
    def move_back(news):
        if isinstance(news.event, Waiting) and news.event.why:
            shutil.rmtree(bench.folder, ignore_errors=True)  # what was written there meanwhile
            (tmp_path / "moved").rename(bench.folder)

    moved = once(bench, lambda: bench.folder.rename(tmp_path / "moved"))
    ended = bench.run(listeners=(moved, move_back))
    assert ended.status == one_run(bench.folder, 1).status == "completed"
    assert len(points(bench.folder, 1).values["signal"]) == len(blocks_of(bench.folder, 1)) == PLAYS
    assert list((state / "labctl" / "rescued").glob("*")) == []
