"""The runner: every point is kept, every listener hears, every way out is safe."""

import json
import os
import signal
import sqlite3
import time
from contextlib import closing

import numpy as np
import pytest
import toy_rabi
from toy import COLUMNS, ToyPlan, part, toy
from toy_rabi import RabiPlan, rabi

from labctl.common.signals import Interrupts
from labctl.data.calibration import CalibrationStore
from labctl.data.reader import all_runs, children, one_run, points
from labctl.data.writing.run_writer import Store
from labctl.run.runner import Runner
from sequences.results import Begin, End, Point, Progress, child


def columns_of(sequence):
    return toy_rabi.COLUMNS if sequence == "rabi" else COLUMNS


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def run(lab, data):
    """run(plan) -> outcome of the toy; run.news collects what a listener heard."""
    news = []
    store = Store(data, "a bench")
    lab.calibration = CalibrationStore(data / "calibration", "a bench", lab.clock)

    def drive(plan, stream=None, listeners=(), sequence="toy"):
        runner = Runner(lab, store, lab.calibration, columns_of, (*listeners, news.append))
        return runner.run(sequence, plan, stream or toy(lab, plan), {"seed": 3}, {"station": {"instruments": {}}})

    drive.news, drive.store = news, store
    with closing(store):
        yield drive


def is_safe(lab):
    off = (lab.green_laser.emission(), lab.depletion_beam.power_mw(), lab.pulse_generator.levels())
    return off == (False, 0.0, 0) and lab.microwave.enable_RF() == "OFF"


def test_a_run_that_completes(lab, data, run):
    outcome = run(ToyPlan(points=4, parts=2))
    assert outcome.run.status == "completed"
    assert outcome.run.result == {"slope_per_v": 100.0, "slope_per_v_err": None, "voltages_v": [0.0, 0.25, 0.5, 0.75]}
    assert outcome.run.lab_time_s == 6.0
    assert [part_.sequence for part_ in outcome.run.children] == ["part", "part"]
    assert is_safe(lab)
    stored = one_run(data, outcome.run.run_id)
    assert (stored.status, stored.parent_id, stored.result) == ("completed", None, outcome.run.result)
    assert [r.run_id for r in children(data, stored.run_id)] == [c.run_id for c in outcome.run.children]


def test_the_record_says_how_it_was_measured(lab, data, run):
    run(ToyPlan(points=1))
    lab.calibration.get("toy.slope")
    stored = one_run(data, 1)
    assert stored.record["plan"]["inner"] == {"green_mw": 20.0}
    assert stored.record["seed"] == 3
    assert stored.record["bench"] == "a bench"
    assert stored.record["versions"]["qcodes"].startswith("0.58")
    assert stored.outcome["notes"] == ["measured twice", "left safe"]
    assert lab.calibration.used["toy.slope"].run_id == "1"


def test_points_come_back_as_they_were(data, run):
    run(ToyPlan(points=4, parts=0))
    recorded = points(data, 1)
    assert recorded.columns == COLUMNS
    np.testing.assert_array_equal(recorded.values["voltage_v"], [0.0, 0.25, 0.5, 0.75])
    np.testing.assert_array_equal(recorded.values["counts"], [0.0, 25.0, 50.0, 75.0])


def test_a_point_that_lacks_a_column_stays_one_point(data, run):
    def uneven():
        yield Point({"voltage_v": 1.0, "counts": 5.0})
        yield Point({"voltage_v": np.float64(2.0), "counts": np.int64(6), "counts_err": float("nan")})
        yield Point({"voltage_v": 1.0, "counts": 7.0, "counts_err": 0.5})

    outcome = run(ToyPlan(), uneven())
    assert outcome.run.status == "completed"
    found = points(data, 1).values
    np.testing.assert_array_equal(found["counts"], [5.0, 6.0, 7.0])
    np.testing.assert_array_equal(found["counts_err"], [np.nan, np.nan, 0.5])
    np.testing.assert_array_equal(outcome.run.points["counts_err"], found["counts_err"])


