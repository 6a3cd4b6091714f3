"""tomography plays its programs in rounds, and says after each what it would conclude."""

from dataclasses import asdict

import numpy as np
import pytest
from support.known_bench import calibrated_bench

from sequences.results import Estimate, Point
from sequences.routines.bench.rounds import in_rounds
from sequences.tomography import TomographyPlan, tomography

PLAN = TomographyPlan(hours=0.6)


@pytest.fixture(scope="module")
def followed():
    """Result and events of a survey."""
    bench = calibrated_bench(81)
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
    points = [event.values for event in followed[1] if isinstance(event, Point) and "counts" in event.values]
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


PLAYS = [
    [(2000.0, 10_000_000), *[(10.0, 50_000)] * 16],
    [(15_000.0, 75_000_000), (5000.0, 25_000_000), *[(500.0, 2_500_000)] * 100],
    [(1.0, 5000)],
    [(1e-4, 1)],
]


@pytest.mark.parametrize("programs", PLAYS)
@pytest.mark.parametrize("count", [4, 16])
def test_no_repeat_is_lost_and_rounds_are_alike(programs, count):
    rounds = in_rounds(programs, count)
    assert len(rounds) == min(count, sum(repeats for _, repeats in programs))
    played = np.zeros(len(programs), dtype=int)
    for turns in rounds:
        assert len({turn.choice for turn in turns}) == len(turns)
        for turn in turns:
            assert turn.repeats > 0
            played[turn.choice] += turn.repeats
    assert played.tolist() == [repeats for _, repeats in programs]
    lengths = [sum(turn.repeats for turn in turns) for turns in rounds]
    assert max(lengths) < 1.3 * min(lengths)
