"""align on benches that cannot be aligned: what was seen and what to try; nothing calibrated, the bench safe.

Without wires, but for those that `refused_by_the_program` runs: exit code 1, points kept, and how a shell shows it.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from support.made_up import STATION

from labctl.config.station_file import read_station
from labctl.data.reader import points
from labctl.plans import catalogue
from labctl.safety.safe_state import make_safe
from labctl.unwired import unwired
from physics.levels import cross_relaxation_fields_mt
from sequences.results import Point, SequenceError, Stream
from simulated_instruments.bench import Bench
from simulated_instruments.sample import Sample, load_sample
from simulated_instruments.setpoints import Knobs

VALUE = r"(-?[\d.]+)\(±([\d.]+)\)"
LOOK_A = 0.05
"""Of the main coil, in the wide look."""
SIGMAS = 4.0


@pytest.fixture
def toys():
    """None: only the real experiments."""


@dataclass(frozen=True)
class Refused:
    """What is left of a run that failed."""

    message: str
    columns: dict[str, np.ndarray]
    """Every column of its points, without the gaps."""
    truth: Sample

    def numbers(self, pattern: str) -> list[float]:
        """What stands in the message where VALUE stands in the pattern: value, error, value, error..."""
        found = re.search(pattern.replace("VALUE", VALUE), self.message)
        assert found, self.message
        return [float(group) for group in found.groups()]


@pytest.fixture
def knobs_left(monkeypatch):
    """Knobs and levels of each twin when it is switched off."""
    left: list[tuple[Knobs, int]] = []
    leave = Bench.__exit__

    def leaving(self, *why):
        left.append((self.twin.knobs, self.twin.levels))
        leave(self, *why)

    monkeypatch.setattr(Bench, "__exit__", leaving)
    return left


@pytest.fixture
def refused_by_the_program(labctl, tmp_path, knobs_left):
    """Run on a bench with this truth and a station with these words replaced; checks what every refusal must leave."""

    def call(sequence: str = "align", replaced: tuple[tuple[str, str], ...] = (), **truth) -> Refused:
        sample, station = written(tmp_path, replaced, truth)
        options = ["--simulated", "--sample", str(sample), "--station", str(station), "--seed", "4", "--json"]
        answer = labctl("run", sequence, *options)
        assert (answer.code, answer.json["status"], answer.json["result"]) == (1, "failed", None)
        (knobs, levels) = knobs_left[-1]
        assert levels == 0
        assert is_safe(knobs)
        shown = labctl("show", "1").out
        assert "run 1: " in shown
        assert f"why: {answer.json['message']}\n" in shown
        assert f"{sequence} failed: {answer.json['message']} (run 1 in " in answer.err
        assert "traceback" not in answer.json["message"]
        assert not list((tmp_path / "data" / "calibration").glob("*.json"))
        kept = points(tmp_path / "data", 1).values
        columns = {name: values[np.isfinite(values)] for name, values in kept.items()}
        return Refused(answer.json["message"], columns, load_sample(sample))

    return call


@pytest.fixture
def refused(tmp_path):
    """Run on a bench with this truth and a station with these words replaced; checks what every refusal must leave."""

    def call(sequence: str = "align", replaced: tuple[tuple[str, str], ...] = (), **truth) -> Refused:
        sample, station = written(tmp_path, replaced, truth)
        bench = unwired(load_sample(sample), 4, read_station(station))
        bench.lab.magnet.switch_on()
        entry, columns = catalogue.ENTRIES[sequence], defaultdict(list)
        stream = entry.function(bench.lab, entry.plan())
        with pytest.raises(SequenceError) as why:
            kept_in(columns, stream)
        assert [step.fault for step in make_safe(bench.lab, ramp_magnet=True) if step.fault] == []
        assert bench.twin.levels == 0
        assert is_safe(bench.twin.knobs)
        assert bench.kept.values == {}
        return Refused(str(why.value), {name: np.array(values) for name, values in columns.items()}, bench.twin.sample)

    return call


def kept_in(columns: dict[str, list[float]], stream: Stream[Any]) -> None:
    """The points of a run, column by column."""
    for event in stream:
        for name, value in event.values.items() if isinstance(event, Point) else ():
            columns[name].append(value)


def written(folder: Path, replaced: tuple[tuple[str, str], ...], truth: dict[str, Any]) -> tuple[Path, Path]:
    """Sample and station as files."""
    sample, station = folder / "sample.yaml", folder / "station.yaml"
    with sample.open("w", encoding="utf-8") as stream:
        YAML().dump(truth, stream)
    content = STATION.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in content
        content = content.replace(old, new)
    station.write_text(content, encoding="utf-8")
    return sample, station


def is_safe(knobs: Knobs) -> bool:
    """No light, no microwave, no current, as the twin has it."""
    currents = (knobs.shift_a, knobs.gradient_a, knobs.compensation_a, knobs.main_a, knobs.trim_x_a, knobs.trim_y_a)
    return not any((knobs.green_w, knobs.depletion_w, knobs.carrier_on, *currents))


def agrees(value: float, error: float, truth: float) -> bool:
    """Within the error that the message gives, rounded up by half of its last digit."""
    return abs(value - truth) < SIGMAS * (error + 0.05)


def field_mt(truth: Sample, main_a: float) -> tuple[float, float]:
    """The truth: magnitude in mT and angle to the NV axis in degrees, with current in the main coil alone."""
    vector = np.array(truth.coil_matrix_mt_per_a)[:, 2] * main_a + 1e-3 * np.array(truth.residual_field_ut)
    size = float(np.linalg.norm(vector))
    return size, float(np.degrees(np.arccos(abs(vector @ truth.nv_axis.unit_vector) / size)))


def currents_a(truth: Sample) -> np.ndarray:
    """The truth: what each coil needs for the lower resonance."""
    wanted = cross_relaxation_fields_mt()[0] * truth.nv_axis.unit_vector - 1e-3 * np.array(truth.residual_field_ut)
    return np.linalg.solve(np.array(truth.coil_matrix_mt_per_a), wanted)


def test_no_photons(refused_by_the_program):
    found = refused_by_the_program(optics={"saturated_cps": 0.0, "background_cps": 0.0})
    light, light_err, dark, dark_err = found.numbers(r"VALUE counts/s with green light, VALUE in the dark")
    assert agrees(light, light_err, found.truth.optics.dark_cps)
    assert agrees(dark, dark_err, found.truth.optics.dark_cps)
    assert "The laser reports 100.0 of 100.0 mW" in found.message
    assert "check beam path and shutters" in found.message
    assert list(found.columns["lit"]) == [1.0, 0.0]


def test_a_detector_that_counts_nothing_at_all(refused):
    found = refused(optics={"saturated_cps": 0.0, "background_cps": 0.0, "dark_cps": 0.0})
    assert "The detector counts nothing even in the dark" in found.message


def test_light_but_no_nv(refused):
    found = refused(optics={"saturated_cps": 0.0})
    assert "So few are background" in found.message
    assert "run locate" in found.message
    assert list(found.columns["lit"]) == [1.0, 0.0]
    assert len(found.columns["frequency_hz"]) > 100


@pytest.mark.parametrize("sequence", ["align", "odmr"])
def test_no_odmr_dip(refused, sequence):
    found = refused(sequence, microwave={"rabi_mhz_at_0dbm": 1e-6})
    assert "No ODMR dip for f-" in found.message
    assert "check the microwave's amplifier, cable and antenna, the line mw_x" in found.message
    (least,) = found.numbers(r"where ([\d.]+) % would have been seen")
    assert 0.5 < least < 4.0
    assert np.min(found.columns["frequency_hz"]) < 2600e6
    assert np.max(found.columns["frequency_hz"]) > 3140e6


@pytest.mark.parametrize(
    ("tilt_deg", "optics"),
    [(70.5, {}), (73.0, {"contrast": 0.1, "saturated_cps": 75e3, "background_cps": 1500.0})],
    ids=["usual", "faint"],
)
def test_an_nv_of_another_orientation(refused, tilt_deg, optics):
    found = refused(nv_axis={"tilt_deg": tilt_deg, "azimuth_deg": 33.0}, optics=optics)
    size, angle = field_mt(found.truth, LOOK_A)
    numbers = found.numbers(r"VALUE mT at VALUE degrees to the NV axis; without current less than 0.2 mT")
    assert agrees(*numbers[:2], size)
    assert agrees(*numbers[2:], angle)
    axis = found.numbers(r"an NV of another orientation: its axis stands VALUE degrees from the main coil's field")
    assert agrees(*axis, tilt_deg)
    assert axis[1] < 1.0
    assert "Take another NV" in found.message


def test_an_nv_that_no_trim_reaches(refused):
    found = refused(nv_axis={"tilt_deg": 25.0, "azimuth_deg": 200.0})
    axis = found.numbers(r"The NV axis stands VALUE degrees from the main coil's field, more than the trims")
    assert agrees(*axis, 25.0)
    assert "Turn the diamond or the magnet" in found.message


@pytest.mark.parametrize("residual_ut", [[0.0, 0.0, 4000.0], [4000.0, 0.0, 0.0], [900.0, 0.0, -4000.0]])
def test_a_line_moved_by_a_residual_field(refused, residual_ut):
    found = refused(residual_field_ut=residual_ut)
    size, _ = field_mt(found.truth, 0.0)
    left, left_err = found.numbers(r"without current VALUE mT")
    assert agrees(left, left_err, size)
    assert f"This is a residual field of {left:.2f} mT" in found.message
    assert "Remove magnets" in found.message


def test_a_line_outside_the_scanned_range(refused):
    found = refused(coil_matrix_mt_per_a=[[40.3, 0.5, 0.4], [-0.4, 39.7, -0.7], [0.2, 0.3, 66.0]])
    (made, share) = found.numbers(r"The main coil makes ([\d.]+) mT/A, (\d+) % of guesses.coil_matrix_mt_per_a \(110\)")
    assert made == pytest.approx(66.0, abs=2.0)
    assert share == pytest.approx(60.0, abs=2.0)
    assert "Correct guesses.coil_matrix_mt_per_a" in found.message


def test_a_coil_that_makes_no_field(refused):
    found = refused(coil_matrix_mt_per_a=[[40.3, 0.5, 0.0], [-0.4, 39.7, 0.0], [0.2, 0.3, 0.0]])
    assert "The main coil moves nothing: no field reaches the NV" in found.message


def test_the_limit_of_a_trim(refused):
    found = refused(nv_axis={"tilt_deg": 6.0, "azimuth_deg": 90.0})
    needs = found.numbers(r"102.48 mT along the NV axis need VALUE A in the trim y coil, whose limit is 0.2 A")
    truth_a = currents_a(found.truth)[1]
    assert abs(needs[0] - truth_a) < SIGMAS * needs[1]
    (made, may) = found.numbers(r"station.yaml\): ([\d.]+) mT, of which it may make ([\d.]+) mT")
    assert (made, may) == pytest.approx((39.7 * truth_a, 39.7 * 0.2), rel=0.1)
    assert np.max(found.columns["along_mt"]) < 15.0


@pytest.mark.parametrize(
    ("replaced", "coil", "whose"),
    [
        ((("main_a: 0.98", "main_a: 0.5"),), 110.6, r"0\.5 A \(limits\.main_a of station\.yaml\)"),
        (
            (("main_a: 0.98", "main_a: 1.5"), ("0.0, 0.0, 110.0]]", "0.0, 0.0, 92.0]]")),
            92.0,
            r"1 A \(all that its supply gives\)",
        ),
    ],
    ids=["limit of the station", "range of the supply"],
)
def test_a_field_beyond_the_supply_is_refused_at_low_field(refused, replaced, coil, whose):
    found = refused(replaced=replaced, coil_matrix_mt_per_a=[[40.3, 0.5, 0.4], [-0.4, 39.7, -0.7], [0.2, 0.3, coil]])
    needs = found.numbers(rf"need VALUE A in the main coil, whose limit is {whose}")
    assert abs(needs[0] - currents_a(found.truth)[2]) < SIGMAS * needs[1]
    assert "Bring the coil closer" in found.message
    assert np.max(found.columns["along_mt"]) < 15.0


def test_a_current_beyond_the_limit_is_not_set(refused_by_the_program):
    found = refused_by_the_program(replaced=(("main_a: 0.98", "main_a: 0.03"),))
    assert "The field needs 0.0500 A in the main coil, whose limit is 0.03 A" in found.message
    assert "5.50 mT, of which it may make 3.30 mT" in found.message


def test_no_relaxation_dip(refused):
    found = refused(c13_percent=1e-4)
    rate, error = (float(v) for v in re.search(r"the best is ([\d.e+-]+)\(±([\d.e+-]+)\) /s", found.message).groups())
    assert rate < 5.0 * error < 5e4
    assert "2.5e+05 /s are expected of 1.1 % 13C" in found.message
    (inversion, inversion_err) = found.numbers(r"read-outs of \|0> and \|1> differ by VALUE %: the pi pulse works")
    assert 5.0 < inversion < 15.0
    assert inversion_err < 0.2
    assert np.max(found.columns["offset_ut"]) == pytest.approx(60.9, abs=1.0)
