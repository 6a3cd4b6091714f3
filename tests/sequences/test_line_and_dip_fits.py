"""Fits of lines, of the dip and of the field from two lines: honest error bars on Poisson and Gaussian noise."""

import numpy as np
import pytest

from physics.levels import nv_lines
from sequences.analysis.odmr.field_from_lines import field_from_two
from sequences.analysis.odmr.line_fit import LineShape, dips, fit_known_line, fit_line, shares
from sequences.analysis.relaxation import fit_dip, rate_at, surviving

pytestmark = pytest.mark.unit

TRIPLET_HZ = np.array([0.0, -2.16e6, -4.33e6])
SEEDS = 40


def pulls_are_honest(pulls):
    """Mean and spread of (estimate - truth) / error, within what so many tries scatter."""
    assert abs(np.mean(pulls)) < 4 / np.sqrt(len(pulls))
    assert 0.7 < np.std(pulls) < 1.35


def test_a_known_line_is_centred_within_its_error():
    shape, pulls = LineShape(TRIPLET_HZ, 0.0, 2.5e5, 0.2), []
    frequency = 2.7e9 + 2.5e5 * np.array([-0.9, -0.33, -0.24, 0.24, 0.33, 0.9])
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        centre = 2.7e9 + 2e4 * rng.standard_normal()
        clean = 1 - 0.12 * dips(frequency, centre, 2.7e5, TRIPLET_HZ, shares(3, 0.0))
        noisy = clean + 2e-3 * rng.standard_normal(6)
        fit = fit_known_line(frequency, noisy, np.full(6, 2e-3), shape, 2.7e9 + np.linspace(-2e5, 2e5, 21))
        pulls.append((fit.centre_hz - centre) / fit.centre_err_hz)
        assert fit.significance > 15
    pulls_are_honest(pulls)


def test_a_flat_spectrum_has_no_dip():
    rng = np.random.default_rng(1)
    frequency = np.linspace(-1e6, 1e6, 12)
    shape = LineShape(np.zeros(1), 0.0, 2.5e5, 0.2)
    fit = fit_known_line(frequency, 1 + 2e-3 * rng.standard_normal(12), np.full(12, 2e-3), shape, frequency)
    assert fit.significance < 5


@pytest.mark.parametrize("polarisation", [0.0, 1.0])
def test_a_triplet_is_not_taken_for_its_neighbour(polarisation):
    frequency = np.arange(-7e6, 3e6, 0.25e6)
    rng = np.random.default_rng(2)
    clean = 0.99 * (1 - 0.14 * dips(frequency, 0.3e6, 0.8e6, TRIPLET_HZ, shares(3, polarisation)))
    fit = fit_line(
        frequency, clean + 2e-3 * rng.standard_normal(len(frequency)), np.full(len(frequency), 2e-3), TRIPLET_HZ
    )
    assert fit.centre_hz == pytest.approx(0.3e6, abs=4 * fit.centre_err_hz)
    assert fit.centre_err_hz < 5e4
    assert fit.linewidth_hz == pytest.approx(0.8e6, abs=4 * fit.linewidth_err_hz)


def played(rate_per_s, contact_s, spins, pairs=4000):
    """Survival in the mean-field model of NV and bath, shot after shot until it repeats."""
    p, out = 0.0, [0.0, 0.0]
    left = np.exp(-rate_per_s * contact_s * (1 + 1 / spins))
    for _ in range(pairs):
        for k, z in enumerate((-1.0, 1.0)):
            mean = (z + spins * p) / (1 + spins)
            z, p = mean + (z - p) * left * spins / (1 + spins), mean - (z - p) * left / (1 + spins)
            out[k] = z
    return 0.5 * (out[1] - out[0])


@pytest.mark.parametrize("spins", [5.0, 20.0])
def test_survival_is_that_of_a_finite_bath(spins):
    for product in (0.1, 1.0, 2.5):
        expected = played(product / 4e-6, 4e-6, spins)
        assert surviving(np.array(product), spins) == pytest.approx(expected, abs=1e-9)
    assert surviving(np.array(1.0), 1e9) == pytest.approx(np.exp(-1.0))


