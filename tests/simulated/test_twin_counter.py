"""The counter's dead time and after-pulses, what wanders for hours, and the microwave's two quadratures."""

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import PUMPED, QUARTER, SIGNAL, driven, lit, play, word, z
from support.shots import FAR, bench, exact

from simulated_instruments.twin.counter import Counter
from simulated_instruments.twin.drifts import Drifts

pytestmark = pytest.mark.twin

LIT = [(200, word("pump")), (100, word("pump") | SIGNAL)]


@pytest.mark.parametrize("dead_ns", [0.0, 45.0, 200.0])
def test_a_counter_that_is_dead_after_each_count(dead_ns):
    """n / (1 + n tau) of a steady rate n."""
    seen = exact(bench(optics={"dead_time_ns": dead_ns}))
    alive = exact(bench())
    rate_cps = play(alive, LIT, 1000)[0] / 1e6 / 1000 / 10e-6
    expected = rate_cps / (1 + rate_cps * dead_ns * 1e-9)
    assert rate_cps > 4e5
    assert play(seen, LIT, 1000)[0] / 1e6 / 1000 / 10e-6 == pytest.approx(expected, rel=1e-6)


def test_after_pulses_come_in_company():
    """Each count has one more with probability a: mean (1 + a) n, variance (1 + 3 a) n."""
    share, mean = 0.2, 400.0
    counter = Counter(aligned_twin.sample(optics={"afterpulsing": share}), np.random.default_rng(1))
    pulses = np.random.default_rng(2).poisson(mean, 20_000)
    counts = np.array([counter.counts(n) for n in pulses])
    assert counts.mean() == pytest.approx((1 + share) * mean, rel=1e-3)
    assert counts.var() == pytest.approx((1 + 3 * share) * mean, rel=0.05)


def test_without_after_pulses_counts_are_what_was_drawn():
    counter = Counter(aligned_twin.sample(), np.random.default_rng(1))
    assert [counter.counts(n) for n in (0, 5, 1_000_000)] == [0, 5, 1_000_000]


# ---- what wanders ---------------------------------------------------------------------------------------------------

WANDERS = {
    "optics": {
        "brightness_drift": {"rms": 0.03, "hours": 1.0},
        "green_drift": {"rms": 0.01, "hours": 1.0},
        "doughnut_drift": {"rms": 0.02, "hours": 0.25},
        "sted": {**aligned_twin.sample().optics.sted.model_dump(), "drift": {"rms": 0.015, "hours": 0.5}},
    },
    "microwave": {"amplitude_drift": {"rms": 0.005, "hours": 4.0}},
}
TRUTH = aligned_twin.sample(**WANDERS)
RMS, HOURS = np.array([0.03, 0.01, 0.02, 0.005, 0.015]), np.array([1.0, 1.0, 0.25, 4.0, 0.5])


def drifts(seed):
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
    return Drifts(TRUTH, streams)


def path(seed, steps, hours):
    one = drifts(seed)
    out = [one.drift.wander]
    for _ in range(steps):
        one.advance(3600.0 * hours, TRUTH)
        out.append(one.drift.wander)
    return np.array(out)


def test_what_wanders_is_as_wide_at_the_start_as_ever_after():
    starts = np.array([drifts(seed).drift.wander for seed in range(600)])
    np.testing.assert_allclose(starts.std(axis=0), RMS, rtol=0.12)
    ends = path(3, 4000, 12.0)[1:]
    np.testing.assert_allclose(ends.std(axis=0), RMS, rtol=0.06)
    assert np.all(np.abs(ends.mean(axis=0)) < 4 * RMS / np.sqrt(4000))


@pytest.mark.parametrize("hours", [0.1, 0.5])
def test_what_wanders_forgets_in_its_own_time(hours):
    x = path(4, 20_000, hours)
    kept = np.mean(x[1:] * x[:-1], axis=0) / np.mean(x**2, axis=0)
    np.testing.assert_allclose(kept, np.exp(-hours / HOURS), atol=0.03)


