"""The lab without wires counts what the wired one counts, at the same laboratory time, and tells the same of itself."""

from functools import partial

import pytest
from support.known_bench import know_aligned, know_all

from instruments.common.errors import ChangedError
from labctl.config.station_file import StationFile, read_station
from labctl.safety.safe_state import make_safe
from labctl.unwired import STATION, ran, unwired, unwired_lab
from sequences.align import AlignPlan, align
from sequences.calibrate import CalibratePlan, calibrate
from sequences.cool import CoolPlan, cool
from sequences.delays import DelaysPlan, delays
from sequences.locate import LocatePlan, locate
from sequences.odmr import OdmrPlan, odmr
from sequences.rabi import RabiPlan, rabi
from sequences.relaxometry import RelaxometryPlan, relaxometry
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.bench.verify import as_it_is, still_set
from sequences.tomography import TomographyPlan, tomography
from sequences.wiring import WiringPlan, wiring
from simulated_instruments.safe import still_on
from tools.trials.known import know_magnet
from tools.trials.wired import know_field, know_pair, wired

pytestmark = pytest.mark.system

SEED = 81


def powered(bench):
    bench.lab.magnet.switch_on()


def aligned(bench):
    powered(bench)
    know_field(bench)
    know_pair(bench)


def pulsed(bench):
    powered(bench)
    know_aligned(bench)
    know_magnet(bench)


def calibrated(bench):
    powered(bench)
    know_all(bench)


def seen(bench, prepare, sequence):
    """All that a run brings to light, and where it leaves the bench."""
    prepare(bench)
    lab, twin, run = bench.lab, bench.twin, ran(sequence(bench.lab))
    kept = {key: (known.value, known.error) for key, known in lab.calibration.values.items()}
    return run, lab.clock.now(), twin.knobs, twin.levels, lab.run.looks.count, kept


@pytest.mark.parametrize(
    ("prepare", "sequence"),
    [
        pytest.param(powered, partial(wiring, plan=WiringPlan()), id="wiring"),
        pytest.param(powered, partial(odmr, plan=OdmrPlan()), id="odmr"),
        pytest.param(powered, partial(locate, plan=LocatePlan()), id="locate"),
        pytest.param(aligned, partial(rabi, plan=RabiPlan()), id="rabi"),
        pytest.param(powered, partial(align, plan=AlignPlan()), id="align"),
        pytest.param(pulsed, partial(delays, plan=DelaysPlan(point_s=0.5)), id="delays"),
        pytest.param(pulsed, partial(relaxometry, plan=RelaxometryPlan()), id="relaxometry"),
        pytest.param(pulsed, partial(calibrate, plan=CalibratePlan(hours=0.1)), id="calibrate"),
        pytest.param(calibrated, partial(cool, plan=CoolPlan(hours=0.1)), id="cool"),
        pytest.param(calibrated, partial(tomography, plan=TomographyPlan(hours=0.1)), id="tomography"),
        pytest.param(calibrated, partial(tomography, plan=TomographyPlan(hours=0.1, hold=True)), id="held"),
    ],
)
def test_a_seed_counts_the_same_photons_with_wires_and_without(prepare, sequence):
    with wired(SEED) as bench:
        over_wires = seen(bench, prepare, sequence)
    without = seen(unwired(seed=SEED), prepare, sequence)
    assert without == over_wires
    assert without[0].points


HAPPENINGS = {
    "main_supply": lambda lab: lab.magnet.sources[2].parent.box.dialect.trip(),
    "trim_x": lambda lab: lab.magnet.sources[0].box.tell(":OUTP 0"),
    "pulsed_supply": lambda lab: lab.gradient_coil.box.tell("*RST"),
    "microwave": lambda lab: lab.microwave.box.dialect.drop_rf(),
    "green_laser": lambda lab: lab.green_laser.box.dialect.open_interlock(),
    "aom": lambda lab: lab.aom.box.tell("M"),
    "sprout": lambda lab: lab.depletion_beam.box.dialect.open_interlock(),
}


@pytest.mark.parametrize("name", HAPPENINGS)
def test_what_is_no_longer_as_it_was_set_says_so(name):
    bench = unwired(seed=SEED)
    calibrated(bench)
    calibrated_bench.set_field(bench.lab)
    calibrated_bench.ready(bench.lab)
    still_set(bench.lab)
    HAPPENINGS[name](bench.lab)
    with pytest.raises(ChangedError) as raised:
        still_set(bench.lab)
    assert raised.value.instrument == name
    as_it_is(bench.lab)
    still_set(bench.lab)


def test_the_safe_state_of_the_application_leaves_nothing_on():
    bench = unwired(seed=SEED)
    calibrated(bench)
    calibrated_bench.set_field(bench.lab)
    calibrated_bench.ready(bench.lab)
    controls.carrier(bench.lab, 2.87e9, 0.0)
    bench.lab.pulse_generator.hold(1)
    assert len(still_on(bench.twin.knobs, bench.twin.levels)) >= 8
    assert [step.fault for step in make_safe(bench.lab, ramp_magnet=True) if step.fault] == []
    assert still_on(bench.twin.knobs, bench.twin.levels) == []


def test_an_address_where_nothing_answers_is_named():
    file = read_station(STATION)
    entry = file.instruments["aom"].model_copy(update={"address": "ASRL9::INSTR"})
    model = file.model.model_copy(update={"instruments": file.instruments | {"aom": entry}})
    elsewhere = StationFile(file.path, model, file.text)
    with pytest.raises(LookupError, match="aom: the simulated bench has no ASRL9::INSTR"):
        unwired_lab(unwired().twin, elsewhere)