def test_qcodes_reads_the_runs_and_their_links(data, run):
    from qcodes.dataset.data_set import load_by_id
    from qcodes.dataset.sqlite.database import connect

    run(ToyPlan(points=3))
    with closing(connect(data / "runs.db")) as connection:
        parent, part_ = (load_by_id(k, conn=connection) for k in (1, 2))
        assert part_.parent_dataset_links[0].tail == parent.guid
        assert parent.completed
        assert parent.snapshot == {"station": {"instruments": {}}}
        found = part_.get_parameter_data("counts")["counts"]
        np.testing.assert_array_equal(found["counts"], [100 * v for v in found["voltage_v"]])


@pytest.mark.parametrize(
    ("ends", "status", "message"),
    [
        ("badly", "failed", "The counts fell to 3. Look at the shutter"),
        ("wrongly", "failed", "ZeroDivisionError: division by zero (traceback in labctl.log)"),
        ("by hand", "aborted", "aborted by the operator"),
    ],
)
def test_every_other_end_is_safe_and_keeps_what_was_measured(lab, data, run, ends, status, message):
    outcome = run(ToyPlan(points=4, ends=ends))
    assert (outcome.run.status, outcome.run.message, outcome.run.result) == (status, message, None)
    assert lab.notes[-1] == "left safe"
    assert is_safe(lab)
    assert [r.status for r in all_runs(data)] == [status, "completed"]
    assert len(points(data, 2).values["counts"]) == 4


def test_a_child_that_is_cut_off_ends_with_its_parent(data, run):
    def inner():
        yield Point({"voltage_v": 1.0, "counts": 5.0})
        raise KeyboardInterrupt

    assert run(ToyPlan(), child("part", ToyPlan(), inner())).run.status == "aborted"
    assert [(r.sequence, r.status) for r in all_runs(data)] == [("toy", "aborted"), ("part", "aborted")]
    assert points(data, 2).values["counts"] == [5.0]


def test_an_interrupt_between_two_events_closes_the_sequence(lab, run):
    closed = []

    def endless():
        try:
            while True:
                yield Progress(0.5)
        finally:
            closed.append(lab.green_laser.emission())

    def impatient(news):
        if isinstance(news.event, Progress):
            raise KeyboardInterrupt

    assert run(ToyPlan(), endless(), (impatient,)).run.status == "aborted"
    assert closed == [True]  # the sequence's own end comes before the safe state
    assert is_safe(lab)


def test_a_sequence_that_fails_while_it_is_stopped_is_safe_too(lab, run):
    def stubborn():
        try:
            yield Progress(0.1)
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("could not park")

    outcome = run(ToyPlan(), stubborn())
    assert outcome.run.status == "failed"
    assert "could not park" in outcome.run.message
    assert is_safe(lab)


def test_what_is_not_safe_is_in_the_outcome(lab, run):
    lab.green_laser.emission.stuck = True
    assert [step.what for step in run(ToyPlan(points=1)).unsafe] == ["the green laser is off"]


def test_listeners_hear_everything_in_order(run):
    run(ToyPlan(points=2))
    kinds = [(news.depth, type(news.event)) for news in run.news]
    inner = [(1, Begin), (1, Point), (1, Progress), (1, Point), (1, Progress), (1, End)]
    assert kinds == [(0, Begin), *inner, (0, Point), (0, Progress), (0, Point), (0, Progress), (0, End)]
    assert {news.run_id for news in run.news if news.depth == 1} == {2}
    assert [news.lab_time_s for news in run.news] == sorted(news.lab_time_s for news in run.news)


def test_a_listener_that_fails_harms_nothing(run):
    def broken(_news):
        raise ValueError("no window")

    assert run(ToyPlan(points=2), listeners=(broken,)).run.status == "completed"


