"""Experiments of other packages: found by entry point, refused by name with the reason, never in the way of others."""

import sys

import pytest

from labctl.common.refusals import Refusal
from labctl.plans.catalogue import ENTRIES, OURS, entry

SOUND = """
from dataclasses import dataclass
from sequences.core.experiment import Experiment
from sequences.results import Column, Point

COLUMNS = (Column("volt_v", "voltage", "V"), Column("light_cps", "light", "1/s", ("volt_v",)))

@dataclass(frozen=True)
class Plan:
    steps: int = 4
    "How many."

def scan(lab, plan):
    for k in range(plan.steps):
        lab.clock.sleep(1.0)
        yield Point({"volt_v": float(k), "light_cps": 10.0 * k})
    return plan

def experiment(name):
    return Experiment(name=name, description=f"the {name} of somebody", plan=Plan, function=scan, columns=COLUMNS)

SCAN, ODMR, OTHER = experiment("own_scan"), experiment("odmr"), experiment("another_name")
NUMBER = 7
"""


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Install packages: name -> (module, its text, entry points)."""

    def install(**packages):
        for name, (module, text, points) in packages.items():
            (info := tmp_path / "site" / f"{name}-1.0.dist-info").mkdir(parents=True)
            (tmp_path / "site" / f"{module}.py").write_text(text, encoding="utf-8")
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
            lines = [f"{key} = {module}:{value}" for key, value in points.items()]
            (info / "entry_points.txt").write_text("\n".join(["[labctl.experiments]", *lines]), encoding="utf-8")
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
        ENTRIES.look_again()

    yield install
    monkeypatch.undo()
    for module in ("somebodys", "broken"):
        sys.modules.pop(module, None)
    ENTRIES.look_again()


def test_one_that_is_sound_stands_behind_ours(packages):
    packages(theirs=("somebodys", SOUND, {"own_scan": "SCAN"}))
    assert list(ENTRIES) == [*OURS, "own_scan"]
    assert entry("own_scan").description == "the own_scan of somebody"


def test_a_package_that_is_broken_is_said_to_be_so_and_the_rest_works(packages, labctl):
    packages(
        theirs=("somebodys", SOUND, {"own_scan": "SCAN"}),
        broken=("broken", "import no_such_module\n", {"lost": "EXPERIMENT"}),
    )
    why = r"'lost' of the package broken \(broken:EXPERIMENT\) is left out: ModuleNotFoundError: .*no_such_module"
    with pytest.raises(Refusal, match=why):
        entry("lost")
    listed = labctl("run", "--list")
    assert listed.code == 0
    assert "own_scan     the own_scan of somebody" in listed.out
    assert "lost" not in listed.out
    assert "labctl: The experiment 'lost' of the package broken" in listed.err
    assert "no_such_module" in labctl("run", "lost").err


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("odmr", "ODMR", "labctl has an experiment of this name. Give it another one"),
        ("own_scan", "OTHER", "it calls itself 'another_name'"),
        ("own_scan", "NUMBER", "it is of the type int, not an Experiment"),
        ("own_scan", "NOTHING", "AttributeError"),
    ],
)
def test_what_is_wrong_with_one_is_said_and_ours_stay(packages, name, place, words):
    ours = entry("odmr")
    packages(theirs=("somebodys", SOUND, {name: place}))
    assert words in ENTRIES.refused[name]
    assert list(ENTRIES) == list(OURS)
    assert entry("odmr") is ours


def test_of_two_packages_with_one_name_the_second_is_left_out(packages):
    packages(
        theirs=("somebodys", SOUND, {"own_scan": "SCAN"}),
        broken=("broken", SOUND, {"own_scan": "SCAN"}),
    )
    assert "another package has an experiment of this name" in ENTRIES.refused["own_scan"]
    assert entry("own_scan").name == "own_scan"


def test_it_runs_and_leaves_a_figure_and_is_drawn_when_it_is_gone(packages, labctl, tmp_path):
    packages(theirs=("somebodys", SOUND, {"own_scan": "SCAN"}))
    answer = labctl("run", "own_scan", "--simulated", "--json").json
    assert answer["status"] == "completed"
    assert answer["figure"].endswith("run-00001-own_scan.png")
    assert labctl("run", "own_scan", "--dry-run").code == 0
    ENTRIES.pop("own_scan")
    assert labctl("runs").code == 0
    to = tmp_path / "again.png"
    assert labctl("show", "1", "--figure", str(to)).code == 0
    assert to.stat().st_size > 5000
    refused = labctl("resume", "1", "--simulated")
    assert refused.code == 2
