"""Light that moves between shots: counts over their reference on the twin, and the modes of the calibration."""

import numpy as np
import pytest
from support.known_bench import know_aligned
from support.known_pair import GATES, calibration

from sequences.analysis.pair.calibration import NAMES, SCALES
from sequences.analysis.pair.calibration_fit import MODES, modes
from sequences.pulses.library import Reading
from sequences.pulses.program import Program
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.pair.shots import Shot, count
from tools.trials.wired import powered

TRUE = calibration()
READING = Reading(24_000, 2_500, 1_800, 100)
PUMPED = Program("pumped", GATES.tick_ns).then(GATES.tick_ns, "shift")
FLIPPED = GATES.turn("x", 2)
OPTICAL = [k for k, (_, names, _) in enumerate(MODES) if names[0].startswith(("pump", "doughnut"))]


@pytest.fixture(scope="module")
def lab():
    bench = powered(5)
    know_aligned(bench)
    calibrated_bench.set_field(bench.lab)
    calibrated_bench.set_pulses(bench.lab)
    controls.pump(bench.lab, 0.15)
    calibrated_bench.set_doughnut(bench.lab, 1000.0)
    return bench.lab


def seen(lab, program, beam):
    """Counts over their reference."""
    counted = count(lab, READING, Shot(program, beam, 3600.0))
    return counted.counts / counted.reference


@pytest.mark.parametrize("beam", ["pump", "depletion"])
def test_where_light_moves_the_pumped_pair_keeps_its_counts_over_their_reference(lab, beam):
    """The null goes 3 nm towards the right NV, the Gaussian beam has a tenth more power; the flipped pair tells."""
    x, y = (calibrated_bench.calibrated(lab, f"pair.left_{axis}_nm") for axis in "xy")
    towards = np.array([calibrated_bench.calibrated(lab, f"pair.right_{axis}_nm") for axis in "xy"]) - (x, y)
    near = towards / np.linalg.norm(towards)
    before = [seen(lab, program, beam) for program in (PUMPED, FLIPPED)]
    controls.steer(lab, *(np.array([x, y]) + 3.0 * near))
    controls.pump(lab, 0.165)
    after = [seen(lab, program, beam) for program in (PUMPED, FLIPPED)]
    controls.steer(lab, x, y)
    controls.pump(lab, 0.15)
    pumped, flipped = (b / a - 1.0 for a, b in zip(before, after, strict=True))
    assert abs(flipped) > 3e-3
    assert abs(pumped) < 0.05 * abs(flipped)


@pytest.mark.parametrize("k", OPTICAL, ids=[MODES[k][0] for k in OPTICAL])
def test_a_mode_of_light_moves_what_is_flipped_and_not_what_is_pumped(k):
    beam = "pump" if MODES[k][1][0].startswith("pump") else "depletion"
    moved = TRUE.with_values(**dict(zip(NAMES, np.array(TRUE.values) + modes(TRUE)[k] * SCALES, strict=True)))
    asked = [(PUMPED, beam), (FLIPPED, beam)]
    pumped, flipped = moved.expected(asked) / TRUE.expected(asked) - 1.0
    assert abs(flipped) > 1e-5
    assert abs(pumped) < 0.02 * abs(flipped)
