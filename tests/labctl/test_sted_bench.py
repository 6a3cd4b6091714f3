"""labctl on a bench with a red doughnut, over its wires: what holds its laser suspends a run or refuses it, by name."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from labctl.bench.connect import Choice, opened_bench
from labctl.bench.station import Wires, opened
from labctl.common.refusals import BenchFault
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.data.reader import one_run
from labctl.plans.catalogue import experiment_named
from labctl.run.events import Suspended
from labctl.safety.safe_state import light_first
from labctl.unwired import ran, unwired
from sequences.locate import LocatePlan, locate
from simulated_instruments.bench import SimulatedBench
from simulated_instruments.sample import load_sample

pytestmark = pytest.mark.system

STATION = read_station(Path(__file__).parents[2] / "station.sted.yaml")
LOCATE = experiment_named("locate")
PLAN = partial(LOCATE.plan, pixel_s=0.2)


def run(tmp_path, *faults, plan=PLAN()):  # noqa: B008  it is frozen
    """A locate on a twin, what was told while it was suspended, and what is on after it."""
    file, told = tmp_path / "faults.yaml", []
    file.write_text(f"faults: [{', '.join(faults)}]\n")

    def hear(run_event):
        if isinstance(run_event.event, Suspended):
            told.append(run_event.event.why)

    data = tmp_path / "data"
    with opened_bench(Choice(True, seed=1, faults=file if faults else None), STATION, data) as bench:
        return bench.run(LOCATE, plan, (hear,)).run, told, data


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return run(tmp_path_factory.mktemp("unbroken"))[0]


def test_a_seed_counts_the_same_photons_with_wires_and_without():
    with (
        SimulatedBench(load_sample(), 5) as bench,
        opened(STATION, Wires(bench.visalib, bench.ni_target, bench.clock)) as there,
    ):
        lab = there.lab(Kept())
        lab.magnet.switch_on()
        over_wires, at_s = ran(locate(lab, LocatePlan(pixel_s=0.2))), lab.clock.now()
    without = unwired(seed=5, file=STATION)
    without.lab.magnet.switch_on()
    assert ran(locate(without.lab, LocatePlan(pixel_s=0.2))) == over_wires
    assert without.lab.clock.now() == at_s


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{kind: interlock, instrument: vfl, matching: 'power 0', call: 9, for_s: 300}", "its interlock is open"),
        ("{kind: key, instrument: vfl, matching: 'power 0', call: 9, for_s: 300}", "its key is locked"),
        (
            "{kind: drop_out, instrument: vfl, matching: 'power 0', call: 9}, "
            "{kind: key, instrument: vfl, matching: 'getlaserstate', call: 40, for_s: 20}",
            "it has a fault",
        ),
    ],
)
def test_a_laser_that_is_held_suspends_the_run_which_goes_on(tmp_path, unbroken, text, told):
    ended, heard, data = run(tmp_path, text)
    assert (ended.status, ended.message) == ("completed", "")
    assert any(f"depletion_beam: vfl: {told}" in why for why in heard)
    assert told in one_run(data, 1).outcome["message"]
    moved = np.array(ended.result["pair_nm"]) - unbroken.result["pair_nm"]
    assert np.all(np.abs(moved) < 4.0 * np.hypot(ended.result["pair_nm_err"], unbroken.result["pair_nm_err"]))


def test_a_laser_whose_power_was_cut_cannot_be_confirmed_dark_and_is_named(tmp_path):
    with pytest.raises(
        BenchFault, match=r"NOT SAFE: it is not confirmed that the doughnut beam is off: .*vfl at ASRL6"
    ):
        run(tmp_path, "{kind: unplugged, instrument: vfl, matching: 'setldenable 1', call: 1}")


def test_the_station_asks_its_laser_before_anything_else_shines():
    """Whoever makes a bench safe opens first what lets light out."""
    assert "vfl" in light_first(STATION.built_on)
