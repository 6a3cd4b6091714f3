"""The phase of the long tomography's witness: by photons of others, whichever way the pair lies."""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pytest
from support.known_bench import know_pair_numbers

from physics.paulis import NAMES, density_matrix, pauli_vector
from sequences.analysis.engine.prediction import predict
from sequences.routines.bench import calibrated_bench
from sequences.routines.engine.course import Course
from sequences.routines.engine.forecast import EngineForecast
from tools.trials.wired import powered

TIMES_US = np.array([2.0, 4.0, 5.4, 9.0])
ALL_TIMES = len(TIMES_US)
BEST = 2


@dataclass
class Found:
    """As much of a tomography's result as a course looks at."""

    evolution_us: float
    paulis: dict
    witness: float = 0.01
    witness_err: float = 0.002
    significance: float = 4.9
    concurrence: float = 0.05
    concurrence_err: float = 0.01
    concurrence_ci95: tuple = (0.0, 0.1)
    signed_concurrence: float = 0.05
    signed_concurrence_err: float = 0.01
    signed_concurrence_ci95: tuple = (-0.01, 0.1)
    populations: tuple = (0.25, 0.25, 0.25, 0.25)
    populations_err: tuple = (0.01, 0.01, 0.01, 0.01)
    photons: float = 1e6
    rho_re: tuple = ()
    rho_im: tuple = ()


@pytest.fixture(scope="module")
def lab():
    """Numbers of a pair whose lines are apart, so that the coherence turns while it lives."""
    bench = powered(1)
    know_pair_numbers(bench, detuning_left_rad_per_s=1.5e5, detuning_right_rad_per_s=-1.5e5)
    return bench.lab


_BEGUN: dict[int, Course] = {}


def course_of(lab, count=ALL_TIMES, best=BEST):
    """A course of which nothing is measured yet."""
    if count not in _BEGUN:
        at = predict(calibrated_bench.engine_model(lab), calibrated_bench.release(lab), TIMES_US[:count])
        _BEGUN[count] = Course(lab, EngineForecast(at, best, 16.0, 16.0, 0.03, 5.0, True, "Expected"))
    return deepcopy(_BEGUN[count])


def really(vector, turned, mirrored):
    """The state of a pair that the lab sees mirrored, its pulses turned by some angle against the model's."""
    rho = density_matrix(vector)
    seen = np.conj(rho[1, 2]) if mirrored else rho[1, 2]
    rho[1, 2] = seen * np.exp(1j * turned)
    rho[2, 1] = np.conj(rho[1, 2])
    return pauli_vector(rho)


def tomography_of(vector, time_us, rng, error=0.02):
    noisy = vector[1:] + error * rng.standard_normal(15)
    return Found(time_us, {name: (float(v), error) for name, v in zip(NAMES[1:], noisy, strict=True)})


def surveyed(lab, turned, mirrored, seed=0, error=0.02):
    rng, course = np.random.default_rng(seed), course_of(lab)
    states = [really(vector, turned, mirrored) for vector in course.at.vectors]
    for k in course.order()[:-1]:
        course.add(k, tomography_of(states[k], TIMES_US[k], rng, error), course.wanted(k))
    return course, states[BEST]


def phase_of(vector):
    return np.angle(density_matrix(vector)[1, 2])


def apart(a, b):
    return abs(np.angle(np.exp(1j * (a - b))))


@pytest.mark.parametrize("turned", [0.0, 1.2, 3.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_phase_is_that_of_the_state(lab, turned, mirrored):
    course, state_then = surveyed(lab, turned, mirrored, error=0.005)
    assert apart(course.wanted(BEST).witness_phase, phase_of(state_then)) < 0.15
    assert course.wanted(BEST).target @ state_then > 0.0


@pytest.mark.parametrize("mirrored", [False, True])
def test_short_tomographies_suffice_for_its_sign(lab, mirrored):
    for seed in range(8):
        course, state_then = surveyed(lab, 0.3, mirrored, seed, error=0.04)
        assert apart(course.wanted(BEST).witness_phase, phase_of(state_then)) < 1.2


def test_before_any_photon_it_is_the_models(lab):
    course = course_of(lab)
    assert not course.has_pilot
    assert course.wanted(BEST).witness_phase == pytest.approx(phase_of(course.at.vectors[BEST]))


def test_the_long_tomography_says_nothing_of_the_witness_it_is_held_against(lab):
    """Whatever it found, the phase that is quoted is the one it was designed for."""
    concluded = []
    for turned in (0.0, 2.5):
        course, state_then = surveyed(lab, 0.4, False)
        wanted = course.wanted(BEST)
        course.add(BEST, tomography_of(really(state_then, turned, True), 5.4, np.random.default_rng(9)), wanted)
        concluded.append(course.concluded())
        assert course.concluded()["witness_phase"] == wanted.witness_phase
        assert course.concluded()["witness_share"] == wanted.witness_share
    assert concluded[0] == concluded[1]
    assert concluded[0]["significance"] == 4.9  # as the tomography says, corrected for its looks


def test_the_best_time_is_played_last_and_alone_after_a_short_one_of_itself(lab):
    assert course_of(lab).order() == [0, 1, 3, BEST]
    assert course_of(lab, 1, 0).order() == [0, 0]


def test_nothing_measured_is_nothing_concluded(lab):
    course = course_of(lab)
    assert set(course.concluded().values()) == {None}
    assert course.measured()["evolution_us"] == ()
    assert course.known()["expected_signed_concurrence"] == pytest.approx(course.at.signed[BEST])
    assert course.known()["planned_concurrence"] == pytest.approx(tuple(course.at.signed))


def test_a_survey_alone_has_a_state_but_no_significance(lab):
    course, _ = surveyed(lab, 0.0, False)
    known = course.known()
    assert known["significance"] is None
    assert known["evolution_us"] == (2.0, 4.0, 9.0)
    assert known["rho_us"] == max((2.0, 4.0, 9.0), key=lambda t: course.at.signed[list(TIMES_US).index(t)])
