"""The truth about a result, in the lab's names: left is the NV with the smaller x, whatever the sample calls it."""

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import PUMPED, QUARTER, SIGNAL, driven, lit, play, word

from physics.entanglement import concurrence
from simulated_instruments.truth import truth

pytestmark = pytest.mark.twin

EVOLUTION = [(54, 0), (1, word("shift") | SIGNAL)]
SWAP = np.array([0, 2, 1, 3])


def prepared(orientation_deg, first):
    """The engine after 5.4 us, from one NV flipped: the sample's own left one or right one (first)."""
    out = driven(lit(aligned_twin.twin(pair={"orientation_deg": orientation_deg}, optics={"aom_extinction": 0.0})))
    flip_right = [(2 * QUARTER, word("mw_x", "shift", "gradient"))]
    flip = flip_right if first == "right" else [(2 * QUARTER, word("mw_x", "shift")), *flip_right]
    play(out, [*PUMPED, *flip, *EVOLUTION])
    return out


def rho_of(found):
    return np.array(found["rho_re"]) + 1j * np.array(found["rho_im"])


def test_the_same_state_has_the_same_name_from_either_side():
    """A pair turned by half a turn is the same pair: what the sample calls left now lies on the right."""
    asked = {"evolution_us": 5.4}
    here, turned = prepared(25.0, "right"), prepared(205.0, "left")
    straight, swapped = truth(here, asked), truth(turned, asked)
    np.testing.assert_allclose(rho_of(swapped), rho_of(straight), atol=2e-2)
    np.testing.assert_allclose(swapped["pair_nm"], straight["pair_nm"], atol=1e-9)
    assert straight["pair_nm"][0][0] < straight["pair_nm"][1][0]
    assert swapped["p_left"] == pytest.approx(straight["p_left"], abs=2e-3)
    assert abs(swapped["p_left"] - swapped["p_right"]) > 0.02
    assert abs(rho_of(straight)[1, 1] - rho_of(straight)[2, 2]) > 0.1  # the test would see a wrong name


def test_a_turned_sample_is_permuted():
    out = prepared(205.0, "right")
    found = truth(out, {"evolution_us": 5.4})
    own = out.frozen_density_matrix(5400)
    np.testing.assert_allclose(rho_of(found), own[np.ix_(SWAP, SWAP)], atol=1e-14)
    own_left, own_right = out.freezes[5400].polarisation
    assert (found["p_left"], found["p_right"]) == (own_right, own_left)
    assert found["concurrence"] == pytest.approx(float(concurrence(own)), abs=1e-12)


def test_an_unturned_sample_is_not():
    out = prepared(25.0, "right")
    found = truth(out, {"evolution_us": 5.4})
    np.testing.assert_array_equal(rho_of(found), out.frozen_density_matrix(5400))


def test_one_above_the_other_is_named_by_y():
    out = aligned_twin.twin(pair={"orientation_deg": -90.0, "centre_nm": (0.0, 0.0)})
    lower, upper = truth(out, {})["pair_nm"]
    assert lower[0] == pytest.approx(upper[0], abs=1e-12)
    assert out.sample.pair.positions_nm[0][1] > out.sample.pair.positions_nm[1][1]


def test_several_times_give_a_course_and_the_state_at_the_best():
    out = driven(lit(aligned_twin.twin()))
    for ticks in (30, 54):
        play(out, [*PUMPED, (2 * QUARTER, word("mw_x", "shift", "gradient")), (ticks, 0), (1, word("shift") | SIGNAL)])
    found = truth(out, {"evolution_us": (3.0, 5.4), "best_us": 3.0})
    expected = [float(concurrence(out.frozen_density_matrix(ns))) for ns in (3000, 5400)]
    assert found["concurrence"] == pytest.approx(expected, abs=1e-12)
    np.testing.assert_array_equal(rho_of(found), out.frozen_density_matrix(3000))


def test_no_state_is_made_up_for_times_that_were_not_played():
    out = prepared(25.0, "right")
    assert "rho_re" not in truth(out, {"evolution_us": 7.0})
    assert "concurrence" not in truth(out, {"evolution_us": (5.4, 7.0)})
    with pytest.raises(KeyError):
        out.frozen_density_matrix(7000)


def test_the_field_is_that_of_the_bench():
    found = truth(aligned_twin.twin(), {})
    assert found["field_mt"] == pytest.approx(aligned_twin.RESONANT_MT, abs=1e-9)
    assert found["transverse_ut"] == pytest.approx(0.0, abs=1e-6)
    assert found["detuning_khz"] == pytest.approx(0.0, abs=0.1)
    off = truth(aligned_twin.twin(aligned_twin.RESONANT_MT - 0.001), {})
    assert off["detuning_khz"] == pytest.approx(19.7, abs=0.5)
    beyond = truth(aligned_twin.twin(aligned_twin.MIRROR_MT), {})
    assert beyond["detuning_khz"] == pytest.approx(0.0, abs=0.1)


def test_without_a_time_the_baths_are_those_of_the_play_before():
    """Also if a play as long was there earlier, and another one between."""
    out = prepared(25.0, "right")
    first = truth(out, {})
    for dark in (120, 54):
        play(out, [*PUMPED, (dark, 0), (1, word("shift") | SIGNAL)], repeats=2000)
    assert truth(out, {})["p_left"] == truth(out, {"evolution_us": 5.4})["p_left"] != first["p_left"]
