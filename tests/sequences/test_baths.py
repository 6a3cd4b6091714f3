"""Bath polarisations from photons: the inversion of both read-outs, releases, line shift, build-up, contacts."""

from dataclasses import replace

import numpy as np
import pytest
from support.known_pair import GATES, VALUES, calibration, counted

from physics.paulis import INDEX
from sequences.analysis.engine.balance import release_states
from sequences.analysis.engine.baths import Released, bath_after_contact, fit_build_up, fit_release, fit_shift, sigma_z
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.engine_rows import Surroundings, in_engine
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import NAMES
from sequences.analysis.pair.shot_classes import Classes
from sequences.pulses.library import wait


class OneKind(EngineModel):
    """Shots that are all alike."""

    @property
    def classes(self):
        return Classes(np.ones(1), np.zeros((1, 2)), np.zeros((1, 2), dtype=int))


MODEL = OneKind(66.4e3, 132.9e3, 250e3, relaxation_per_s=200.0, dephasing_per_s=1500.0, spins=20.0)
Z = [INDEX["ZI"], INDEX["IZ"]]
TIMES_US = np.array([0.3, 2.0, 5.0, 9.0])
TRUE = Release(5.4, 75.0, (0.08, 0.935, 0.02, 0.94, 1.0, 262e3), np.zeros((6, 6)))
CHARGED = np.array([1.0 - VALUES["neutral_left"], 1.0 - VALUES["neutral_right"]])
READ = np.array([[VALUES[f"{beam}_{side}"] for side in ("left", "right")] for beam in ("pump", "doughnut")])
LEVEL = np.array([VALUES["pump_level"], VALUES["doughnut_level"]])


def test_sigma_z_is_what_both_read_outs_add_up_to():
    z = np.array([[0.9, -0.7], [0.0, 1.0], [-1.0, 0.2]])
    common, ring = (LEVEL + (z * CHARGED) @ READ.T).T
    values, _ = sigma_z(calibration(), (common, np.full(3, 1e-4)), (ring, np.full(3, 1e-4)))
    np.testing.assert_allclose(values, z, atol=1e-12)


def test_errors_of_sigma_z_are_those_of_the_scatter():
    rng = np.random.default_rng(0)
    common = LEVEL[0] + 3e-4 * rng.standard_normal(4000)
    ring = LEVEL[1] + 1e-4 * rng.standard_normal(4000)
    values, errors = sigma_z(calibration(), (common, np.full(4000, 3e-4)), (ring, np.full(4000, 1e-4)))
    np.testing.assert_allclose(values.std(axis=0), errors[0], rtol=0.06)
    assert np.ptp(errors) < 0.5


READOUT = [NAMES.index(f"{beam}_{what}") for beam in ("pump", "doughnut") for what in ("level", "left", "right")]
READOUT_ERR = np.array([1e-4, 2e-4, 2e-4, 5e-5, 4e-5, 2e-4])


def uncertain():
    covariance = np.zeros((len(NAMES), len(NAMES)))
    covariance[READOUT, READOUT] = READOUT_ERR**2
    return calibration(covariance)


def drawn(rng):
    """A bench whose read-outs are not quite as they were calibrated."""
    values = np.array(uncertain().values)
    values[READOUT] += READOUT_ERR * rng.standard_normal(len(READOUT))
    return uncertain().with_values(**dict(zip(NAMES, values, strict=True)))


def test_errors_of_sigma_z_contain_those_of_the_read_outs():
    rng, z = np.random.default_rng(1), np.array([[0.9, -0.7]])
    pulls = []
    for _ in range(2000):
        c = drawn(rng)
        seen = np.array([[c.readout(b).left, c.readout(b).right] for b in ("pump", "depletion")])
        level = np.array([c.readout(b).level for b in ("pump", "depletion")])
        common, ring = (level + (z * CHARGED) @ seen.T).T
        values, errors = sigma_z(uncertain(), (common, np.zeros(1)), (ring, np.zeros(1)))
        pulls.append(((values - z) / errors)[0])
    np.testing.assert_allclose(np.std(pulls, axis=0), 1.0, atol=0.08)


