"""One word for one thing, and the field's: words that were retired are in no public name of the five packages.

Public are the names of modules, classes, functions, methods, attributes and constants, of columns of the data, and of
the command line's commands and options. A name that begins with an underscore is private.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from labctl.cli.main import app
from labctl.data.acquisitions import COLUMNS
from sequences.core.discovery import EXPERIMENTS

pytestmark = pytest.mark.unit

HOME = Path(__file__).resolve().parents[2]
PACKAGES = ("labctl", "sequences", "instruments", "physics", "simulated_instruments")
RETIRED = {
    "block": "acquisition",
    "blocks": "acquisitions",
    "book": "recorder",
    "ledger": "database writer",
    "entry": "record, experiment",
    "entries": "records, experiments, calibration",
    "presence": "writer lock",
    "side": "spool file",
    "news": "run event",
    "heard": "event, message",
    "told": "event, message, information",
    "guardian": "watchdog",
    "guarded": "watched by a watchdog",
    "outlook": "forecast",
    "errand": "work",
    "errands": "worker",
    "bowl": "transverse dimming",
    "walk": "drift",
    "walks": "drifts",
    "walked": "drifted",
    "bridge": "drift interpolation",
    "knob": "setpoint",
    "knobs": "setpoints",
    "looks": "checks, probes, scans",
    "sighting": "ring detection",
    "diagnosis": "missing line",
    "part": "child run",
    "parts": "child runs",
    "places": "folders, paths",
    "plain": "serialisable",
    "allowed": "limit",
    "loads": "power budget",
}
"""Word -> what is said instead."""
NAMES = {
    "Gate": "Pause, AomGate",
    "Load": "BudgetItem",
    "Bench": "SimulatedBench, NotebookBench, CalibratedBench",
    "make_steady": "retry_exchanges",
    "still_set": "verify_settings",
    "as_it_is": "accept_changes",
    "look_now_and_then": "verify_now_and_then",
    "first_light": "find_first_line",
    "how_many": "emitter count",
    "known_magnet": "magnet memory",
    "across_lock": "transverse lock",
}
"""Whole names -> what is said instead: their words are good words elsewhere."""
EXCEPTIONS = {
    "SIDE_BY_SIDE_RAD": "an angle of geometry",
    "Side": "left or right: one of the two NVs",
    "null_side": "left or right: one of the two NVs",
    "loads_ohm": "what a supply feeds is its load",
    "NOT_ALLOWED": "an error of the SG386, in the words of its manual",
}
"""Name -> why it stays."""
ONE_EACH = ("Bench", "Fault", "Gate", "Journal", "Line")
"""Names that meant several things."""
STORED = {"part_id": "tables of acquisitions that are on disk have this column"}


class Public(NamedTuple):
    """A public name, and where it is."""

    name: str
    where: str


def words_of(name: str) -> list[str]:
    """'SideFile', 'side_file' and 'side-file' are side and file."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def names_in(tree: ast.AST) -> Iterator[str]:
    """What a module defines for others."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield name
                yield from names_in(node)
            case ast.FunctionDef(name=name, body=body) if not name.startswith("_") or name == "__init__":
                yield name
                yield from (attribute for line in body for attribute in attributes_set_in(line))
            case ast.Assign(targets=targets):
                yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If() | ast.Try():
                yield from names_in(node)


def attributes_set_in(tree: ast.AST) -> Iterator[str]:
    """x of every `self.x = …`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def public() -> Iterator[Public]:
    """All of them, without those that are private."""
    for package in PACKAGES:
        for file in sorted((HOME / package).rglob("*.py")):
            where = file.relative_to(HOME).as_posix()
            found = [*file.relative_to(HOME).with_suffix("").parts, *names_in(ast.parse(file.read_text("utf-8")))]
            yield from (Public(name, where) for name in dict.fromkeys(found) if not name.startswith("_"))
    for experiment in (
        EXPERIMENTS.ours.values() if isinstance(EXPERIMENTS.ours, dict) else map(EXPERIMENTS.get, EXPERIMENTS.ours)
    ):
        yield from (Public(column.name, f"columns of {experiment.name}") for column in experiment.columns)
    yield from (Public(name, "columns of acquisitions") for name in COLUMNS if name not in STORED)
    for command in app.registered_commands:
        assert command.callback is not None
        arguments = [name for name in command.callback.__annotations__ if name != "return"]
        names = [] if command.hidden else [command.name or command.callback.__name__, *arguments]
        yield from (Public(name, "the command line") for name in names)


def fault_of(found: Public) -> str:
    """What is wrong with a name; empty if nothing is."""
    if found.name in EXCEPTIONS:
        return ""
    instead = NAMES.get(found.name) or next((RETIRED[word] for word in words_of(found.name) if word in RETIRED), "")
    return f"{found.where}: {found.name} (say: {instead})" if instead else ""


def test_no_public_name_has_a_retired_word() -> None:
    assert [fault for found in public() if (fault := fault_of(found))] == []


def test_every_exception_is_needed() -> None:
    assert set(EXCEPTIONS) - {found.name for found in public()} == set()


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_name_that_meant_several_things_means_one_at_most(name: str) -> None:
    assert len([found.where for found in public() if found.name == name and found.where.endswith(".py")]) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "class SideFile: ...",
        "def blocks_of(run): ...",
        "class Kept:\n    entries: int",
        "class Kept:\n    def __init__(self):\n        self.ledger = 1",
        "BOOK: Final = 1",
        "def still_set(lab): ...",
    ],
)
def test_a_retired_word_is_found(text: str) -> None:
    assert any(fault_of(Public(name, "labctl/x.py")) for name in names_in(ast.parse(text)))


@pytest.mark.parametrize("text", ["class Blocked: ...", "def _ledger(): ...", "class _Book:\n    parts = 1"])
def test_private_names_and_other_words_are_none(text: str) -> None:
    found = [name for name in names_in(ast.parse(text)) if not name.startswith("_")]
    assert not any(fault_of(Public(name, "labctl/x.py")) for name in found)


@pytest.mark.parametrize("page", sorted((HOME / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_no_page_says_a_retired_word_that_means_nothing_else(page: Path) -> None:
    """The glossary names them once, for those who knew them."""
    retired = {"guardian", "ledger", "outlook", "errand", "errands", "bowl", "sighting"}
    words = [] if page.stem == "glossary" else re.findall(r"[a-z]+", page.read_text(encoding="utf-8").lower())
    assert retired.intersection(words) == set()
