"""What experiments say of themselves is so: what they need, what they store, and how one that is wrong is refused."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import sequences
from labctl.unwired import unwired
from sequences.core.discovery import EXPERIMENTS, Experiments
from sequences.core.experiment import Experiment
from sequences.core.lab import Calibrated
from sequences.pulses.grid import on_grid
from sequences.results import Column, SequenceError
from sequences.routines.bench import measure as measuring
from sequences.routines.bench.calibrated_bench import calibrated

FOLDER = Path(sequences.__file__).parent
STORED = {
    "field": "align", "magnet": "align", "odmr": "align", "cr": "relaxometry", "bath": "cool", "microwave": "rabi",
    "shift": "rabi", "pair": "locate", "beams": "calibrate", "gradient": "calibrate", "gates": "calibrate",
    "calibrated": "calibrate", "wander": "calibrate", "delays": "delays",
}  # fmt: skip
NEEDY = [name for name in EXPERIMENTS.ours if EXPERIMENTS[name].needs]


class Asked:
    """A calibration that knows only what it was told, by the first part of the key, and nothing sensible."""

    def __init__(self):
        self.told = set()

    def get(self, key):
        return Calibrated(1.0, 0.1, "", 0.0) if key.split(".")[0] in self.told else None


def test_what_is_missing_is_measured_by_the_experiment_that_stores_it():
    assert {key: EXPERIMENTS.measuring(f"{key}.x").name for key in STORED} == STORED
    assert {key: one.name for one in EXPERIMENTS.values() for key in one.calibrates if key in STORED} == STORED


def test_a_calibration_that_nothing_stores_is_said_to_be_so():
    bench = unwired()
    lab = bench.lab.within(replace(bench.lab.run, calibration=Asked()))
    with pytest.raises(SequenceError, match="None of the experiments says that it measures it"):
        calibrated(lab, "weather.rain")


@pytest.mark.parametrize("name", NEEDY)
def test_what_it_asks_for_before_it_measures_is_what_it_says_that_it_needs(name, monkeypatch):
    """Each calibration is given when it was found missing, until something else goes wrong; nothing is played."""
    monkeypatch.setattr(measuring, "measure", lambda *_, **__: 1 / 0)
    bench, asked, missed = unwired(), Asked(), []
    lab = bench.lab.within(replace(bench.lab.run, calibration=asked))
    plan = on_grid(EXPERIMENTS[name].plan(), lab.wiring.tick_ns)
    while True:
        try:
            next(EXPERIMENTS[name].function(lab, plan))
        except SequenceError as error:
            if "missing" not in error.seen:
                break
            missed.append(error.seen["missing"].split(".")[0])
            asked.told.add(missed[-1])
        except Exception:
            break
    assert missed
    assert set(missed) <= set(EXPERIMENTS[name].needs)


@pytest.mark.parametrize("name", NEEDY)
def test_what_it_needs_another_one_stores(name):
    assert all(EXPERIMENTS.measuring(key) for key in EXPERIMENTS[name].needs)


@dataclass(frozen=True)
class Plan:
    """Nothing to choose."""


@dataclass
class Loose:
    """A plan that can be changed."""


def nothing(_lab, _plan):
    yield from ()


SOUND = Experiment("of_mine", "nothing", Plan, nothing)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Of mine"}, "its name is 'Of mine': take small letters"),
        ({"plan": Loose}, "its plan Loose can be changed"),
        ({"plan": dict}, "which is no dataclass"),
        ({"function": lambda _lab, _plan: None}, "yields nothing"),
        ({"columns": (Column("x", "x", ""), Column("x", "x", ""))}, "two columns of the name x"),
        ({"columns": (Column("y", "y", "", ("x",)),)}, "the setpoint x, which is no column"),
        ({"figure": "my figure"}, "write 'package.module:function'"),
    ],
)
def test_one_that_contradicts_itself_cannot_be_made(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(SOUND, **wrong)


@pytest.mark.parametrize("field", ["description", "calibrates"])
def test_what_is_read_off_a_module_is_what_it_says_once_loaded(field):
    fresh = Experiments()
    assert {name: fresh._said(name, field) for name in fresh.ours} == {
        name: getattr(EXPERIMENTS[name], field) for name in EXPERIMENTS.ours
    }


def test_an_experiment_that_is_only_put_into_the_package_is_found(tmp_path):
    for name in ("odmr", "results"):
        (tmp_path / f"{name}.py").write_text((FOLDER / f"{name}.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "a_new_one.py").write_text("EXPERIMENT = Experiment(description='new')\n", encoding="utf-8")
    found = Experiments(tmp_path)
    assert found.ours == ("odmr", "a_new_one")
    assert found._said("a_new_one", "description") == "new"
