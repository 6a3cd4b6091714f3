"""Trains, fringes, spectra and oscillations: the one-spin model against two coupled spins, and honest errors."""

import numpy as np
import pytest

from physics.constants import TWO_PI
from physics.coupling import dipolar_rad_per_s
from physics.engine import liouvillian, propagator
from physics.paulis import INDEX
from sequences.analysis.pair.oscillation import (
    Segment,
    Shot,
    collective_shift_hz,
    fit_oscillation,
    fit_pulsed_line,
    fit_turns,
    z_after,
)

pytestmark = pytest.mark.unit

RAMSEY = (Segment(200, "x"), Segment(20_000), Segment(200, "y"))
PROGRAMS = (RAMSEY, (Segment(3_400, "x"),), (Segment(300, "y"), Segment(7_000), Segment(500, "x"), Segment(900)))


@pytest.mark.parametrize("segments", PROGRAMS)
def test_the_sum_of_both_nvs_turns_like_one_spin_whose_line_is_shifted(segments):
    rabi_mhz, detuning_hz, separation_nm = 1.25, 8e3, 13.5
    coupling = float(dipolar_rad_per_s(separation_nm))
    shift_hz, _ = collective_shift_hz(separation_nm, 0.0)
    vector = np.zeros(16)
    vector[[INDEX[name] for name in ("II", "ZI", "IZ", "ZZ")]] = 1.0
    for segment in segments:
        drive = tuple(TWO_PI * 1e6 * rabi_mhz * (segment.axis == axis) for axis in "xy")
        detuning = (TWO_PI * detuning_hz,) * 2
        generator = liouvillian(g=coupling / 2, zz=coupling, detuning=detuning, drive=drive)
        vector = propagator(generator, segment.duration_ns * 1e-9) @ vector
    summed = 0.5 * (vector[INDEX["ZI"]] + vector[INDEX["IZ"]])
    assert z_after(segments, rabi_mhz, detuning_hz + shift_hz) == pytest.approx(summed, abs=1e-9)
    assert abs(z_after(segments, rabi_mhz, detuning_hz) - summed) > 1e-6


def shots(rabi_mhz, detuning_hz, error, rng):
    made = []
    trains = [((Segment(n * 200, "x"),), 0.0) for n in (2, 4, 1, 3, 15, 17, 31, 33)]
    fringes = [
        ((Segment(200, "x"), Segment(wait), Segment(200, "x")), sign * 0.25e9 / wait)
        for wait in (4_000, 20_000)
        for sign in (1, -1)
    ]
    for segments, offset_hz in trains + fringes:
        flipped = 0.5 - 0.5 * z_after(segments, rabi_mhz, detuning_hz - offset_hz)
        made.append(Shot(segments, 0.98 * (1 - 0.16 * flipped) + error * rng.standard_normal(), error, offset_hz))
    return made


def test_errors_of_angle_and_detuning_are_honest():
    rng, pulls = np.random.default_rng(2), []
    for _ in range(40):
        rabi_mhz, detuning_hz = 1.25 * (1 + 0.005 * rng.standard_normal()), rng.uniform(-3e3, 3e3)
        fit = fit_turns(shots(rabi_mhz, detuning_hz, 2e-3, rng), 1.25)
        pulls.append(
            [(fit.rabi_mhz - rabi_mhz) / fit.rabi_err_mhz, (fit.detuning_hz - detuning_hz) / fit.detuning_err_hz]
        )
        assert fit.rabi_err_mhz < 1.25 * 1e-3
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.5)
    assert np.all((np.std(pulls, axis=0) > 0.8) & (np.std(pulls, axis=0) < 1.25))


def test_a_detuning_of_several_fringes_is_not_taken_for_its_neighbour():
    fit = fit_turns(shots(1.252, -47e3, 1e-3, np.random.default_rng(1)), 1.25)
    assert fit.detuning_hz == pytest.approx(-47e3, abs=2e3)


def test_an_oscillation_is_found_with_honest_errors():
    rng, pulls = np.random.default_rng(3), []
    duration = np.arange(100.0, 2100.0, 100.0)
    for _ in range(30):
        rabi_mhz = rng.uniform(0.6, 1.8)
        true = 0.97 * (1 - 0.1 * (1 - np.cos(TWO_PI * 1e-3 * rabi_mhz * duration)))
        fit = fit_oscillation(duration, true + 0.006 * rng.standard_normal(20), np.full(20, 0.006))
        pulls.append((fit.rabi_mhz - rabi_mhz) / fit.rabi_err_mhz)
        assert fit.contrast == pytest.approx(0.2, abs=5 * fit.contrast_err)
    assert 0.7 < np.std(pulls) < 1.3


def test_a_pulsed_line_is_told_from_noise():
    rng = np.random.default_rng(4)
    frequency = 29e6 + np.arange(-4e6, 4.1e6, 0.4e6)
    effective = np.hypot(frequency - 30.13e6, 1e6)
    flipped = (1e6 / effective) ** 2 * np.sin(np.pi * effective * 500e-9) ** 2
    noise, error = 0.005 * rng.standard_normal(len(frequency)), np.full(len(frequency), 0.005)
    line = fit_pulsed_line(frequency, 0.97 * (1 - 0.2 * flipped) + noise, error, 500, 1.0)
    assert line.centre_hz == pytest.approx(30.13e6, abs=4 * line.centre_err_hz)
    assert line.centre_err_hz < 30e3
    assert line.significance > 30
    assert fit_pulsed_line(frequency, 0.97 + noise, error, 500, 1.0).significance < 6


def test_the_shift_of_the_sum_and_its_error():
    shift_hz, error_hz = collective_shift_hz(13.5, 0.1)
    assert shift_hz == pytest.approx(0.5 * 52.04e6 / 13.5**3)
    assert error_hz == pytest.approx((collective_shift_hz(13.4, 0)[0] - collective_shift_hz(13.6, 0)[0]) / 2, rel=1e-3)
