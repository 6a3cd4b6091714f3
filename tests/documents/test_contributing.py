"""CONTRIBUTING.md keeps its word: its worked change runs, and its counts of files are those of the examples."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from sequences.core.experiment import Experiment

pytestmark = pytest.mark.twin

HOME = Path(__file__).resolve().parents[2]
PAGE = (HOME / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """The tree with the files of the page: what they define, by their paths."""
    made = {}
    for path, text in FILES.items():
        (file := tmp_path / Path(path).name).write_text(text, encoding="utf-8")
        name = "sequences." * path.startswith("sequences/") + file.stem
        spec = importlib.util.spec_from_file_location(name, file)
        made[path] = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, made[path])
        spec.loader.exec_module(made[path])
    return made


def test_the_worked_change_is_an_experiment_and_its_own_tests_pass(changed):
    assert list(FILES) == ["sequences/saturation.py", "tests/sequences/test_saturation.py"]
    experiment = changed["sequences/saturation.py"].EXPERIMENT
    assert isinstance(experiment, Experiment)
    tests = [one for name, one in vars(changed["tests/sequences/test_saturation.py"]).items() if name[:5] == "test_"]
    assert len(tests) == 2
    for test in tests:
        test()


@pytest.mark.parametrize("example", ["ramsey", "keithley_trim", "toy_pulse_source"])
def test_the_page_names_every_file_of_an_example(example):
    files = {path.name for path in (HOME / "examples" / example).iterdir() if path.is_file()}
    if example == "ramsey":  # by the names of a package of the reader's own
        assert len(files) == 3
        assert "**Three files**, in labctl or in a package of your own" in PAGE
    else:
        (said,) = re.findall(rf"\(examples/{example}\)(.*)", PAGE)
        assert set(re.findall(r"`(\w+\.\w+)`", said)) == files


def test_every_place_that_the_page_names_is_there():
    rooms = "labctl|sequences|instruments|physics|simulated_instruments|tests|examples"
    places = re.findall(rf"`((?:{rooms})/[\w/.]+)`", PAGE)
    assert len(places) > 10
    new = {*FILES, "sequences/NAME.py", "tests/sequences/test_NAME.py"}
    assert {place for place in places if place not in new and not (HOME / place).exists()} == set()