def photons(c, release):
    """Of cycles of several evolution times: what pairs and single NVs add up to."""
    moved = replace(MODEL, gamma1_per_s=release.gamma1_per_s)
    left, right = c.charged
    out = []
    for time_us in TIMES_US:
        after = [
            release_states(replace(moved, g_rad_per_s=g, zz_rad_per_s=2 * g), release, np.array([time_us]))[0, Z]
            for g in (66.45e3, 0.0)
        ]
        z = left * right * after[0] + np.array([left * (1 - right), right * (1 - left)]) * after[1]
        out.append([c.readout(b).level + c.readout(b).left * z[0] + c.readout(b).right * z[1] for b in BEAMS])
    return np.array(out)


BEAMS = ("pump", "depletion")
SIGMA = np.array([1e-4, 6e-5])


def fitted(c, seen, gamma1_err):
    data = Released(TIMES_US, seen, np.tile(SIGMA, (len(TIMES_US), 1)))
    return fit_release(
        c, lambda _: replace(MODEL, zz_rad_per_s=132.9e3), data, gamma1_err, (TRUE.evolution_us, TRUE.cooling_us)
    )


GAMMA1_ERR = 30e3


@pytest.fixture(scope="module")
def releases():
    """Truths and fits, to photons with noise; Gamma1 and the read-outs are as far off as their errors say."""
    out = []
    for seed in range(14):
        rng = np.random.default_rng(seed)
        gamma1 = MODEL.gamma1_per_s + GAMMA1_ERR * rng.standard_normal()
        true = replace(TRUE, values=(*TRUE.values[:5], gamma1))
        seen = photons(drawn(rng), true) + SIGMA * rng.standard_normal((len(TIMES_US), 2))
        out.append((true, fitted(uncertain(), seen, GAMMA1_ERR)))
    return out


def test_errors_of_a_release_are_honest(releases):
    pulls = np.array([np.subtract(f.values, true.values) / f.errors for true, f in releases])
    told = [0, 1, 2, 3, 5]  # the balance was the same each time, and is believed to hold
    assert np.all((pulls.std(axis=0)[told] > 0.6) & (pulls.std(axis=0)[told] < 1.5))
    assert 0.8 < pulls[:, told].std() < 1.2
    assert np.all(np.abs(pulls.mean(axis=0)) < 1.1)


def test_a_release_is_known_together(releases):
    """The covariance whitens the deviations."""
    lengths = []
    for true, f in releases:
        off = np.subtract(f.values, true.values) / f.errors
        lengths.append(off @ np.linalg.solve(f.covariance / np.outer(f.errors, f.errors), off) / 6)
    assert 0.6 < np.mean(lengths) < 1.5


def test_a_release_is_found_and_gamma1_improved(releases):
    assert np.mean([f.reduced_chi2 for _, f in releases]) == pytest.approx(1.0, abs=0.6)
    assert min(f.p_value for _, f in releases) > 1e-3
    assert all(f.gamma1_err_per_s < 0.85 * GAMMA1_ERR for _, f in releases)
    off = [(f.gamma1_per_s - true.gamma1_per_s, true.gamma1_per_s - MODEL.gamma1_per_s) for true, f in releases]
    left, right = np.std(off, axis=0)
    assert left < 0.85 * right


def test_errors_of_the_calibration_are_in_those_of_the_release(releases):
    exact = fitted(calibration(), photons(calibration(), TRUE), 30e3)
    assert np.all(releases[0][1].errors[:4] > 1.1 * exact.errors[:4])
    assert np.all(np.abs(np.subtract(exact.values, TRUE.values)) < 0.6 * exact.errors)  # the beliefs' share


def test_known_gamma1_is_held():
    held = fitted(calibration(), photons(calibration(), TRUE), 10.0)
    assert held.gamma1_per_s == pytest.approx(MODEL.gamma1_per_s, abs=30.0)
    assert held.believed[5] == pytest.approx(1.0, abs=0.01)
    assert max(held.believed[:2]) < 0.3


