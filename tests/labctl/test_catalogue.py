"""Every experiment of the catalogue keeps to the convention that the command line and the runner rely on."""

import dataclasses
import inspect

import pytest

from labctl.common.refusals import Refusal
from labctl.data.writing.run_writer import dependencies
from labctl.plans.catalogue import ENTRIES, columns_of, entry
from labctl.plans.parse import keys_of, make_plan


@pytest.mark.parametrize("name", ENTRIES)
def test_the_convention(name):
    found = entry(name)
    assert dataclasses.is_dataclass(found.plan)
    assert found.plan.__dataclass_params__.frozen
    assert make_plan(found.plan, []) == found.plan()
    assert inspect.isgeneratorfunction(found.function)
    assert list(inspect.signature(found.function).parameters)[:2] == ["lab", "plan"]
    names = [column.name for column in columns_of(name)]
    assert len(set(names)) == len(names)
    assert {setpoint for column in found.columns for setpoint in column.setpoints} <= set(names)
    assert set(dependencies(found.columns).names) == set(names)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_key_is_explained(name):
    assert [key.name for key in keys_of(entry(name).plan) if not key.help] == []


def test_an_unknown_name_is_refused_with_the_list():
    with pytest.raises(Refusal, match="did you mean 'engine'"):
        entry("engin")