def test_an_undeclared_column_is_a_failure_that_names_it(run):
    outcome = run(ToyPlan(), iter_stream(Point({"voltage_v": 1.0, "current_a": 2.0})))
    assert outcome.run.status == "failed"
    assert "current_a" in outcome.run.message


def iter_stream(*events):
    yield from events


def test_a_result_that_json_cannot_hold_is_a_failure_that_shows_it(run):
    def complex_result():
        yield Progress(1.0)
        return {"amplitude": 1 + 2j}

    outcome = run(ToyPlan(), complex_result())
    assert outcome.run.status == "failed"
    assert "(1+2j)" in outcome.run.message


def test_a_run_without_columns_of_its_own(lab, data):
    lab.calibration = CalibrationStore(data / "calibration", "a bench", lab.clock)
    with closing(Store(data, "a bench")) as store:
        runner = Runner(lab, store, lab.calibration, {"toy": (), "part": COLUMNS}.__getitem__)
        plan = ToyPlan(points=2)
        assert runner.run("toy", plan, child("part", plan, part(lab, plan))).run.status == "completed"
    assert points(data, 1).columns == ()
    assert len(points(data, 2).values["counts"]) == 2


def test_figures_of_parts_are_drawn_beside_the_run(lab, data, run):
    def with_parts():
        for _ in range(2):
            yield from child("rabi", RabiPlan(), rabi(lab, RabiPlan()))

    outcome = run(ToyPlan(), with_parts())
    assert sorted(outcome.figures) == [2, 3]
    for run_id, figure in outcome.figures.items():
        assert figure.read_bytes().startswith(b"\x89PNG")
        assert data / one_run(data, run_id).outcome["figure"] == figure


def test_a_figure_that_fails_is_logged_and_the_run_is_not_touched(lab, data, run, monkeypatch, caplog):
    monkeypatch.setattr("labctl.run.drawing.drawn", lambda *_: 1 / 0)
    outcome = run(RabiPlan(), rabi(lab, RabiPlan()), sequence="rabi")
    assert (outcome.run.status, outcome.figures) == ("completed", {})
    assert "The figure of run 1 (rabi) could not be drawn" in caplog.text
    assert one_run(data, 1).status == "completed"


def test_bookkeeping_of_a_point_costs_the_same_however_many_there_are(run, calls):
    def completed(**plan):
        assert run(ToyPlan(**plan)).run.status == "completed"

    completed(points=1, parts=1)  # what is done once only
    few = calls(lambda: completed(points=50, parts=2))
    many = calls(lambda: completed(points=150, parts=20))
    per_point = (many - few) / (20 * 150 - 2 * 50)
    print(f"{per_point:.0f} calls a point")
    assert per_point < 300


def test_a_signal_while_something_is_written_waits_for_its_end():
    done = []

    def write(interrupts):
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            done.append("written")
        done.append("not reached")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        write(interrupts)
    assert done == ["written"]


def test_a_signal_while_a_point_is_written_comes_when_the_sequence_goes_on(data, lab, run):
    def send(news):
        if isinstance(news.event, Point):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            told.append(news.event)

    told = []
    with Interrupts() as interrupts:
        runner = Runner(lab, run.store, lab.calibration, columns_of, (send,), interrupts)
        outcome = runner.run("toy", ToyPlan(), toy(lab, ToyPlan(parts=0)))
    assert outcome.run.status == "aborted"
    assert len(told) == len(points(data, 1).values["counts"]) == 1
    assert lab.notes[-1] == "left safe"


def test_a_signal_at_the_end_can_be_dropped_and_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    told = []
    with Interrupts(told.append) as interrupts:
        with interrupts.held(dropping=True):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
        told.append(2)
    assert told == ["making the bench safe, one moment", 2]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_record_is_json_without_nan(data, run):
    run(ToyPlan(points=2))
    with closing(sqlite3.connect(data / "runs.db")) as connection:
        texts = connection.execute("SELECT labctl_record, labctl_outcome FROM runs").fetchall()
    for text in (t for row in texts for t in row):
        json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