def test_counts_that_no_baths_explain_have_a_small_p_value():
    seen = photons(calibration(), TRUE)
    seen[2] += 30 * SIGMA
    assert fitted(calibration(), seen, 30e3).p_value < 1e-6


def seen_on(known, fringes, z_right):
    """Photons of fringes on a line moved by so much, and what of them depends on the state."""
    vector = np.eye(16)[0] + z_right * np.eye(16)[Z[1]]

    def expected(rad_per_s):
        rows = in_engine(known, Surroundings((0.0, 0.9), (0.0, rad_per_s))).rows(fringes).of_charged
        return rows @ vector, rows[:, 1:] @ vector[1:]

    return expected


@pytest.mark.parametrize("shift_khz", [45.0, -20.0, 0.0])
def test_the_line_of_the_cold_bath_is_found(shift_khz):
    """Whichever way it has moved, and however far the light is from what was foreseen."""
    fringes = [
        (GATES.turn_right("x") + wait(ns, "shift", "gradient", tick_ns=100) + GATES.turn_right(last), "depletion")
        for ns in (800, 3_000)
        for last in "xy"
    ]
    known = calibration(neutral_left=0.0, neutral_right=0.0)

    photons = seen_on(known, fringes, 0.93)(2e3 * np.pi * shift_khz)[0]
    data = counted(photons, fringes, 2_000_000, np.random.default_rng(2))
    found = fit_shift(seen_on(known, fringes, 0.9), data, 0.0)
    assert abs(found.rad_per_s / 2e3 / np.pi - shift_khz) < 4.0 * found.error_rad_per_s / 2e3 / np.pi
    assert found.error_rad_per_s < 2e3 * np.pi * 5.0


def test_an_unsure_line_makes_an_unsure_shift():
    """What moves is seen against the calibrated line."""
    fringes = [
        (GATES.turn_right("x") + wait(ns, "shift", "gradient", tick_ns=100) + GATES.turn_right(last), "depletion")
        for ns in (800, 3_000)
        for last in "xy"
    ]
    expected = seen_on(calibration(), fringes, 0.9)
    data = counted(expected(0.0)[0], fringes, 10_000_000, np.random.default_rng(3))
    sure, unsure = (fit_shift(expected, data, error).error_rad_per_s for error in (0.0, 9e3))
    assert unsure == pytest.approx(np.hypot(sure, 9e3))
    assert sure < 9e3


def test_errors_of_a_build_up_are_honest():
    times = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8]) * 1e-3
    exact = 0.96 * (1.0 - np.exp(-times / 110e-6))
    pulls, finals = [], []
    for seed in range(40):
        seen = exact + 0.02 * np.random.default_rng(seed).standard_normal(len(times))
        found = fit_build_up(times, seen, np.full(len(times), 0.02))
        pulls.append((found.build_up_s - 110e-6) / found.build_up_err_s)
        finals.append(found.final)
    assert 0.7 < np.std(pulls) < 1.3
    assert abs(np.mean(pulls)) < 0.5
    assert np.mean(finals) == pytest.approx(0.96, abs=0.01)


@pytest.mark.parametrize(("polarisation", "start_z"), [(0.9, 0.3), (0.0, 1.0), (-0.4, 0.8)])
def test_a_contact_tells_the_bath_it_began_with(polarisation, start_z):
    """Against the engine without exchange; what the NV brings along is counted."""
    contact_s = 12e-6
    alone = replace(MODEL, g_rad_per_s=0.0, zz_rad_per_s=0.0, relaxation_per_s=0.0)
    z = alone.states(np.array([contact_s]), (0.0, polarisation), (0.0, start_z))[0][INDEX["IZ"]]
    share = -np.expm1(-MODEL.gamma1_per_s * contact_s)
    found = bath_after_contact(np.array(start_z), np.array(z), share, MODEL.spins)
    assert found == pytest.approx(polarisation, abs=0.01)
    assert abs(found - polarisation) < 0.3 * abs(z - polarisation)
