"""The plans of a sweep: the values that are swept, their order, and what is refused before anything is opened."""

import pytest
import toy

from labctl.common.refusals import Refusal
from labctl.plans.sweep import at, few, sweep_of
from labctl.report.sweep_progress import SweepProgress
from labctl.run.events import RunEvent
from sequences.results import Begin, Progress

pytestmark = pytest.mark.unit


def test_the_first_key_changes_slowest_and_the_others_stay_as_they_are_set():
    sweep, plans = sweep_of(toy.EXPERIMENT, ["span_mt=1:2:3", "inner.green_mw=5,50"], ["points=2"])
    assert [(plan.span_mt, plan.inner.green_mw) for plan in plans] == [
        (span, power) for span in (1.0, 1.5, 2.0) for power in (5.0, 50.0)
    ]
    assert {plan.points for plan in plans} == {2}
    assert sweep.shape == (3, 2)
    assert at(sweep.points[1]) == "span_mt = 1, inner.green_mw = 50"
    assert sweep.words == "span_mt = 1, 1.5, 2 × inner.green_mw = 5, 50"


def test_even_ratios_end_where_they_shall_and_words_can_be_swept():
    sweep, _ = sweep_of(toy.EXPERIMENT, ["span_mt=0.1:10:3:log", "shape=line,step"], [])
    assert sweep.axes[0].values == pytest.approx([0.1, 1.0, 10.0])
    assert sweep.axes[1].values is None
    assert [plan["shape"] for plan in sweep.points[:2]] == ["line", "step"]


@pytest.mark.parametrize(
    ("overs", "settings", "words"),
    [
        ([], [], "Say which key is swept"),
        (["span_mt"], [], "--over span_mt: write it as key=start:stop:count, or key=value,value"),
        (["span=1,2"], [], "ToyPlan has no key 'span'; did you mean 'span_mt'?"),
        (["span_mt=1:2"], [], "cannot be read: give values a,b,c or a range start:stop:count"),
        (["span_mt=1,,2"], [], "give 1 to 1001 values, with a comma between two of them"),
        (["span_mt=1,1.0"], [], "span_mt has the value 1 twice"),
        (["times_us=1,2"], [], "times_us is a list"),
        (["span_mt=5:15:3"], [], "--over span_mt: at 15: must be at most 10"),
        (["span_mt=1,2"], ["span_mt=3"], "span_mt is swept with --over and fixed with --set"),
        (["span_mt=1,2", "span_mt=3,4"], [], "--over span_mt is given twice"),
        (["span_mt=1,2"], ["points=0"], "--set points: must be at least 1"),
        (["span_mt=1:10:500", "points=1,2,3"], [], "The sweep has 1500 points, and 1000 is the most"),
    ],
)
def test_what_cannot_be_swept_is_refused_with_its_key(overs, settings, words):
    with pytest.raises(Refusal) as refusal:
        sweep_of(toy.EXPERIMENT, overs, settings)
    assert any(words in fault for fault in refusal.value.faults), refusal.value.faults


def test_many_faults_are_counted():
    assert few(list("abcdefghijkl"))[-1] == "and 2 more of this kind"


def test_progress_is_that_of_the_whole_and_says_how_long_the_rest_takes():
    told, wall_s = [], iter([0.0, 60.0, 60.0, 90.0, 90.0])
    sweep, plans = sweep_of(toy.EXPERIMENT, ["points=2,4,6"], [])  # they take 1, 2 and 3 s
    goes = SweepProgress(told.append, sweep, plans, [2, 3], now=lambda: next(wall_s))
    goes.begin(0)
    goes.on_event(RunEvent(7, "toy", 0, Begin("toy", plans[1]), 0.0))
    goes.on_event(RunEvent(7, "toy", 0, Progress(1.0, ""), 2.0))
    goes.begin(1)
    goes.on_event(RunEvent(8, "toy", 1, Progress(0.5, "of a child run"), 1.0))
    goes.on_event(RunEvent(8, "toy", 0, Progress(0.5, ""), 1.5))
    whole = [(one.event.fraction, one.event.note) for one in told if one.depth == 0 and isinstance(one.event, Progress)]
    assert whole == [
        (0.0, "point 2 of 3, points = 4"),
        (0.4, "point 2 of 3, points = 4; some 1 min 30 s left"),
        (0.7, "point 3 of 3, points = 6; some 25.7 s left"),
    ]
    assert [one.depth for one in told] == [0, 1, 0, 1, 0, 2, 1, 0]
    assert told[-1].lab_time_s == 3.5
