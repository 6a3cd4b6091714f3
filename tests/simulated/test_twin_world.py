"""The bench as a whole: pulses on f- and f+, freezing, both resonances, read-out, counts, the engine in the dark."""

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import MIRROR_MT, PI, PUMPED, QUARTER, READ, SIGNAL, TICK_S, driven, lit, play, word, z

from physics.engine import Bath, evolve, liouvillian
from physics.entanglement import concurrence
from physics.paulis import density_matrix

pytestmark = pytest.mark.twin

HUGE = 1_000_000.0
"""Spins of a bath so large that nothing changes it."""


def bench(**changed):
    return driven(lit(aligned_twin.twin(**changed)))


def test_pumping_prepares_the_fidelity_of_the_sample():
    pumped = bench()
    play(pumped, PUMPED * 3, counting=False)
    np.testing.assert_allclose(z(pumped), 2 * 0.998 - 1, atol=3e-3)


@pytest.mark.parametrize("plus", [False, True])
@pytest.mark.parametrize("axis", ["mw_x", "mw_y"])
def test_a_pi_pulse_turns_the_transition_that_the_carrier_is_on(plus, axis):
    pumped = driven(lit(aligned_twin.twin()), plus)
    play(pumped, [*PUMPED, (2 * QUARTER, word(axis, "shift"))], counting=False)
    assert np.all(z(pumped) < -0.985)


@pytest.mark.parametrize("off_hz", [20e6, -8e6])
def test_a_carrier_beside_both_lines_turns_nothing(off_hz):
    pumped = bench()
    pumped.turn(carrier_hz=pumped.setpoints.carrier_hz + off_hz)
    play(pumped, [*PUMPED, *PI], counting=False)
    assert np.all(z(pumped) > 0.9)


def test_neither_does_a_carrier_that_is_off():
    pumped = bench()
    pumped.turn(carrier_on=False)
    play(pumped, [*PUMPED, *PI], counting=False)
    assert np.all(z(pumped) > 0.98)


def test_rabi_frequency_follows_the_root_of_power():
    """6.02 dB less: half the angle."""
    pumped = bench()
    pumped.turn(carrier_dbm=aligned_twin.CARRIER_DBM - 20 * np.log10(2))
    play(pumped, [*PUMPED, *PI], counting=False)
    np.testing.assert_allclose(z(pumped), 0.0, atol=0.03)


def test_with_the_gradient_only_the_right_nv_turns():
    pumped = bench()
    play(pumped, [*PUMPED, (2 * QUARTER, word("mw_x", "shift", "gradient"))], counting=False)
    left, right = z(pumped)
    assert left > 0.9
    assert right < -0.985


def test_x_and_y_add_up_to_half_a_turn_in_quadrature():
    """A quarter about x and one about y: z ends on the equator, not at -1."""
    pumped = bench()
    play(pumped, [*PUMPED, (QUARTER, word("mw_x", "shift")), (QUARTER, word("mw_y", "shift"))], counting=False)
    np.testing.assert_allclose(z(pumped), 0.0, atol=0.02)


def relaxed(field_mt, levels, wait_s, **changed):
    """sigma_z of both NVs pumped, then left so long at a field; baths fully cold and so large that they stay so."""
    out = lit(aligned_twin.twin(field_mt, bath={"spins": HUGE}, **changed))
    play(out, PUMPED, counting=False)
    out._state = type(out._state)(out._state.vector, np.array([1.0, 1.0]))
    out.turn(green_w=0.0, depletion_w=0.0)
    play(out, [(round(wait_s / TICK_S), levels)], counting=False)
    return z(out)


def test_on_the_first_resonance_a_cold_bath_takes_the_nv_to_0():
    """Not to 1 exactly: the mirror resonance, 2.2 MHz away, pulls with (w / delta)^2 = 2e-3 of Gamma1."""
    np.testing.assert_allclose(relaxed(aligned_twin.RESONANT_MT, 0, 40e-6), 0.995, atol=1e-3)


def test_on_the_mirror_resonance_it_takes_the_nv_to_1():
    np.testing.assert_allclose(relaxed(MIRROR_MT, 0, 60e-6), -0.995, atol=1e-3)


def test_between_the_resonances_it_does_not_matter():
    assert np.all(relaxed(0.5 * (aligned_twin.RESONANT_MT + MIRROR_MT), 0, 20e-6) > 0.9)


def test_the_shift_freezes_cross_relaxation():
    """Gamma1 w^2 / (w^2 + delta^2) is left: below ten a second at 1 mT."""
    frozen = lit(aligned_twin.twin())
    left = frozen._at_rest(word("shift")).exchange_per_s
    free = frozen._at_rest(0).exchange_per_s
    assert all(1.0 < rate < 10.0 for rate in left)
    assert all(rate == pytest.approx(250e3, rel=1e-3) for rate in free)
    held = driven(lit(aligned_twin.twin(rates={"gamma_sl_per_s": 0.0}, optics={"aom_extinction": 0.0})))
    play(held, [*PUMPED, *PI, (10_000, word("shift", "gradient"))], counting=False)
    assert np.all(z(held) < -0.96)


