"""Plans from `--set`: what is wrong is said before anything runs."""

import pytest
from toy import InnerPlan, ToyPlan

from labctl.common.refusals import Refusal
from labctl.data.serialise import plain
from labctl.plans.parse import keys_of, make_plan, plan_of, settings_of, texts_of

pytestmark = pytest.mark.unit


def test_defaults():
    assert make_plan(ToyPlan, []) == ToyPlan()


@pytest.mark.parametrize(
    ("setting", "field", "value"),
    [
        ("points=7", "points", 7),
        ("points=1e3", "points", 1000),
        (" span_mt = 2.5 ", "span_mt", 2.5),
        ("shape=step", "shape", "step"),
        ("times_us=1,2,5.5", "times_us", (1.0, 2.0, 5.5)),
        ("times_us=[3]", "times_us", (3.0,)),
        ("limit=40", "limit", 40.0),
        ("limit=none", "limit", None),
        ("inner.green_mw=30", "inner", InnerPlan(30.0)),
    ],
)
def test_settings(setting, field, value):
    made = getattr(make_plan(ToyPlan, [setting]), field)
    assert made == value
    assert type(made) is type(value)


def test_the_inner_plan_keeps_the_outer_ones_defaults():
    assert make_plan(ToyPlan, ["points=2"]).inner == InnerPlan(20.0)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("point=7", "--set point=7: ToyPlan has no key 'point'; did you mean 'points'? Known: points, span_mt"),
        ("points", "--set points: write it as key=value"),
        ("points=0", "--set points: must be at least 1, not 0 (allowed: 1 to 100000)"),
        ("points=2.5", "--set points: must be a whole number, not 2.5"),
        ("span_mt=11", "--set span_mt: must be at most 10, not '11' (allowed: above 0, at most 10 mT)"),
        ("span_mt=x", "--set span_mt: must be a number, not 'x'"),
        ("shape=round", "--set shape: must be 'line' or 'step', not 'round'"),
        ("times_us=1,x", "--set times_us: must be a list, not '1,x'"),
        ("inner.green_mw=0", "--set inner.green_mw: must be greater than 0, not '0'"),
    ],
)
def test_refusals(setting, message):
    with pytest.raises(Refusal) as refusal:
        make_plan(ToyPlan, [setting])
    assert len(refusal.value.faults) == 1
    assert refusal.value.faults[0].startswith(message)


def test_every_fault_at_once():
    with pytest.raises(Refusal) as refusal:
        make_plan(ToyPlan, ["nothing=1", "points=0", "span_mt=-1"])
    assert len(refusal.value.faults) == 3


def test_keys_say_default_range_unit_and_meaning():
    keys = {key.name: key for key in keys_of(ToyPlan)}
    assert list(keys) == ["points", "span_mt", "shape", "times_us", "limit", "parts", "ends", "inner.green_mw"]
    assert (keys["span_mt"].default, keys["span_mt"].unit, keys["span_mt"].help) == (
        1.0,
        "mT",
        "Highest field; a volt makes a millitesla.",
    )
    assert keys["points"].limits == "1 to 100000"
    assert keys["shape"].limits == "line | step"
    assert keys["inner.green_mw"].default == 20.0


def test_the_faults_of_a_form_are_by_key():
    made, faults = plan_of(ToyPlan, {"points": "0", "inner.green_mw": "x", "limit": "40"})
    assert made is None
    assert [(fault.key, fault.words.split(",")[0]) for fault in faults] == [
        ("points", "must be at least 1"),
        ("inner.green_mw", "must be a number"),
    ]


def test_a_plan_as_settings_and_back():
    made = ToyPlan(points=7, span_mt=0.1 + 0.2, shape="step", times_us=(), limit=40.0, inner=InnerPlan(7.0))
    settings = settings_of(made)
    assert settings == {
        "points": "7",
        "span_mt": "0.30000000000000004",
        "shape": "step",
        "times_us": "[]",
        "limit": "40",
        "inner.green_mw": "7",
    }
    assert make_plan(ToyPlan, [f"{key}={text}" for key, text in settings.items()]) == made
    assert plan_of(ToyPlan, texts_of(plain(made))) == (made, [])
