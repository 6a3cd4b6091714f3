"""The twin under a red doughnut: which NV shines and is pumped, how far that reaches, and what stays as it was."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from physics.optics import half_width_nm
from simulated_instruments.cables import LINES
from simulated_instruments.safe import still_on
from simulated_instruments.sample import Sample, Wander, label_of, load_sample
from simulated_instruments.setpoints import Setpoints
from simulated_instruments.twin import Twin
from simulated_instruments.twin.surroundings import Drift, Light, light

STILL = Drift(np.zeros(3), np.zeros(2))
BOTH = 1 << LINES["pump"] | 1 << LINES["depletion"]
RED = 1 << LINES["depletion"]
LEFT, RIGHT = 0, 1
STEP_NM = 20e3 / 2**16
"""Of the analogue outputs that steer."""


def bench(**sted: Any) -> Sample:
    sample = load_sample()
    optics = sample.optics
    return sample.model_copy(
        update={"optics": optics.model_copy(update={"sted": optics.sted.model_copy(update=sted), "aom_extinction": 0})}
    )


def setpoints(sample: Sample, null_nm: NDArray[np.float64], red_w: float = 1.0, green_w: float = 0.015) -> Setpoints:
    volts = null_nm / sample.optics.steering_nm_per_v
    steering = (float(volts[0]), float(volts[1]))
    gates: dict[str, Any] = {"pump_gate": "ttl", "depletion_gate": "ttl", "pump_aom": 1.0, "depletion_aom": 1.0}
    return Setpoints(green_w=green_w, sted_w=red_w, steering_v=steering, **gates)


def shining(sample: Sample, there: Setpoints, levels: int = BOTH) -> Light:
    return light(sample, there, levels, STILL)


def test_the_nv_in_the_null_is_pumped_and_shines_and_the_other_one_does_not() -> None:
    sample = bench()
    seen = shining(sample, setpoints(sample, sample.pair.positions_nm[RIGHT]))
    assert seen.emission_cps[LEFT] < 0.06 * seen.emission_cps[RIGHT]
    np.testing.assert_allclose(seen.pump_per_s / seen.emission_cps, 1e6 / 250e3)
    alone = shining(sample, setpoints(sample, sample.pair.positions_nm[RIGHT], red_w=0.0))
    assert 0.4 < seen.emission_cps[RIGHT] / alone.emission_cps[RIGHT] < 1.0  # 3e-4 of the crest, and half a step away


def test_the_spot_is_as_narrow_as_the_red_power_makes_it() -> None:
    sample = bench(null=0.0, anti_stokes=0.0)
    there, green_w = sample.pair.positions_nm[RIGHT], 1e-5  # of no weight beside the NV's own decay
    near = np.round(there / STEP_NM) * STEP_NM
    places = [near + np.array([k * STEP_NM, 0.0]) for k in range(27)]
    seen = [shining(sample, setpoints(sample, place, 1.0, green_w)).emission_cps[RIGHT] for place in places]
    most = shining(sample, setpoints(sample, near, 0.0, green_w)).emission_cps[RIGHT]
    crest = 1e3 * sample.optics.sted.throughput / sample.optics.sted.saturation_mw
    away = np.array([np.hypot(*(place - there)) for place in places])
    narrow = 1.0 / (1.0 + (away / half_width_nm(sample.optics.sted.radius_nm, crest)) ** 2)
    np.testing.assert_allclose(np.array(seen) / most, narrow, rtol=0.01)


def test_red_light_alone_gives_next_to_nothing() -> None:
    sample = bench()
    seen = shining(sample, setpoints(sample, sample.pair.positions_nm[RIGHT] + [165.0, 0.0]), RED)
    assert np.all(seen.emission_cps < 1.0)
    assert seen.background_cps == pytest.approx(sample.optics.dark_cps)
    warm = bench(anti_stokes=1e-3)
    hot = shining(warm, setpoints(warm, warm.pair.positions_nm[RIGHT] + [165.0, 0.0]), RED)
    np.testing.assert_allclose(hot.emission_cps, 1e-3 * 250e3, rtol=0.01)


def test_without_red_light_all_is_as_it_was() -> None:
    sample, there = bench(), Setpoints(green_w=0.1, pump_aom=1.0, pump_gate="ttl")
    there = replace(there, depletion_w=0.5, depletion_aom=1.0, depletion_gate="ttl")
    other = bench(saturation_mw=1.0, anti_stokes=0.5)
    np.testing.assert_array_equal(
        light(sample, there, BOTH, STILL).pump_per_s, light(other, there, BOTH, STILL).pump_per_s
    )


def test_its_power_wanders_by_itself_and_moves_no_other_walk() -> None:
    def walked(rms: float) -> Drift:
        sample = bench(drift=Wander(rms=rms, hours=1.0))
        optics = sample.optics.model_copy(update={"doughnut_drift": Wander(rms=0.01, hours=1.0)})
        twin = Twin(sample.model_copy(update={"optics": optics}), seed=5)
        twin.clock.sleep(600.0)
        twin.hold(0)
        return twin.drift

    still, moved = walked(0.0), walked(0.1)
    assert still.wander[:4] == moved.wander[:4]
    assert still.wander[4] == 0.0 != moved.wander[4]


def test_a_bench_that_shines_red_is_not_safe() -> None:
    assert still_on(Setpoints(sted_w=0.1), 0) == ["the doughnut's laser at 775 nm emits 100 mW"]


def test_a_twin_keeps_its_name_and_another_red_doughnut_has_another(tmp_path: Any) -> None:
    file = tmp_path / "mine.yaml"
    names = []
    for text in (
        "optics: {steering_nm_per_v: 1000.0}",
        "optics: {sted: {null: 3.0e-4}}",
        "optics: {sted: {null: 1.0e-3}}",
    ):
        file.write_text(text)
        names.append(label_of(file, load_sample(file)))
    assert names[0] == names[1] != names[2]
