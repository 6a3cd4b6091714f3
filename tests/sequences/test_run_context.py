"""What belongs to one run is its context: nobody changes a Lab, and two runs on one bench do not see each other."""

import ast
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labctl.data.calibration_in_memory import Kept
from sequences.core.lab import Lab, RunContext

HOME = Path(__file__).parents[2]
PACKAGES = ("labctl", "sequences", "simulated_instruments", "benchmarks")
THINGS: Any = SimpleNamespace()


def lab() -> Lab:
    return Lab(*[THINGS] * (len(fields(Lab)) - 1), RunContext(THINGS, Kept()))


@pytest.mark.parametrize("name", [*(field.name for field in fields(Lab)), "clock", "calibration", "notes"])
def test_no_attribute_of_a_lab_can_be_set(name: str) -> None:
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(lab(), name, THINGS)


@pytest.mark.parametrize("name", [field.name for field in fields(RunContext)])
def test_no_attribute_of_a_run_can_be_set(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(lab().run, name, THINGS)


def test_two_runs_on_one_bench_share_nothing_but_the_bench() -> None:
    first = lab()
    second = first.within(RunContext(first.clock, Kept()))
    first.notes.append("a limit was met")
    first.calibration.put("field.x_a", 1.0, 0.1)
    first.run.looks.count += 1
    assert (second.notes, second.calibration.get("field.x_a"), second.run.looks.count) == ([], None, 0)
    assert second.microwave is first.microwave


def changes(source: str) -> list[int]:
    """Lines in which an attribute of something that is called lab is set or deleted."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and _is_lab(node.value):
            found.append(node.lineno)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr"):
            found += [node.lineno] if node.args and _is_lab(node.args[0]) else []
    return found


def _is_lab(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.strip("_") == "lab"


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (HOME / package).rglob("*.py")


def test_no_module_changes_a_lab() -> None:
    assert changes("lab.clock = 1") == changes("self._lab.clock += 1") == changes("setattr(bench.lab, 'x', 1)") == [1]
    assert changes("lab.run.looks.count += 1; x = lab.clock; self.lab = lab") == []
    found = {str(path.relative_to(HOME)): changes(path.read_text(encoding="utf-8")) for path in modules()}
    assert len(found) > 200
    assert {path: lines for path, lines in found.items() if lines} == {}
