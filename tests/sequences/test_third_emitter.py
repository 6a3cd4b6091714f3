"""A third emitter beside the pair: the twin shows it, and locate names it instead of a pair that it disturbs."""

import re

import numpy as np
import pytest

from sequences.locate import LocatePlan, locate
from sequences.pulses.program import Program
from sequences.results import SequenceError
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure
from tools.trials.wired import is_dark, run, without_wires

PAIR = {"separation_nm": 14.0, "centre_nm": [30.0, 10.0], "orientation_deg": 70.0}


@pytest.mark.parametrize(
    ("place", "brightness"),
    [((42.0, 12.0), 0.5), ((30.0, 35.0), 1.3), ((-10.0, 60.0), 0.6), ((130.0, -60.0), 0.4)],
)
def test_a_third_emitter_is_named_with_its_place_and_brightness(place, brightness):
    with without_wires(5, pair=PAIR, bystanders=[{"position_nm": place, "brightness": brightness}]) as bench:
        with pytest.raises(SequenceError, match="A third emitter stands at") as caught:
            run(locate(bench.lab, LocatePlan()))
        assert bench.lab.calibration.get("pair.left_x_nm") is None
        assert is_dark(bench)
    said = caught.value.seen
    for name, true in zip(("third_x_nm", "third_y_nm", "third_brightness"), (*place, brightness), strict=True):
        assert abs(said[name] - true) < 4 * said[f"{name}_err"]
    assert said["third_x_nm_err"] < 3.0
    assert re.search("centre_x_nm", str(caught.value))


def test_a_faint_third_beyond_the_doughnut_does_no_harm():
    """At 900 nm the doughnut does not reach it: the pair is found as if it were not there."""
    with without_wires(6, pair=PAIR, bystanders=[{"position_nm": [930.0, 10.0], "brightness": 1.0}]) as bench:
        result, _ = run(locate(bench.lab, LocatePlan()))
    assert abs(result.separation_nm - 14.0) < 4 * result.separation_nm_err


def rates(gaussian, **truth):
    """Counts per second under the Gaussian beam or the doughnut's crest, of a sample without a pair's light."""
    with without_wires(3, **truth) as bench:
        if gaussian:
            controls.pump(bench.lab)
        else:
            controls.doughnut(bench.lab, 400.0)
            controls.steer(bench.lab, 500.0, 0.0)
        role = "pump" if gaussian else "depletion"
        program = Program("look", bench.lab.wiring.tick_ns).then(100_000, role, "gate_signal")
        seen = measure(bench.lab, program, 5000)
        controls.dark(bench.lab)
    return seen.signal / seen.duration_s, np.sqrt(seen.signal) / seen.duration_s


@pytest.mark.parametrize("gaussian", [True, False])
def test_a_bystander_shines_like_an_nv_under_either_beam(gaussian):
    """Two bystanders in the places of the pair add as much light as the pair itself gives."""
    pair = {"separation_nm": 14.0, "centre_nm": [320.0, 0.0], "orientation_deg": 0.0}
    beside = [{"position_nm": [x, 0.0], "brightness": 1.0} for x in (313.0, 327.0)]
    dark = {"optics": {"background_cps": 0.0, "dark_cps": 0.0}}
    alone, alone_err = rates(gaussian, pair=pair, **dark)
    both, both_err = rates(gaussian, pair=pair, bystanders=beside, **dark)
    assert both / alone == pytest.approx(2.0, abs=0.01)
    assert abs(both - 2 * alone) < 0.01 * alone + 4 * np.hypot(both_err, 2 * alone_err)
