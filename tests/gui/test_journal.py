"""The journal: the news of a run, nested or not, become the record that the views show."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from labctl.gui.runs.record_builder import Journal
from labctl.run.events import Counted, News, Playing, Suspended, Waiting
from sequences.pulses.library import cw_odmr
from sequences.results import Begin, Column, End, Estimate, Point, Progress

pytestmark = pytest.mark.unit

COLUMNS = {"engine": (), "odmr": (Column("x", "x", ""), Column("y", "y", "", ("x",)))}


@dataclass(frozen=True)
class Plan:
    hours: float = 2.0

    @property
    def duration_s(self):
        return 3600.0 * self.hours


@dataclass(frozen=True)
class Result:
    field_mt: float
    field_mt_err: float
    pair: tuple[float, float]


RESULT = Result(5.0, float("nan"), (1.0, 2.0))


class Told:
    """A journal and the runner's side of it."""

    def __init__(self):
        self.journal = Journal(COLUMNS.__getitem__)
        self.at_s = 0.0

    def hear(self, depth, event, run_id=None):
        self.at_s += 10.0
        sequence = ("engine", "odmr")[depth]
        self.journal.take(News(run_id or depth + 1, sequence, depth, event, self.at_s))

    def begin_nested(self):
        self.hear(0, Begin("engine", Plan()))
        self.hear(1, Begin("odmr", {"points": (1, 2)}))


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def run(told):
    told.begin_nested()
    return told.journal.run


def test_before_any_news_there_is_no_run(told):
    assert told.journal.run is told.journal.innermost is None
    told.journal.finish("failed", "the bench process died")
    assert told.journal.run is None


def test_a_nested_run_has_plan_depth_and_parts(told, run):
    (part,) = run.parts
    assert (run.sequence, run.run_id, run.depth, run.plan) == ("engine", 1, 0, {"hours": 2.0})
    assert (part.sequence, part.run_id, part.depth, part.plan) == ("odmr", 2, 1, {"points": [1, 2]})
    assert (run.expected_s, part.expected_s) == (7200.0, None)
    assert told.journal.innermost is part


def test_points_progress_and_estimates_belong_to_the_innermost(told, run):
    told.hear(1, Point({"x": 1.0, "y": 2.0}))
    told.hear(1, Point({"x": 3.0}))
    told.hear(1, Progress(0.25, "5.737 MHz"))
    told.hear(1, Estimate({"field_mt": 5.1}))
    told.hear(1, Estimate({"field_mt": 5.2}))
    (part,) = run.parts
    np.testing.assert_array_equal(part.table["x"], [1.0, 3.0])
    np.testing.assert_array_equal(part.table["y"], [2.0, np.nan])
    assert (part.fraction, part.note, part.estimate) == (0.25, "5.737 MHz", {"field_mt": 5.2})
    assert (run.table.rows, run.fraction, run.note, run.estimate) == (0, 0.0, "", {})


def test_what_a_run_waits_for_is_its_note_until_it_goes_on(told, run):
    (part,) = run.parts
    told.hear(1, Progress(0.3, "cooling"))
    told.hear(1, Waiting("the disk is full"))
    assert part.fraction == 0.3
    assert re.fullmatch(r"waiting since \d\d:\d\d:\d\d: the disk is full", part.note)
    assert (run.held, part.held) == ("waiting", "waiting")
    told.hear(1, Waiting(""))
    assert (part.fraction, part.note, run.held, part.held) == (0.3, "", "", "")


def test_a_run_that_is_suspended_says_since_when_however_often_it_is_told(told, run, monkeypatch):
    (part,) = run.parts
    for now in ("03:15:00", "03:16:00"):
        monkeypatch.setattr("time.strftime", lambda _, now=now: now)
        told.hear(1, Suspended("the interlock of green_laser is open"))
        assert part.note == "suspended since 03:15:00: the interlock of green_laser is open"
        assert (run.held, run.status) == ("suspended", "running")
    told.journal.finish("suspended", "the interlock of green_laser was open")
    assert (run.held, run.status) == ("", "suspended")


def test_photons_and_programs_belong_to_all_that_are_open(told, run):
    play = Playing(cw_odmr(100), 7)
    told.hear(1, play)
    told.hear(1, Counted(100, 20, 0.5))
    told.hear(1, Counted(1, 2, 0.25))
    for record in run.all():
        assert (record.photons, record.counting_s, record.playing) == (123, 0.75, play)
    told.hear(1, End(RESULT))
    told.hear(0, Counted(1000, 0, 1.0))
    assert (run.photons, run.parts[0].photons) == (1123, 123)


