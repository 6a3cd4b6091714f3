"""`labctl run --like RUN`: the plan of a stored run with changes, and what differs is said."""

import sqlite3
from contextlib import closing

import pytest

from labctl.data.reader import one_run


@pytest.fixture
def measured(labctl):
    """Run 1: a part with a plan of its own."""
    assert labctl("run", "part", "--simulated", "--set", "points=2", "--set", "inner.green_mw=3").code == 0


@pytest.mark.usefixtures("measured")
def test_a_run_is_run_again_with_a_change(labctl, tmp_path):
    done = labctl("run", "--like", "1", "--simulated", "--set", "span_mt=0.5", "--set", "times_us=3", "--json")
    assert done.code == 0
    assert "labctl: as run 1 (part), but span_mt = 0.5 (was 1), times_us = 3 (was 1,2)\n" in done.err
    first, second = (one_run(tmp_path / "data", k).record["plan"] for k in (1, done.json["run_id"]))
    assert second == {**first, "span_mt": 0.5, "times_us": [3.0]}
    assert (second["points"], second["inner"]) == (2, {"green_mw": 3.0})
    again = labctl("run", "part", "--like", "latest", "--dry-run")
    assert "labctl: as run 2 (part), with the same plan\n" in again.err
    assert "span_mt = 0.5" in again.out


@pytest.mark.usefixtures("measured")
def test_what_cannot_be_taken_is_refused_with_what_to_do(labctl, tmp_path):
    other = labctl("run", "odmr", "--like", "1", "--dry-run")
    assert other.code == 2
    assert "Run 1 measured part, not odmr: leave odmr out" in other.err
    assert "There is no run 7" in labctl("run", "--like", "7", "--dry-run").err
    assert "did you mean 'span_mt'" in labctl("run", "--like", "1", "--dry-run", "--set", "span_m=1").err
    with closing(sqlite3.connect(tmp_path / "data" / "runs.db")) as database, database:
        database.execute("UPDATE runs SET labctl_record = replace(labctl_record, '\"span_mt\"', '\"width_mt\"')")
    old = labctl("run", "--like", "1", "--dry-run")
    assert old.code == 2
    assert "The plan of run 1 does not fit this version of part: ToyPlan has no key 'width_mt'" in old.err
