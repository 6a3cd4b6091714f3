"""A lab on the simulated bench, over its wires or without them, with the bench's truth beside it for the assertions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from labctl.bench.station import Wires, opened
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.unwired import Unwired, unwired
from physics.levels import cross_relaxation_fields_mt
from sequences.core.lab import Lab
from sequences.results import Point, Stream
from simulated_instruments.bench import Bench as Simulated
from simulated_instruments.sample import Sample, load_sample
from simulated_instruments.twin import Twin

STATION = Path(__file__).parents[2] / "station.yaml"


@dataclass(frozen=True)
class Wired:
    """The lab, and what only a test may look at."""

    lab: Lab
    twin: Twin


def sample(**truth: Any) -> Sample:
    """The default sample with some of its keys replaced: sample(pair={"separation_nm": 12.0})."""
    content = load_sample().model_dump()
    for key, value in truth.items():
        content[key] = {**content[key], **value} if isinstance(value, dict) else value
    return Sample.model_validate(content)


Bench = Wired | Unwired


@contextmanager
def wired(seed: int = 1, **truth: Any) -> Iterator[Wired]:
    """A bench from power-on to power-off."""
    with Simulated(sample(**truth), seed) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as station:
            lab = station.lab(Kept())
            lab.magnet.switch_on()
            yield Wired(lab, bench.twin)


def powered(seed: int, **truth: Any) -> Unwired:
    """A bench without wires, its magnet switched on. truth: keys of the default sample to be replaced."""
    bench = unwired(sample(**truth), seed)
    bench.lab.magnet.switch_on()
    return bench


@contextmanager
def without_wires(seed: int = 1, **truth: Any) -> Iterator[Unwired]:
    """The same as `wired`: it counts the same photons at the same laboratory time, as test_unwired shows."""
    yield powered(seed, **truth)


def kept_of(bench: Bench) -> Kept:
    """Its calibration store, to look into."""
    store = bench.lab.calibration
    assert isinstance(store, Kept)
    return store


def run(stream: Stream[Any]) -> tuple[Any, list[Point]]:
    """Result and points of a sequence."""
    points: list[Point] = []
    while True:
        try:
            event = next(stream)
        except StopIteration as stop:
            return stop.value, points
        if isinstance(event, Point):
            points.append(event)


def know_field(bench: Bench) -> None:
    """Calibrate the field from the truth, as a good `align` would."""
    truth, put = bench.twin.sample, bench.lab.calibration.put
    resonance_mt = cross_relaxation_fields_mt(nitrogen=truth.nitrogen == "14N")[0]
    wanted = resonance_mt * truth.nv_axis.unit_vector - 1e-3 * np.array(truth.residual_field_ut)
    currents = np.linalg.solve(np.array(truth.coil_matrix_mt_per_a), wanted)
    for axis, current_a in zip(("x", "y", "main"), currents, strict=True):
        put(f"field.{axis}_a", current_a, 1e-6)
    put("field.resonance_mt", resonance_mt, 1e-4)


def know_pair(bench: Bench) -> None:
    """Calibrate the places of the NVs from the truth, as a good `locate` would."""
    for side, place in zip(("left", "right"), bench.twin.sample.pair.positions_nm, strict=True):
        for axis, value in zip("xy", place, strict=True):
            bench.lab.calibration.put(f"pair.{side}_{axis}_nm", value, 0.05)


def frozen_hz(bench: Bench, shift_a: float) -> float:
    """The truth: f- of the right NV while the shift coil carries this current."""
    along_mt, across_mt = bench.twin.field_mt(0)
    added_mt = bench.twin.sample.pulsed_coils.shift_mt_per_a * shift_a
    return float(bench.twin.lines(float(along_mt[1]) + added_mt, across_mt).minus_hz[0])


def is_dark(bench: Bench) -> bool:
    """Whether beams, microwave and pulsed coils are off and all lines low."""
    knobs = bench.twin.knobs
    light = (knobs.green_w, knobs.depletion_w)
    currents = (knobs.shift_a, knobs.gradient_a, knobs.compensation_a)
    return not any(light) and not any(currents) and not knobs.carrier_on and bench.twin.levels == 0


def swapped(bench: Bench, first: str, second: str) -> Lab:
    """The lab as station.yaml would have it with these two lines swapped; the cables stay."""
    lines = bench.lab.wiring.lines
    lines = {**lines, first: lines[second], second: lines[first]}
    return replace(bench.lab, wiring=bench.lab.wiring.model_copy(update={"lines": lines}))
