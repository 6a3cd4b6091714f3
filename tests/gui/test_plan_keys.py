"""Keys of every kind in the form of a plan: each with its widget, its words and its hint."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from plan_form import BOUNDS, shown_faults, typed
from pydantic import Field
from pyqtgraph.Qt import QtWidgets

from labctl.data.serialise import plain
from labctl.gui.panels.plan_form import PlanForm
from labctl.gui.panels.plan_rows import hint_of, words_of
from labctl.gui.widgets.theme import LIGHT
from labctl.plans.parse import known_keys
from sequences.core.experiment import Experiment
from sequences.core.plan_limits import LimitedBy
from sequences.engine import EnginePlan


@dataclass(frozen=True)
class Inner:
    """A plan within a plan."""

    green_mw: Annotated[float, LimitedBy("green_mw"), Field(gt=0, le=1000)] = 20.0
    """Power of the light."""


@dataclass(frozen=True)
class SamplePlan:
    """One key of every kind."""

    span_mt: Annotated[float, Field(gt=0, le=10)]
    """It must be given."""
    limit: float | None = None
    """Stop above so many counts."""
    shape: Literal["line", "step"] = "line"
    """Law of the counts."""
    is_fast: bool = True
    """In a hurry?"""
    times_us: tuple[float, ...] = (0.1, 2.0)
    """Times."""
    mode: Literal["a", "b"] | None = None
    """Or none."""
    inner: Inner = Inner()


def _nothing(_lab, _plan):
    yield from ()


@pytest.fixture
def sample(monkeypatch, qtbot):
    """A form whose only experiment has a key of every kind."""
    experiment = Experiment("sample", "a sample", SamplePlan, _nothing)
    monkeypatch.setattr("labctl.gui.panels.plan_form.ENTRIES", {"sample": experiment})
    made = PlanForm(LIGHT, BOUNDS)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_key_of_every_kind(qtbot, sample):
    widgets = {name: row.editor.widget for name, row in sample.rows.items()}
    assert [name for name, one in widgets.items() if isinstance(one, QtWidgets.QComboBox)] == ["shape", "mode"]
    assert isinstance(widgets["is_fast"], QtWidgets.QCheckBox)
    assert shown_faults(sample) == {"span_mt": "✖ must be given"}
    typed(qtbot, sample, "span_mt", "2.5")
    assert sample.plan == SamplePlan(2.5)
    assert sample.settings == {"span_mt": "2.5"}
    sample.load("sample", plain(SamplePlan(1.0, 40.0, "step", False, (), "b", Inner(7.5))))
    assert sample.plan == SamplePlan(1.0, 40.0, "step", False, (), "b", Inner(7.5))
    assert sample.command.text().endswith(
        "--set span_mt=1 --set limit=40 --set shape=step --set is_fast=false --set 'times_us=[]' --set mode=b "
        "--set inner.green_mw=7.5"
    )
    typed(qtbot, sample, "limit", "none")
    assert sample.plan.limit is None
    typed(qtbot, sample, "inner.green_mw", "200")
    assert shown_faults(sample) == {
        "inner.green_mw": "✖ inner.green_mw = 200 is beyond the station's limits.green_mw = 100"
    }


def test_names_and_hints_are_words():
    keys = known_keys(SamplePlan)
    assert words_of(keys["inner.green_mw"]) == "inner: green power"
    assert words_of(keys["is_fast"]) == "is fast"
    assert [hint_of(keys[name]) for name in ("span_mt", "limit", "shape", "times_us")] == [
        "mT, > 0, ≤ 10",
        "or none",
        "",
        "µs",
    ]
    assert hint_of(known_keys(EnginePlan)["evolution_us"]) == "µs, each 0.1 to 1000"