def test_the_dip_is_found_within_its_errors():
    steps = np.concatenate([np.zeros(3), np.arange(-4, 5), [-0.8, -0.45, 0, 0.45, 0.8]]) * 5e-3
    contact = np.concatenate([np.zeros(3), np.full(14, 4e-6)])
    pulls = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        rate = rate_at(steps, 1.3e-3, 5.2e-3, 2.4e5)
        noisy = 0.1 * surviving(rate * contact, 20.0) + 1e-3 * rng.standard_normal(len(steps))
        fit = fit_dip(steps, contact, noisy, np.full(len(steps), 1e-3), 20.0, 5e-3)
        pulls.append(
            [
                (fit.centre_mt - 1.3e-3) / fit.centre_err_mt,
                (fit.rate_per_s - 2.4e5) / fit.rate_err_per_s,
                (fit.half_width_mt - 5.2e-3) / fit.half_width_err_mt,
            ]
        )
    for one in np.transpose(pulls):
        pulls_are_honest(one)


def test_where_nothing_relaxes_there_is_no_dip():
    """Noise takes a fit to no rate at all, or to a dip between two points, without an error: neither is a dip."""
    steps, contact = np.repeat(np.linspace(-0.06, 0.06, 13), 2), np.tile([0.0, 4e-6], 13)
    seen = []
    for seed in range(40):
        noisy = 0.035 + 1e-3 * np.random.default_rng(seed).standard_normal(len(steps))
        seen.append(fit_dip(steps, contact, noisy, np.full(len(steps), 1e-3), 20.0, 5e-3).significance)
    assert max(seen) < 4.5
    assert min(seen) >= 0.0


def test_a_dip_says_how_each_field_pulls_its_centre():
    steps = np.concatenate([np.zeros(3), np.arange(-4, 5), [-0.8, -0.45, 0, 0.45, 0.8]]) * 5e-3
    contact = np.concatenate([np.zeros(3), np.full(14, 4e-6)])
    clean = 0.1 * surviving(rate_at(steps, 1.3e-3, 5.2e-3, 2.4e5) * contact, 20.0)
    rng = np.random.default_rng(8)
    fit = fit_dip(steps, contact, clean, np.full(len(steps), 1e-3), 20.0, 5e-3)
    assert fit.pulled_by.sum() == pytest.approx(1.0)
    strayed = 5e-5 * rng.standard_normal(len(steps))
    again = fit_dip(steps + strayed, contact, clean, np.full(len(steps), 1e-3), 20.0, 5e-3)
    assert again.centre_mt - fit.centre_mt == pytest.approx(fit.pulled_by @ strayed, rel=0.05, abs=1e-6)


@pytest.mark.parametrize(("along", "across"), [(5.0, 1.0), (30.0, 1.2), (102.6, 0.05)])
@pytest.mark.parametrize("nitrogen", [True, False])
def test_two_lines_give_back_their_field(along, across, nitrogen):
    lines = nv_lines(along, across, nitrogen)
    seen = field_from_two(
        (abs(float(lines.minus_hz[0])) + 9e3, 10.0), (float(lines.plus_hz[0]) + 9e3, 10.0), (9e3, 0.0), nitrogen
    )
    assert seen.field_mt == pytest.approx(np.hypot(along, across), abs=1e-5)
    assert seen.tilt_deg == pytest.approx(np.degrees(np.arctan2(across, along)), abs=1e-4 + 4 * seen.tilt_err_deg)
    assert seen.tilt_err_deg < 0.01


def test_lines_that_no_field_makes_are_refused():
    with pytest.raises(ValueError, match="No field makes both lines"):
        field_from_two((2.70e9, 1e3), (3.00e9, 1e3), (0.0, 0.0), True)
