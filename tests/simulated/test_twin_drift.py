"""Slow walks of field and steering: as the root of time, idle or playing."""

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import play

pytestmark = pytest.mark.twin

FIELD_UT, STEERING_NM = 0.3, 2.0
WALKS = {
    "field_drift_ut_per_sqrt_min": FIELD_UT,
    "optics": {"steering_drift_nm_per_sqrt_min": STEERING_NM},
}


def after(minutes, seed, steps, playing):
    """Where the walks stand: (3,) in uT and (2,) in nm, in units of their scale."""
    out = aligned_twin.twin(seed=seed, **WALKS)
    for _ in range(steps):
        if playing:
            play(out, [(1000, 0)], round(minutes / steps * 60 / 100e-6), counting=False)
        else:
            out.clock.sleep(minutes / steps * 60)
    drift = out.drift
    return np.concatenate([drift.field_mt * 1e3 / FIELD_UT, drift.steering_nm / STEERING_NM])


@pytest.mark.parametrize("playing", [False, True])
@pytest.mark.parametrize(("minutes", "steps"), [(1.0, 1), (1.0, 4), (16.0, 4)])
def test_walks_grow_as_the_root_of_time(playing, minutes, steps):
    ends = np.array([after(minutes, seed, steps, playing) for seed in range(60)])
    assert np.std(ends) == pytest.approx(np.sqrt(minutes), rel=0.15)
    assert abs(np.mean(ends)) < 4 * np.sqrt(minutes / ends.size)
    assert np.all(np.abs(ends.std(axis=0) / np.sqrt(minutes) - 1.0) < 0.4)


def test_playing_is_not_counted_twice():
    """The clock follows a play: what was played is not waited for again."""
    ends = []
    for seed in range(60):
        out = aligned_twin.twin(seed=seed, **WALKS)
        play(out, [(1000, 0)], 600_000, counting=False)
        first = out.drift
        out.turn(carrier_dbm=-20.0)
        np.testing.assert_array_equal(out.drift.field_mt, first.field_mt)
        ends.append(first.field_mt * 1e3 / FIELD_UT)
    assert np.std(ends) == pytest.approx(1.0, rel=0.2)


def test_the_walk_moves_field_and_doughnut():
    out = aligned_twin.twin(seed=3, **WALKS)
    along, across = out.field_mt()
    out.clock.sleep(3600.0)
    later, later_across = out.field_mt()
    moved = out.drift.field_mt
    assert float(later[0] - along[0]) == pytest.approx(float(moved @ out.sample.nv_axis.unit_vector), abs=1e-12)
    assert later_across != across


def test_without_drift_nothing_moves():
    out = aligned_twin.twin(seed=3)
    out.clock.sleep(36_000.0)
    np.testing.assert_array_equal(out.drift.field_mt, 0.0)
    np.testing.assert_array_equal(out.drift.steering_nm, 0.0)


def test_a_warmer_crystal_moves_both_lines_alike_and_the_detuning_with_them():
    """D by dD: f+ and, far from the crossing, f- gain dD; near the crossing f- moves as in a field that is less."""
    out = aligned_twin.twin(seed=3, zero_field_drift_khz_per_sqrt_min=5.0)
    cold = {b: out.lines(b, 0.0) for b in (60.0, 101.5, 102.4755)}
    out.clock.sleep(3600.0)
    gained = out.drift.zero_field_hz
    assert 5e3 < abs(gained) < 200e3
    for b in (60.0, 101.5):
        warm = out.lines(b, 0.0)
        assert warm.plus_hz[0] - cold[b].plus_hz[0] == pytest.approx(gained, rel=1e-3)
        assert warm.minus_hz[0] - cold[b].minus_hz[0] == pytest.approx(gained, rel=0.02)
    less = aligned_twin.twin(seed=3).lines(102.4755 - gained / 28e6, 0.0).minus_hz[0]
    assert out.lines(102.4755, 0.0).minus_hz[0] == pytest.approx(less, abs=1.0)


def test_the_walk_of_d_grows_as_the_root_of_time():
    ends = []
    for seed in range(120):
        out = aligned_twin.twin(seed=seed, zero_field_drift_khz_per_sqrt_min=2.0)
        out.clock.sleep(960.0)
        ends.append(out.drift.zero_field_hz)
    assert np.std(ends) == pytest.approx(8e3, rel=0.2)
