"""What the window asks of the bench, against a bench process that is made up: above all, that no run gets lost."""

import pytest
from live import STATION

from labctl.common.refusals import Refusal
from labctl.config.station_file import read_station
from labctl.gui.connection.client import Session
from labctl.gui.connection.messages import Doing, Kept, Order, RunEnded, Start
from labctl.gui.runs.queue import Queue
from labctl.run.events import RunEvent
from sequences.odmr import OdmrPlan
from sequences.results import Begin

IMPOSSIBLE = {"step_mhz": "50"}
BOUNDS = read_station(STATION).bounds()


class Link:
    """A bench process that says what it is told to say."""

    def __init__(self):
        self.told, self.says = [], []
        self.is_alive, self.exit_code, self.last_message_s = True, None, 0.0

    def say(self, what):
        self.told.append(what)

    def received(self, _most_s):
        while self.says:
            yield self.says.pop(0)

    @property
    def is_behind(self):
        return bool(self.says)

    @property
    def started(self):
        return [one.plan.seconds_per_point for one in self.told if isinstance(one, Start)]


@pytest.fixture
def link():
    return Link()


@pytest.fixture
def session(link, tmp_path):
    made = Session(lambda: link, Queue(tmp_path), BOUNDS)
    hear(made, link, Doing("idle"))
    return made


def hear(session, link, *says):
    """What the window is told, when the bench process has said this."""
    link.says += says
    return session.take(1.0)


def waits(session):
    return [(one.sequence, one.settings.get("seconds_per_point", "")) for one in session.queue.items]


def begun(run_id=1):
    return RunEvent(run_id, "odmr", 0, Begin("odmr", OdmrPlan()), 0.0)


def swept(link):
    """Settings, and the point's number, of each run that was started."""
    return [(one.plan.target_khz, one.record["sweep"]["number"]) for one in link.told if isinstance(one, Start)]


def test_a_sweep_waits_as_one_and_its_points_run_one_after_another(session, link, tmp_path):
    session.enqueue("odmr", {"seconds_per_point": "6"}, ["target_khz=5,6,7"])
    session.enqueue("odmr", {"seconds_per_point": "7"})
    session.hold_queue(False)
    hear(session, link)
    assert swept(link) == [(5.0, 1)]
    assert [one.begun for one in Queue(tmp_path).items] == [1, 0], "what is left outlives the window"
    hear(session, link, begun(), RunEnded(1, 1, "failed", "no line", ()), Doing("idle"))
    assert swept(link) == [(5.0, 1), (6.0, 2)], "a point that fails is passed over"
    hear(session, link, begun(2), RunEnded(2, 2, "aborted", "", ()), Doing("idle"))
    assert session.is_queue_held, "it is stopped as one"
    assert [one.begun for one in session.queue.items] == [2, 0]
    session.hold_queue(False)
    hear(session, link, Doing("idle"))
    assert swept(link)[2:] == [(7.0, 3)]
    assert waits(session) == [("odmr", "7")]


def test_points_that_cannot_begin_are_left_out_but_not_all_of_them_for_the_same_reason(session, link):
    session.enqueue("odmr", {}, ["target_khz=5,6,7"])
    session.hold_queue(False)
    hear(session, link)
    (_, kept, _) = hear(session, link, RunEnded(1, 0, "failed", "beyond the source", ()), Doing("idle"))
    assert kept.why == "Point 1 of the sweep of odmr is left out. beyond the source"
    hear(session, link, RunEnded(2, 0, "failed", "beyond the source", ()), Doing("idle"))
    assert (swept(link), session.is_queue_held) == ([(5.0, 1), (6.0, 2)], True)
    assert [(one.begun, session.queue.faults[one.ticket]) for one in session.queue.items] == [(1, "beyond the source")]


def test_a_sweep_with_a_point_beyond_a_limit_is_refused_as_a_whole(session):
    with pytest.raises(Refusal, match="power_dbm"):
        session.enqueue("odmr", {}, ["power_dbm=-20,20"])
    assert session.queue.items == ()