def test_laboratory_time_is_each_records_own(told, run):
    told.hear(1, Progress(0.1))
    assert (run.began_lab_s, run.lab_time_s) == (10.0, 20.0)
    assert (run.parts[0].began_lab_s, run.parts[0].lab_time_s) == (20.0, 10.0)
    told.hear(1, End(RESULT))
    told.hear(0, Progress(0.5))
    assert (run.lab_time_s, run.parts[0].lab_time_s) == (40.0, 20.0)


def test_a_part_that_ends_is_complete_and_its_parent_goes_on(told, run):
    told.hear(1, End(RESULT))
    (part,) = run.parts
    assert (part.status, part.fraction) == ("completed", 1.0)
    assert part.result == {"field_mt": 5.0, "field_mt_err": None, "pair": [1.0, 2.0]}
    assert told.journal.innermost is run
    assert (run.status, run.result) == ("running", None)
    told.hear(0, Progress(0.5, "cooled"))
    assert (run.note, part.note) == ("cooled", "")


def test_every_news_makes_a_new_version_of_what_it_changes(told, run):
    (part,) = run.parts
    for event in (Point({"x": 1.0}), Progress(0.1), Estimate({}), Playing(cw_odmr(100), 1), Counted(1, 1, 1.0)):
        before = run.version, part.version
        told.hear(1, event)
        assert run.version > before[0]
        assert part.version > before[1]
    told.hear(1, End(RESULT))
    before = part.version
    told.hear(0, Progress(0.2))
    assert part.version == before


def test_a_run_that_completes(told, run):
    told.hear(1, End(RESULT))
    told.hear(0, End(RESULT))
    before = run.version
    told.journal.finish("completed", "")
    assert (run.status, run.message, run.fraction, run.result["field_mt"]) == ("completed", "", 1.0, 5.0)
    assert run.version > before
    assert told.journal.innermost is None


@pytest.mark.parametrize(("status", "message"), [("failed", "The counts fell to 3"), ("aborted", "by the operator")])
def test_open_parts_end_with_their_run(told, run, status, message):
    told.hear(1, Estimate({"field_mt": 5.1}))
    versions = [record.version for record in run.all()]
    told.journal.finish(status, message)
    for record, before in zip(run.all(), versions, strict=True):
        assert (record.status, record.message, record.result) == (status, message, None)
        assert record.version > before
    assert run.parts[0].known == {"field_mt": 5.1}


def test_a_part_that_had_completed_stays_so_when_its_run_fails(told, run):
    told.hear(1, End(RESULT))
    told.journal.finish("failed", "no dip")
    assert (run.status, run.parts[0].status, run.parts[0].message) == ("failed", "completed", "")


def test_what_happens_after_a_run_has_ended_changes_nothing_of_it(told, run):
    """A plan that is refused, or a process that dies, long after the last run had completed."""
    told.hear(1, End(RESULT))
    told.hear(0, End(RESULT))
    told.journal.finish("completed", "")
    told.journal.finish("failed", "the bench process died")
    assert (run.status, run.message) == ("completed", "")


def test_a_second_run_replaces_the_first_which_stays_as_it_was(told, run):
    told.journal.finish("aborted", "by the operator")
    told.hear(0, Begin("engine", Plan(1.0)), run_id=3)
    second = told.journal.run
    assert second is not run
    told.hear(0, Counted(5, 5, 1.0), run_id=3)
    assert (second.run_id, second.status, second.photons, second.parts) == (3, "running", 10, [])
    assert (run.status, run.photons) == ("aborted", 0)


def test_a_run_whose_predecessor_was_cut_off_is_not_its_part(told, run):
    """Of a process that died no end is heard; the next one begins anew."""
    told.hear(0, Begin("engine", Plan()), run_id=9)
    assert told.journal.run.run_id == 9
    assert told.journal.innermost is told.journal.run
    assert len(run.parts) == 1


def test_news_without_a_beginning_are_dropped(told):
    told.hear(0, Progress(0.5))
    told.hear(0, End(RESULT))
    assert told.journal.run is None


def test_wall_time_is_measured_from_its_own_beginning(told, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("labctl.gui.runs.record_builder.time.monotonic", lambda: now[0])
    told.hear(0, Begin("engine", Plan()))
    now[0] = 103.0
    told.hear(1, Begin("odmr", {}))
    now[0] = 104.5
    told.hear(1, Progress(0.1))
    run = told.journal.run
    assert (run.wall_time_s, run.parts[0].wall_time_s) == (4.5, 1.5)
