"""Tests, benchmarks and what both share: who may import whom."""

import ast
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

HOME = Path(__file__).resolve().parents[2]
TEST_MODULES = sorted((HOME / "tests").rglob("*.py"))
BENCHMARKS = sorted((HOME / "benchmarks").glob("*.py"))
SHARED = sorted((HOME / "tools" / "trials").glob("*.py"))
VIEWS = {"full_views", "test_axes"}
"""Still take the records of views from the tests of these views."""


def imported(file):
    """Dotted names of the modules that it imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def taken(files, *roots):
    """Imports from these top-level names."""
    return [f"{file.name}: {name}" for file in files for name in imported(file) if name.split(".")[0] in roots]


@pytest.mark.parametrize(
    ("files", "roots"),
    [
        (TEST_MODULES, ("benchmarks", "tests", "conftest")),
        (BENCHMARKS, ("tests", "support", "conftest")),
        (SHARED, ("benchmarks", "tests", "support", "conftest")),
    ],
    ids=["tests", "benchmarks", "shared"],
)
def test_none_imports_the_other(files, roots):
    assert taken(files, *roots) == []


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_is_there(file, monkeypatch):
    """No test runs a benchmark: one that took its bench from a module that had moved was not seen to be broken."""
    monkeypatch.syspath_prepend(HOME)
    here = {one.stem for one in BENCHMARKS}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            beside = node.module in here and PathFinder.find_spec(node.module, [str(file.parent)])
            assert beside or find_spec(node.module), node.module


def test_no_test_imports_a_test():
    names = {file.stem for file in TEST_MODULES if file.stem.startswith("test_")}
    assert taken([file for file in TEST_MODULES if file.stem not in VIEWS], *names) == []