def test_what_is_not_possible_any_more_stays_in_the_queue_and_the_next_one_starts(session, link):
    session.queue.add("odmr", IMPOSSIBLE)
    session.queue.add("odmr", {"seconds_per_point": "6"})
    session.hold_queue(False)
    (kept,) = hear(session, link)
    assert link.started == [6.0]
    assert isinstance(kept, Kept)
    assert "step_mhz" in kept.why
    hear(session, link, begun(), RunEnded(1, 1, "completed", "", ()), Doing("idle"))
    assert (waits(session), session.is_queue_held) == ([("odmr", "")], True)
    session.hold_queue(False)
    assert isinstance(hear(session, link)[0], Kept), "it is tried again once the queue is let go anew"


@pytest.mark.parametrize(
    ("ended", "is_tried_again"),
    [
        (RunEnded(1, 0, "failed", "Nothing has begun: the disk is full", ()), False),
        (RunEnded(1, 0, "aborted", "stopped before it began", ()), True),
    ],
)
def test_what_has_not_begun_is_the_next_one_again(session, link, ended, is_tried_again):
    for seconds in ("6", "4"):
        session.queue.add("odmr", {"seconds_per_point": seconds})
    session.hold_queue(False)
    hear(session, link)
    assert waits(session) == [("odmr", "4")]
    (_, _, kept) = hear(session, link, Doing("running", 1), ended)
    assert isinstance(kept, Kept)
    assert waits(session) == [("odmr", "6"), ("odmr", "4")]
    hear(session, link, Doing("idle"))
    assert link.started == ([6.0] if is_tried_again else [6.0, 4.0])
    assert session.is_queue_held == is_tried_again


def test_a_bench_process_that_dies_before_the_run_begins_loses_no_run_of_the_queue(session, link):
    session.queue.add("odmr", {"seconds_per_point": "6"})
    session.hold_queue(False)
    hear(session, link)
    link.is_alive = False
    hear(session, link)
    assert (waits(session), session.is_queue_held) == ([("odmr", "6")], True)


def test_a_run_that_has_begun_is_out_of_the_queue(session, link):
    session.queue.add("odmr", {})
    session.hold_queue(False)
    hear(session, link)
    hear(session, link, Doing("running", 1), begun(), RunEnded(1, 1, "failed", "the shutter", ()), Doing("idle"))
    assert waits(session) == []


def test_run_on_a_busy_bench_runs_after_what_runs(session, link):
    assert session.run("odmr", {"seconds_per_point": "6"})
    assert not session.run("odmr", {"seconds_per_point": "4"})
    assert session.when_next == "number 1 of the queue: a run goes on. It starts by itself when its turn comes"
    hear(session, link, Doing("running", 1), begun(), RunEnded(1, 1, "completed", "", ()), Doing("idle"))
    assert link.started == [6.0, 4.0]


def test_run_on_a_busy_bench_does_not_let_go_what_was_held(session, link):
    session.queue.add("odmr", {"seconds_per_point": "8"})
    session.run("odmr", {"seconds_per_point": "6"})
    session.run("odmr", {"seconds_per_point": "4"})
    assert session.when_next.startswith("number 2 of the queue: a run goes on. The queue is held")
    hear(session, link, Doing("running", 1), begun(), RunEnded(1, 1, "completed", "", ()), Doing("idle"))
    assert link.started == [6.0]


def test_run_without_a_bench_says_so(session, link):
    hear(session, link, Doing("closed"))
    assert not session.run("odmr", {})
    assert "queue: no bench is open. The queue is held" in session.when_next


def test_a_stop_holds_the_queue(session, link):
    session.run("odmr", {})
    session.run("odmr", {})
    session.stop()
    assert (link.told[-1], session.is_queue_held) == (Order.STOP, True)


def test_an_impossible_plan_is_not_queued(session):
    with pytest.raises(Refusal, match="step_mhz"):
        session.enqueue("odmr", IMPOSSIBLE)
    assert waits(session) == []
