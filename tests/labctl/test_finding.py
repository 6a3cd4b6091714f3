"""Runs are found again: the list says what each was run with and what came out, and options choose some of them."""

import shutil
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from labctl.common.refusals import Refusal
from labctl.data.remarks import remarks_of
from labctl.data.serialise import plain
from labctl.data.writing.run_writer import Store
from labctl.stored_runs.search import Wanted, listed, moment
from labctl.stored_runs.summary import changes
from sequences.odmr import OdmrPlan
from sequences.rabi import RabiPlan

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 24, 9, 30).astimezone()
ODMR = {"field_mt": 4.5123, "field_mt_err": 0.0021, "tilt_deg": 1.5, "tilt_deg_err": 0.2}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """1 odmr by default, 2 odmr with another step, 3 rabi that failed with its part 4 odmr."""
    folder = tmp_path_factory.mktemp("runs")
    with closing(Store(folder, "a bench")) as store:

        def begun(sequence, plan, started, parent=None):
            return store.begin(sequence, (), {"plan": plain(plan), "started": started}, parent=parent)

        done = {"status": "completed", "message": "", "result": ODMR, "lab_time_s": 5.0}
        begun("odmr", OdmrPlan(), "2026-11-22T12:00:00").end(done)
        begun("odmr", OdmrPlan(step_mhz=0.5), "2026-11-23T00:00:00").end(done)
        rabi = begun("rabi", RabiPlan(), "2026-11-24T08:00:00")
        begun("odmr", OdmrPlan(), "2026-11-24T08:01:00", rabi).end(done)
        rabi.end({"status": "failed", "message": "The counts fell to 3", "result": None})
    return folder


@pytest.fixture
def folder(template, tmp_path):
    return shutil.copytree(template, tmp_path / "data")


def found(folder, **wanted):
    return [one.run.run_id for one in listed(folder, Wanted(**wanted))]


def test_the_plan_is_told_beside_its_defaults():
    assert changes("odmr", plain(OdmrPlan())) == {}
    assert changes("odmr", plain(OdmrPlan(step_mhz=0.5, sweeps=2))) == {"step_mhz": "0.5", "sweeps": "2"}
    assert changes("odmr", {"old_key": 1}) == {"old_key": "1"}
    assert changes("not installed", {"a": 1}) == {}


def test_runs_are_chosen_by_what_they_are(folder):
    assert found(folder) == [1, 2, 3, 4]
    assert found(folder, sequences=("odmr",)) == [1, 2, 4]
    assert found(folder, statuses=("failed", "aborted")) == [3]
    assert found(folder, sequences=("odmr",), statuses=("failed",)) == []
    assert found(folder, text="STEP_MHZ 4.5123") == [2]
    assert found(folder, text="fell counts") == [3]
    assert [one.depth for one in listed(folder, Wanted(sequences=("odmr",)))] == [0, 0, 1]


def test_runs_are_chosen_by_when_they_began(folder):
    assert found(folder, since=moment("yesterday", "--since", now=NOW)) == [2, 3, 4]
    assert found(folder, since=moment("today", "--since", now=NOW)) == [3, 4]
    assert found(folder, until=moment("2026-11-22", "--until", is_end=True)) == [1]
    assert found(folder, since=moment("2026-11-24 08:00:30", "--since")) == [4]
    assert found(folder, since=moment("2d", "--since", now=NOW)) == [1, 2, 3, 4]
    assert found(folder, since=moment("12h", "--since", now=NOW)) == [3, 4]


def test_moments_are_what_a_person_means():
    assert moment("yesterday", "--since", now=NOW) == datetime(2026, 11, 23).astimezone()
    assert moment("today", "--until", is_end=True, now=NOW) == datetime(2026, 11, 25).astimezone()
    assert moment(" 90min ", "--since", now=NOW) == NOW - timedelta(minutes=90)
    for wrong in ("last week", "2026-13-01", "12"):
        with pytest.raises(Refusal, match=f"--since {wrong}: not a moment. Write today"):
            moment(wrong, "--since", now=NOW)


def test_the_commands_keep_show_and_find(labctl, folder):
    said = labctl("note", "2", "the laser was cold", "--tag", "night")
    assert said.out == "run 2 (odmr) has 1 note, tags night\n"
    labctl("star", "2")
    assert [run["run_id"] for run in labctl("runs", "--tag", "night", "--starred", "--json").json] == [2]
    assert [run["run_id"] for run in labctl("runs", "--text", "cold", "--json").json] == [2]
    (line,) = [line for line in labctl("runs").out.splitlines() if line.startswith("2 ")]
    assert "field 4.5123 ± 0.0021 mT" in line
    assert "step_mhz=0.5" in line
    assert line.rstrip().endswith("★ night")
    shown = labctl("show", "2").out
    assert "★ run 2" in shown
    assert "the laser was cold" in shown
    assert "step_mhz = 0.5  (not by default)" in shown
    assert labctl("show", "2", "--json").json["remarks"]["tags"] == ["night"]
    labctl("tag", "2", "night", "--remove")
    assert labctl("star", "2", "--remove").out == "run 2 (odmr) has 1 note\n"
    (second,) = [one for one in listed(folder) if one.run.run_id == 2]
    assert second.remarks == remarks_of(folder, second.run)
    assert second.remarks.tags == ()


@pytest.mark.usefixtures("folder")
def test_what_no_run_can_be_is_refused_with_what_there_is(labctl):
    refused = labctl("runs", "--sequence", "odm", "--status", "done", "--tag", "night")
    assert refused.code == 2
    assert "did you mean 'odmr'" in refused.err
    assert "--status done: there is no such status; Known: completed" in refused.err
    assert "labctl tag RUN --data" in refused.err
    assert labctl("runs", "--repair", "--starred").code == 2
    assert "No run in" in labctl("runs", "--starred").out
    assert labctl("runs", "--starred", "--json").json == []
    assert "There is no run 99" in labctl("note", "99", "x").err
    assert labctl("tag", "1", "two words").code == 2
