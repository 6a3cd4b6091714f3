"""Shots that differ, on the bench: spread lines, nuclei, charge, all by what an experiment would see of them."""

import gc
import weakref

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import CARRIER_DBM, PI, PUMPED, QUARTER, READ, SIGNAL, TICK_S, driven, lit, play, word, z
from support.shots import FAR, HUGE, bench, exact

from simulated_instruments.truth import truth
from simulated_instruments.twin import world
from simulated_instruments.twin.pair import State

pytestmark = pytest.mark.twin

TURN = [(QUARTER, word("mw_x", "shift"))]


def cold(bench, left, right):
    """Baths so large that they stay as they are now."""
    bench._state = State(bench._state.vector, np.array([left, right]))
    return bench


def ramsey(wait_ticks, echo, **changed):
    """sigma_z of both NVs after two quarter turns with this wait between them, or with half a turn in its middle."""
    out = bench(pair=FAR, bath={"spins": HUGE} | changed.pop("bath", {}), **changed)
    half = [(wait_ticks // 2, word("shift"))]
    play(out, [*PUMPED, *TURN, *half, *(PI if echo else []), *half, *TURN], counting=False)
    return z(out)


@pytest.mark.parametrize("wait_ticks", [20, 40, 80])
def test_ramsey_fringes_decay_as_a_gaussian(wait_ticks):
    still, spread = ramsey(wait_ticks, False), ramsey(wait_ticks, False, bath={"overhauser_khz": 50.0})
    # a turn of a quarter shifts its phase by 2 / pi of its own duration
    time_s = (wait_ticks + 4 / np.pi * QUARTER) * TICK_S
    expected = np.exp(-0.5 * (2 * np.pi * 50e3 * time_s) ** 2)
    np.testing.assert_allclose(spread / still, expected, atol=6e-3)


def test_echoes_do_not_decay():
    still, spread = ramsey(80, True), ramsey(80, True, bath={"overhauser_khz": 50.0})
    np.testing.assert_allclose(spread, still, atol=5e-3)
    assert np.all(still > 0.97)


def test_the_mains_dephase_both_nvs_alike():
    """0.4 uT rms: a phase of 2 pi 28 kHz/uT t sqrt(2) 0.4 uT sin(phi), averaged over phi."""
    still, rippled = ramsey(80, False), ramsey(80, False, mains_ripple_ut=0.4)
    phi = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    time_s = (80 + 4 / np.pi * QUARTER) * TICK_S
    expected = np.mean(np.cos(2 * np.pi * 28e3 * np.sqrt(2) * 0.4 * np.sin(phi) * time_s))
    np.testing.assert_allclose(rippled / still, expected, atol=5e-3)


def test_a_polarised_bath_moves_the_line_of_its_own_nv():
    """40 kHz at p = 1: the right NV's Ramsey fringe turns by 2 pi 40 kHz t, the left one's does not."""
    out = cold(bench(pair=FAR, bath={"spins": HUGE, "overhauser_shift_khz": 40.0}), 0.0, 1.0)
    play(out, [*PUMPED, *TURN, (40, word("shift")), *TURN], counting=False)
    left, right = z(out)
    time_s = (40 + 4 / np.pi * QUARTER) * TICK_S
    assert left < -0.97
    assert right == pytest.approx(-np.cos(2 * np.pi * 40e3 * time_s), abs=0.02)


@pytest.mark.parametrize("plus", [False, True])
def test_f_plus_spreads_as_f_minus(plus):
    spread = driven(lit(aligned_twin.twin(pair=FAR, bath={"overhauser_khz": 80.0, "spins": HUGE})), plus)
    play(spread, [*PUMPED, *TURN, (40, word("shift")), *TURN], counting=False)
    time_s = (40 + 4 / np.pi * QUARTER) * TICK_S
    np.testing.assert_allclose(z(spread), -np.exp(-0.5 * (2 * np.pi * 80e3 * time_s) ** 2), atol=0.03)


def turned_by_the_second_nucleus(polarisation):
    """Share of both NVs that a narrow pulse on the line of m_I = 0 turns, near the crossing."""
    out = bench(pair=FAR, nitrogen_polarisation=polarisation, bath={"spins": HUGE})
    along, across = out.field_mt(word("shift"))
    line_hz = abs(out.lines(float(along[1]), across).minus_hz[1])
    out.turn(carrier_hz=float(line_hz), carrier_dbm=CARRIER_DBM - 20.0)
    play(out, [*PUMPED, (40, word("mw_x", "shift"))], counting=False)
    return 0.5 * (1 - z(out))


def test_each_nucleus_has_its_own_line():
    everything, some = turned_by_the_second_nucleus(1.0), turned_by_the_second_nucleus(0.9)
    np.testing.assert_allclose(some - everything, 0.05, atol=4e-3)


def test_another_nucleus_meets_no_bath():
    """2.16 MHz off the resonance: that share of the NVs stays where a pulse put it."""
    left = []
    for polarisation in (1.0, 0.8):
        out = cold(bench(pair=FAR, nitrogen_polarisation=polarisation, bath={"spins": HUGE}), 1.0, 1.0)
        out.turn(carrier_dbm=CARRIER_DBM + 20.0)  # so strong that all lines turn alike
        play(out, [*PUMPED, (1, word("mw_x", "shift")), (300, 0)], counting=False)
        left.append(0.5 * (1 - z(out)))
    assert np.all(left[1] - left[0] > 0.05)


def difference(**optics):
    """Expected counts of |0> less those of |1>, and those of |0>."""
    out = exact(bench(pair=FAR, bath={"spins": HUGE}, optics={"background_cps": 0.0, "dark_cps": 0.0} | optics))
    bright, dark = (play(out, [*PUMPED, *turn, *READ], 1000)[0] for turn in ([], PI))
    return bright - dark, bright


def test_charge_takes_contrast_away():
    whole, bright = difference()
    some, dimmer = difference(nv_minus=0.7)
    assert some / whole == pytest.approx(0.7, abs=1e-3)
    assert dimmer / bright == pytest.approx(0.7 + 0.3 * 0.15, abs=3e-3)


def test_charge_slows_the_cooling():
    gained = []
    for share in (1.0, 0.6):
        out = bench(pair=FAR, bath={"spins": HUGE}, optics={"nv_minus": share})
        play(out, [(700, word("depletion", "gradient"))], 10)
        gained.append(out.state.polarisation[1])
    assert gained[1] / gained[0] == pytest.approx(0.6, rel=2e-3)


def frozen(**changed):
    out = cold(bench(bath={"spins": HUGE} | changed.pop("bath", {}), **changed), 0.0, 0.9)
    play(out, [*PUMPED, (2 * QUARTER, word("mw_x", "shift", "gradient")), (54, 0), (1, word("shift") | SIGNAL)])
    return out


def test_the_truth_is_of_shots_with_both_charges():
    np.testing.assert_allclose(
        frozen(optics={"nv_minus": 0.5}).freezes[5400].vector, frozen().freezes[5400].vector, atol=1e-6
    )


def test_the_truth_is_averaged_over_the_spread():
    still, spread = (frozen(bath={"overhauser_khz": khz}) for khz in (0.0, 80.0))
    asked = {"evolution_us": 5.4}
    assert truth(spread, asked)["signed_concurrence"] < truth(still, asked)["signed_concurrence"] - 0.05


def test_many_classes_are_one_pair_where_all_are_alike(monkeypatch):
    """The path of shots that differ, without a difference: as the path of shots that are alike."""
    program = [(300, word("depletion", "gradient")), *TURN, (54, 0), *TURN, *READ]
    alone = exact(bench())
    counted = [play(alone, program, repeats)[0] for repeats in (1, 300)]
    monkeypatch.setattr(world, "has_classes", lambda _: True)
    averaged = exact(bench())
    assert [play(averaged, program, repeats)[0] for repeats in (1, 300)] == pytest.approx(counted, rel=3e-5)
    np.testing.assert_allclose(averaged.state.vector, alone.state.vector, atol=3e-5)
    np.testing.assert_allclose(averaged.state.polarisation, alone.state.polarisation, atol=1e-4)


def test_what_the_nvs_give_the_baths_take_on_average():
    """Near the first resonance the sum is kept; the other one is far enough away where the lines are narrow."""
    closed = {"spins": 20.0, "t1n_s": 1e6, "overhauser_khz": 20.0, "cr_half_width_khz": 20.0}
    out = cold(bench(bath=closed, rates={"gamma_sl_per_s": 0.0}), 0.1, 0.6)
    play(out, [*PUMPED, *TURN], counting=False)
    before = 20.0 * out.state.polarisation.sum() + z(out).sum()
    out.turn(green_w=0.0, depletion_w=0.0)
    play(out, [(100, 0)], counting=False)
    assert 20.0 * out.state.polarisation.sum() + z(out).sum() == pytest.approx(before, abs=1e-3)


def test_a_program_that_was_played_leaves_no_propagators_behind(monkeypatch):
    """They are megabytes in many classes, and Python's search for garbage does not see how large they are."""
    made = []
    of = world.ensemble_of
    monkeypatch.setattr(world, "ensemble_of", lambda *given: made.append(weakref.ref(ens := of(*given))) or ens)
    out = bench(bath={"overhauser_khz": 75.0, "overhauser_shift_khz": 50.0})
    gc.disable()
    try:
        play(out, [*PUMPED, *TURN, (40, 0), *READ], 1000)
    finally:
        gc.enable()
    assert made
    assert [one for one in made if one() is not None] == []
