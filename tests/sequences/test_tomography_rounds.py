"""tomography plays its programs in rounds, and says after each what it would conclude."""

from dataclasses import asdict

import numpy as np
import pytest
from known_bench import calibrated_bench

from sequences.pulses.program import Program
from sequences.results import Estimate, Point
from sequences.routines.tomography_programs import Choice, in_rounds
from sequences.tomography import TomographyPlan, tomography

PLAN = TomographyPlan(hours=0.6)


@pytest.fixture(scope="module")
def followed():
    """Result and events of a survey."""
    with calibrated_bench(81) as bench:
        stream, events = tomography(bench.lab, PLAN), []
        while True:
            try:
                events.append(next(stream))
            except StopIteration as stop:
                return stop.value, events


@pytest.fixture(scope="module")
def estimates(followed):
    return [event.values for event in followed[1] if isinstance(event, Estimate)]


def test_the_last_estimate_is_the_result(followed, estimates):
    assert estimates[-1] == asdict(followed[0])


def test_every_estimate_says_all_that_the_result_will(followed, estimates):
    assert len(estimates) == 4
    for estimate in estimates:
        assert estimate.keys() == asdict(followed[0]).keys()
        low, high = estimate["concurrence_ci95"]
        assert low <= estimate["concurrence"] <= high
        assert np.trace(estimate["rho_re"]) == pytest.approx(1.0)


def test_errors_shrink_with_the_photons(estimates):
    photons = [estimate["photons"] for estimate in estimates]
    assert 0.15 < photons[0] / photons[-1] < 0.35
    assert photons == sorted(photons)
    for name in ("witness_err", "populations_err"):
        sizes = [float(np.linalg.norm(estimate[name])) for estimate in estimates]
        assert sizes == sorted(sizes, reverse=True)
    assert 1.5 < estimates[0]["witness_err"] / estimates[-1]["witness_err"] < 2.8


def test_an_estimate_counts_the_photons_of_the_points_before_it(followed):
    photons, rounds, compared = 0.0, 0.0, 0
    for event in followed[1]:
        if isinstance(event, Point) and "counts" in event.values:
            photons += event.values["counts"]
            assert event.values["round"] in (rounds, rounds + 1.0)
            rounds = event.values["round"]
        if isinstance(event, Estimate):
            assert event.values["photons"] == photons
            compared += 1
    assert (compared, rounds) == (4, 4.0)


def test_rounds_add_up_to_the_whole(followed):
    points = [event.values for event in followed[1] if isinstance(event, Point)]
    assert sum(p["shots"] for p in points) == followed[0].shots
    assert sum(p["counts"] for p in points) == followed[0].photons
    assert len({(p["program"], p["round"]) for p in points}) == len(points)
    assert {p["round"] for p in points if p["program"] == 0.0} == {1.0, 2.0, 3.0, 4.0}


def test_populations_are_those_of_the_pauli_terms(followed):
    result = followed[0]
    zi, iz, zz = (result.paulis[name][0] for name in ("ZI", "IZ", "ZZ"))
    wanted = [(1 + a * zi + b * iz + a * b * zz) / 4 for a in (1, -1) for b in (1, -1)]
    assert result.populations == pytest.approx(wanted)
    assert sum(result.populations) == pytest.approx(1.0)
    assert min(result.populations_err) > 0.0


def choices(seconds):
    program = Program("-").then(100_000)
    return [Choice(program, "pump", program, s, np.zeros(16), np.zeros((16, 1))) for s in seconds]


@pytest.mark.parametrize(
    ("seconds", "count"),
    [([2000.0, *[10.0] * 16], 4), ([15_000.0, 5000.0, *[500.0] * 100], 16), ([1.0], 4), ([1e-4], 1)],
)
def test_no_repeat_is_lost_and_rounds_are_alike(seconds, count):
    listed = choices(seconds)
    rounds = in_rounds(listed)
    assert len(rounds) == count
    played = np.zeros(len(listed), dtype=int)
    for turns in rounds:
        assert len({turn.choice for turn in turns}) == len(turns)
        for turn in turns:
            assert turn.repeats > 0
            played[turn.choice] += turn.repeats
    assert played.tolist() == [choice.repeats for choice in listed]
    lengths = [sum(turn.repeats for turn in turns) for turns in rounds]
    assert max(lengths) < 1.3 * min(lengths)
