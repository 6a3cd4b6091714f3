"""Plans as texts: what is stored comes back whole, and a command survives the shell."""

import json
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.data.serialise import plain
from labctl.gui.panels.plan_form import command_of
from labctl.plans.parse import plan_of, settings_of, texts_of
from sequences.engine import EnginePlan

pytestmark = pytest.mark.unit


@settings(max_examples=100, deadline=None)
@given(
    st.floats(0.02, 100),
    st.lists(st.floats(0.1, 1000), min_size=1, max_size=5),
    st.integers(0, 500),
)
def test_every_digit_of_a_stored_plan_comes_back(hours, times, steps):
    made = EnginePlan(hours=hours, evolution_us=tuple(times), heating_steps=steps)
    stored = json.loads(json.dumps(plain(made)))
    assert plan_of(EnginePlan, texts_of(stored)) == (made, [])
    assert plan_of(EnginePlan, settings_of(made)) == (made, [])


def test_what_a_shell_would_take_apart_is_quoted():
    assert shlex.split(command_of("odmr", {"note": "a b; c"})) == ["labctl", "run", "odmr", "--set", "note=a b; c"]
