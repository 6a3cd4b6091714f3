"""An experiment is told in one place: nothing beside its module and the catalogue has its name in a table."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from labctl.gui.docks import pictures
from sequences.core.discovery import EXPERIMENTS

HOME = Path(__file__).resolve().parents[2]
ROOMS = ("labctl", "instruments", "physics", "simulated_instruments", "tools")
STATION = "wiring is a section of station.yaml here"
EXCEPTIONS = {
    "labctl/config/schema.py": STATION,
    "labctl/config/station_file.py": STATION,
    "labctl/config/pulse_lines.py": STATION,
    "labctl/plans/catalogue.py": "it says which plan lies ready in the window",
    "labctl/gui/views/engine.py": "a picture made for one experiment asks for its runs",
    "labctl/gui/views/tomography.py": "a picture made for one experiment asks for its runs",
    "labctl/gui/views/alignment.py": "a picture made for one experiment asks for its runs",
    "labctl/gui/views/cooling.py": "a picture made for two experiments asks for the runs of each",
    "tools/environment.py": "`make run` runs the whole experiment, `make soak` sweeps faults over it",
    "tools/window_pictures.py": "it takes the pictures of the documents in the course of one engine run",
}
"""Module -> why the name of an experiment stands there."""


def names_in(tree):
    """Names of experiments that are texts by themselves: keys, elements, what is compared, what is passed."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return {node.value for node in texts if isinstance(node.value, str) and node.value in EXPERIMENTS.ours}


def modules():
    """Of the packages and of the tools, but for those that only tests and benchmarks of one experiment use."""
    for room in ROOMS:
        yield from sorted(file for file in (HOME / room).rglob("*.py") if file.parent.name != "trials")


def found():
    named = {}
    for file in modules():
        if names := names_in(ast.parse(file.read_text(encoding="utf-8"))):
            named[file.relative_to(HOME).as_posix()] = names
    return named


def test_no_other_module_names_an_experiment_but_for_a_reason():
    assert {module: names for module, names in found().items() if module not in EXCEPTIONS} == {}


def test_every_exception_is_needed():
    assert set(EXCEPTIONS) <= set(found())


@pytest.mark.parametrize("text", ['MAIN = {"odmr": 1}', 'VIEWS = ("align", "rabi")', 'x = name == "engine"'])
def test_a_table_would_be_seen(text):
    assert names_in(ast.parse(text))


def test_a_docstring_may_name_what_it_likes():
    assert not names_in(ast.parse('"""odmr"""\nx: int = 1\n"""engine"""'))


def imported(file):
    """Modules of sequences that a module imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module="sequences", names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=str(module)) if module.startswith("sequences."):
                yield module.split(".")[1]
            case ast.Import(names=names):
                yield from (one.name.split(".")[1] for one in names if one.name.startswith("sequences."))


@pytest.mark.parametrize("name", EXPERIMENTS.ours)
def test_an_experiment_knows_no_other_one_unless_it_is_made_of_them(name):
    others = set(imported(HOME / "sequences" / f"{name}.py")) & set(EXPERIMENTS.ours) - {name}
    assert not others or EXPERIMENTS[name].made_of is not None


def test_what_several_experiments_share_knows_none_of_them():
    for file in (HOME / "sequences").rglob("*.py"):
        if file.stem not in EXPERIMENTS.ours or file.parent.name != "sequences":
            assert not set(imported(file)) & set(EXPERIMENTS.ours), file


def test_every_module_of_sequences_is_in_a_layer_or_an_experiment():
    contracts = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (contract,) = (one for one in contracts if one.get("containers") == ["sequences"])
    layered = {module.strip() for layer in contract["layers"] for module in layer.split("|")}
    modules = {file.stem for file in (HOME / "sequences").glob("*.py")} - {"__init__"}
    modules |= {file.parent.name for file in (HOME / "sequences").glob("*/__init__.py")}
    assert modules == layered | set(EXPERIMENTS.ours)
    assert not layered & set(EXPERIMENTS.ours)


def test_every_dock_has_its_row_in_the_document_of_the_window():
    rows = re.findall(r"^\| \*\*(\w+)\*\* \|", (HOME / "docs" / "window.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {view.title for view in pictures()} <= set(rows)
    assert {title for one in EXPERIMENTS.values() for title in one.docks} <= set(rows)