# ---- read-out -------------------------------------------------------------------------------------------------------


def test_dark_nvs_emit_less_by_the_contrast():
    out = bench()
    bright = play(out, [*PUMPED, *READ], 400_000)[0]
    dark = play(out, [*PUMPED, *PI, *READ], 400_000)[0]
    assert 0.70 < dark / bright < 0.95
    both = bench(optics={"contrast": 0.0})
    bright, dark = play(both, [*PUMPED, *READ], 400_000)[0], play(both, [*PUMPED, *PI, *READ], 400_000)[0]
    assert abs(dark - bright) < 5 * np.sqrt(dark + bright)


def test_the_doughnut_reads_the_right_nv():
    window = [(16, word("depletion", "shift", "gradient") | SIGNAL)]
    turn_right = [(2 * QUARTER, word("mw_x", "shift", "gradient"))]
    out = bench()
    bright, right, both = (play(out, [*PUMPED, *turn, *window], 2_000_000)[0] for turn in ([], turn_right, PI))
    assert right < bright - 20 * np.sqrt(bright)
    assert abs(both - right) < 0.3 * (bright - right)  # what the left one adds: leakage


def test_a_gate_that_never_opens_counts_nothing_and_dark_counts_are_dark():
    out = aligned_twin.twin()
    assert play(out, [(100, 0)], 1000) == [0]
    counts = play(out, [(1000, SIGNAL)], 10_000)[0]
    assert counts == pytest.approx(300.0, abs=5 * np.sqrt(300.0))


def test_counts_are_poisson():
    out = bench()
    program = [*PUMPED, *READ]
    play(out, program, 10_000)
    counts = np.array([play(out, program, 2000)[0] for _ in range(300)])
    dispersion = counts.var(ddof=1) / counts.mean()
    assert abs(dispersion - 1.0) < 4 * np.sqrt(2 / 299)


def test_a_seed_repeats_every_count():
    def counts(seed):
        out = bench(seed=seed, field_drift_ut_per_sqrt_min=1.0)
        return [play(out, [*PUMPED, *READ], 5000)[0] for _ in range(5)]

    assert counts(5) == counts(5)
    assert counts(5) != counts(6)


# ---- the engine -----------------------------------------------------------------------------------------------------


def released(evolution_ticks, **changed):
    """The state that is frozen after this time in the dark, from one pumped NV beside a flipped one."""
    out = bench(optics={"aom_extinction": 0.0}, **changed)
    turn_left = [(2 * QUARTER, word("mw_x", "shift")), (2 * QUARTER, word("mw_x", "shift", "gradient"))]
    prepared = [*PUMPED, *turn_left]
    play(out, prepared, counting=False)
    start = out.state
    play(out, [(evolution_ticks, 0), (1, word("shift") | SIGNAL)])
    return out, start, out.freezes[round(evolution_ticks * TICK_S * 1e9)]


@pytest.mark.parametrize("ticks", [10, 54, 120])
def test_the_engine_in_the_dark_is_eqs_1_to_3(ticks):
    out, start, frozen = released(ticks, bath={"spins": HUGE})
    left, right = (Bath(250e3, float(p), 200.0) for p in start.polarisation)
    generator = liouvillian(
        g=out.g_rad_per_s,
        zz=out.zz_rad_per_s,
        up=(left.up_per_s, right.up_per_s),
        down=(left.down_per_s, right.down_per_s),
        dephasing=(1.5e3, 1.5e3),
    )
    expected = density_matrix(evolve(generator, start.vector, np.array([ticks * TICK_S]))[0])
    # populations and what does not turn with the difference of the frames
    np.testing.assert_allclose(np.diag(density_matrix(frozen.vector)), np.diag(expected), atol=2e-3)
    assert density_matrix(frozen.vector)[1, 2] == pytest.approx(expected[1, 2], abs=3e-3)
    assert concurrence(density_matrix(frozen.vector)) == pytest.approx(concurrence(expected), abs=6e-3)


def test_the_coherence_of_the_engine_is_imaginary():
    _, _, frozen = released(30)
    coherence = density_matrix(frozen.vector)[1, 2]
    assert abs(coherence.imag) > 0.05
    assert abs(coherence.real) < 0.05 * abs(coherence.imag)


def test_couplings_fall_with_the_cube_of_the_distance():
    """Couplings are those of the pair's distance: side by side in the focal plane, nearly across the axis."""
    out = aligned_twin.twin(pair={"separation_nm": 13.5})
    far = aligned_twin.twin(pair={"separation_nm": 27.0})
    assert out.g_rad_per_s == pytest.approx(66e3, rel=0.02)
    assert out.zz_rad_per_s == pytest.approx(2 * out.g_rad_per_s)
    assert far.g_rad_per_s == pytest.approx(out.g_rad_per_s / 8, rel=1e-9)


def test_lines_are_held_after_a_play():
    out = aligned_twin.twin()
    play(out, [(5, word("shift")), (5, word("gradient"))], counting=False)
    assert out.levels == word("gradient")
    out.hold(0)
    assert out.levels == 0
