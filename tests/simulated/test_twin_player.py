"""Many repeats of a program without playing them all: against playing them all."""

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import PI, PUMPED, QUARTER, READ, SIGNAL, play, word

from simulated_instruments.twin.pair import State
from simulated_instruments.twin.player import Pass, repeated, segments

pytestmark = pytest.mark.twin

COOLING = [(700, word("depletion", "gradient"))]
TURN = [(QUARTER, word("mw_x", "shift"))]
PROGRAMS = {
    "polarises both": [*PUMPED, (200, 0), *READ],
    "cools the right one": [*COOLING, *TURN, (54, 0), (10, word("shift")), *READ],
    "heats": [*TURN, (40, 0), *TURN, (40, 0), *READ],
    "contact of |1>": [*PUMPED, *PI, (40, 0), *READ],
}


class Expected:
    """In place of the random generator: the expected counts themselves, in millionths."""

    def poisson(self, expected):
        return np.round(np.asarray(expected) * 1e6)


def exact(bench):
    bench._counting = Expected()
    return bench


@pytest.mark.parametrize("name", PROGRAMS)
def test_repeats_are_as_if_every_one_were_played(name):
    repeats = 400
    jumped, brute = (exact(aligned_twin.driven(aligned_twin.lit(aligned_twin.twin()))) for _ in range(2))
    together = play(jumped, PROGRAMS[name], repeats)[0]
    one_by_one = sum(play(brute, PROGRAMS[name])[0] for _ in range(repeats))
    assert together == pytest.approx(one_by_one, rel=1e-4)
    np.testing.assert_allclose(jumped.state.polarisation, brute.state.polarisation, atol=5e-3)


def test_the_order_of_parts_of_a_run_does_not_matter():
    """Ten times a thousand repeats are ten thousand."""
    once, in_parts = (exact(aligned_twin.lit(aligned_twin.twin())) for _ in range(2))
    program = PROGRAMS["polarises both"]
    whole = play(once, program, 10_000)[0]
    parts = sum(play(in_parts, program, 1000)[0] for _ in range(10))
    assert whole == pytest.approx(parts, rel=1e-4)


def decaying(rate, target):
    """A program that carries both baths a step towards a target, and counts what they are."""

    def play_once(state):
        p = state.polarisation + rate * (target - state.polarisation)
        return Pass(State(state.vector, p), np.array([1.0 + p.sum()]))

    return play_once


@pytest.mark.parametrize("rate", [1e-4, 3e-3, 0.2])
@pytest.mark.parametrize("repeats", [1, 2, 5, 300, 1_000_000])
def test_an_exponential_approach_is_followed(rate, repeats):
    target = np.array([0.9, -0.3])
    state, photons = repeated(decaying(rate, target), State(), repeats)
    left = (1.0 - rate) ** repeats
    np.testing.assert_allclose(state.polarisation, target * (1.0 - left), atol=1e-4)
    total = repeats + target.sum() * (repeats - (1.0 - rate) * (1.0 - left) / rate)
    assert photons[0] == pytest.approx(total, rel=1.5e-2 if repeats > 5 else 1e-9)


def test_few_passes_serve_many_repeats():
    played = []
    inner = decaying(1e-3, np.array([0.9, 0.1]))

    def counted(state):
        played.append(1)
        return inner(state)

    repeated(counted, State(), 10**9)
    assert len(played) < 200


def test_segments_are_the_stretches_in_which_nothing_changes():
    pattern = np.array([1, 1, 1, 5, 5, 1, 1 | SIGNAL, 1 | SIGNAL], dtype=np.uint32)
    window = np.array([0, 1, 1, 1, 1, 0, 0, 1], dtype=bool)
    assert segments(pattern, [window]) == [
        (1, 1, (False,)),
        (1, 2, (True,)),
        (5, 2, (True,)),
        (1, 1, (False,)),
        (1 | SIGNAL, 1, (False,)),
        (1 | SIGNAL, 1, (True,)),
    ]
    assert segments(pattern[:1], []) == [(1, 1, ())]


@pytest.mark.parametrize("name", ["heats", "contact of |1>"])
def test_what_is_kept_from_other_plays_does_not_show(name):
    """A bench that played the same pattern with half the power counts what one counts that never did."""
    imperfect = {"bath": {"overhauser_khz": 60.0, "overhauser_shift_khz": 50.0}, "optics": {"singlet_ns": 250.0}}
    fresh, used = (exact(aligned_twin.driven(aligned_twin.lit(aligned_twin.twin(**imperfect)))) for _ in range(2))
    dbm = used.setpoints.carrier_dbm
    used.turn(carrier_dbm=dbm - 6.0)
    play(used, PROGRAMS[name], 3000)
    used.turn(carrier_dbm=dbm)
    used._state = fresh._state
    seen = [play(bench, PROGRAMS[name], 30)[0] for bench in (fresh, used)]
    assert seen[0] == pytest.approx(seen[1], rel=1e-8)