def test_light_wanders_and_dark_counts_do_not():
    out = bench(optics={"brightness_drift": {"rms": 0.1, "hours": 1.0}, "dark_cps": 1e5})
    now, prompt = exact(out), exact(bench(optics={"dark_cps": 1e5}))
    dark = 1000 * 10e-6 * 1e5 * 1e6
    gain = 1 + out.drift.wander[0]
    assert abs(gain - 1) > 0.01
    ratio = (play(now, LIT, 1000)[0] - dark) / (play(prompt, LIT, 1000)[0] - dark)
    assert ratio == pytest.approx(gain, rel=1e-6)


def test_the_pulse_grows_with_the_microwave():
    out = bench(microwave={"amplitude_drift": {"rms": 0.1, "hours": 1.0}}, pair=FAR)
    gain = 1 + out.drift.wander[3]
    assert abs(gain - 1) > 0.02
    play(out, [*PUMPED, (2 * QUARTER, word("mw_x", "shift"))], counting=False)
    np.testing.assert_allclose(z(out), np.cos(np.pi * gain), atol=0.02)


@pytest.mark.parametrize(("laser", "beam"), [("green_drift", "pump"), ("doughnut_drift", "depletion")])
def test_a_stronger_laser_pumps_faster(laser, beam):
    out = bench(optics={laser: {"rms": 0.3, "hours": 1.0}})
    steady = bench()
    index = 1 if laser == "green_drift" else 2
    power = "green_w" if beam == "pump" else "depletion_w"
    stronger = getattr(steady.setpoints, power) * (1 + out.drift.wander[index])
    steady.turn(**{power: stronger})
    program = [(100, word(beam, "shift", "gradient") | SIGNAL), (20, 0)]
    assert play(exact(out), program, 100) == pytest.approx(play(exact(steady), program, 100), rel=1e-6)


def test_wandering_leaves_the_other_draws_alone():
    """Counts of a bench whose light wanders by nothing are those of a bench that does not wander."""
    counts = []
    for hours in (1.0, 7.0):
        out = bench(seed=5, optics={"brightness_drift": {"rms": 0.0, "hours": hours}}, field_drift_ut_per_sqrt_min=1.0)
        counts.append([play(out, LIT, 500)[0] for _ in range(4)])
    assert counts[0] == counts[1]


# ---- quadratures, and what differs between the NVs ------------------------------------------------------------------


@pytest.mark.parametrize("error_deg", [0.0, 5.0, -12.0])
def test_quadratures_at_another_angle(error_deg):
    """Quarter about x, half about y, quarter about x: -1 for a right angle, -cos of twice the error else."""
    out = bench(pair=FAR, microwave={"quadrature_error_deg": error_deg})
    turn, half = (QUARTER, word("mw_x", "shift")), (2 * QUARTER, word("mw_y", "shift"))
    play(out, [*PUMPED, turn, half, turn], counting=False)
    np.testing.assert_allclose(z(out), -np.cos(2 * np.deg2rad(error_deg)), atol=0.012)


@pytest.mark.parametrize("imbalance", [0.1, -0.1])
def test_a_stronger_quadrature_turns_further(imbalance):
    out = bench(pair=FAR, microwave={"quadrature_imbalance": imbalance})
    play(out, [*PUMPED, (QUARTER, word("mw_y", "shift"))], counting=False)
    np.testing.assert_allclose(z(out), np.cos(0.5 * np.pi * (1 + imbalance)), atol=0.01)
    play(out, [*PUMPED, (QUARTER, word("mw_x", "shift"))], counting=False)
    np.testing.assert_allclose(z(out), 0.0, atol=0.01)


def test_each_nv_has_its_own_d():
    out = aligned_twin.twin(60.0, pair={"zero_field_difference_khz": 80.0})
    same = aligned_twin.twin(60.0)
    left, right = out.spins()
    for name in ("minus_hz", "plus_hz"):
        before = [getattr(spin, name)[0] for spin in same.spins()]
        gained = [getattr(spin, name)[0] - b for spin, b in zip((left, right), before, strict=True)]
        np.testing.assert_allclose(gained, [-40e3, 40e3], rtol=0.01)


def test_each_nv_has_its_own_purity():
    out = driven(lit(aligned_twin.twin(optics={"pump_fidelity": (0.95, 0.85), "aom_extinction": 0.0})))
    play(out, [(300, word("pump", "shift")), (1, word("shift"))], counting=False)
    np.testing.assert_allclose(z(out), [0.9, 0.7], atol=2e-3)
