"""What analysis programs say of the engine's state when shots are of many classes and some NVs have no charge."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from support.known_pair import GATES, analysis_programs, calibration, counted, known_covariance

from physics.paulis import INDEX
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.engine_rows import (
    SHARES,
    ClassStates,
    Surroundings,
    class_states,
    engine_rows,
    in_engine,
    margin_moves,
    moved_rows,
    preparation,
    share_moves,
)
from sequences.analysis.pair.calibration import NAMES, SCALES
from sequences.analysis.pair.calibration_fit import modes
from sequences.analysis.pair.pair_model import pumped_state
from sequences.analysis.pair.shot_classes import Spread
from sequences.analysis.tomography.reconstruction import Asked, Beliefs, calibration_root, reconstruct
from sequences.pulses.library import hot_left

pytestmark = pytest.mark.unit

TIME_S = 5.4e-6
POLARISATION = (0.06, 0.93)
AROUND = Surroundings(POLARISATION, (1e4, 1.2e5))
LISTED = analysis_programs()[::2] + analysis_programs()[1::6]
KNOWN = calibration(spread_left_khz2=900.0, spread_right_khz2=900.0)
SHOTS = 2_000_000_000
Z = [INDEX["ZI"], INDEX["IZ"]]


@dataclass(frozen=True)
class Finely(Spread):
    """Taken on more nodes than the lab takes it on."""

    @property
    def nodes(self):
        return 11


def engine_of(c, fine=False):
    spread = c.pair.spread.narrowed(POLARISATION)
    return EngineModel(
        g_rad_per_s=c.pair.g_rad_per_s,
        zz_rad_per_s=c.pair.zz_rad_per_s,
        gamma1_per_s=250e3,
        relaxation_per_s=200.0,
        dephasing_per_s=1500.0,
        spins=20.0,
        spread=Finely(**vars(spread)) if fine else spread,
        off_rad_per_s=(1e4, -1e4),
        half_width_rad_per_s=2e3 * np.pi * 80.0,
    )


def senses():
    return [hot_left(GATES, sense) for sense in (1, -1)]


START_Z = (0.01, 0.93)


def photons_of(c):
    """Mean state of shots in which both NVs are negative, and photons of all shots; class by class, on a finer grid."""
    engine = engine_of(c, fine=True)
    there = in_engine(c, AROUND)
    pair = replace(there.pair, spread=Finely(**vars(there.pair.spread)))
    both, alone = (
        engine.states_by_class(np.array([TIME_S]), POLARISATION, START_Z, coupled)[0] for coupled in (True, False)
    )
    programs = list(dict.fromkeys(p for p, _ in LISTED))
    weight = engine.classes.weight
    z_both = np.einsum("c,cpsk,ck->ps", weight, pair.rows(programs, freshly_frozen=True), both)
    z_alone = np.einsum("c,cpsk,ck->ps", weight, pair.rows(programs, False, freshly_frozen=True), alone)
    left, right = c.charged
    z = left * right * z_both + np.array([left * (1 - right), right * (1 - left)]) * z_alone
    photons = []
    for program, beam in LISTED:
        seen, (z_left, z_right) = c.readout(beam), z[programs.index(program)]
        photons.append(seen.level + seen.left * z_left + seen.right * z_right)
    return weight @ both, np.array(photons)


@pytest.fixture(scope="module")
def truth():
    return photons_of(KNOWN)


def states_of(c):
    return class_states(engine_of(c), TIME_S, POLARISATION, START_Z)


@pytest.fixture(scope="module")
def states():
    return states_of(KNOWN)


@pytest.fixture(scope="module")
def moves():
    return moved_rows(KNOWN, AROUND, LISTED)


def asked_with(states, moves):
    rows = engine_rows(KNOWN, AROUND, states, LISTED)
    return Asked(rows, moves, margin_moves(KNOWN, AROUND, states, LISTED))


def beliefs():
    sure = calibration(known_covariance(SHOTS)).covariance
    return Beliefs(calibration_root(calibration(sure)), modes(KNOWN), np.full(5, 1e-3))


def found_with(asked, data):
    return reconstruct(asked, beliefs(), [list(enumerate(data))])


def test_rows_let_expect_the_photons_of_the_mean_state(truth, states):
    """But for the nodes of the lab's quadrature, few for a spread of 30 kHz: a fifth of what the classes change."""
    mean, photons = truth
    off = engine_rows(KNOWN, AROUND, states, LISTED) @ mean - photons
    nothing = ClassStates(np.zeros_like(states.deviation), states.alone)
    off_without = engine_rows(KNOWN, AROUND, nothing, LISTED) @ mean - photons
    assert np.sqrt(np.mean(off**2)) < 0.2 * np.sqrt(np.mean(off_without**2))
    assert np.abs(off).max() < 0.002 * KNOWN.readout("pump").left


def test_on_the_same_nodes_they_are_those_photons(truth, monkeypatch):
    monkeypatch.setattr(Spread, "nodes", 11)
    """But for how single NVs differ from one another, which are few."""
    mean, photons = truth
    same = class_states(engine_of(KNOWN), TIME_S, POLARISATION, START_Z)
    anew = KNOWN.with_values(g_rad_per_s=KNOWN.pair.g_rad_per_s * (1.0 + 1e-9))  # its own model and classes
    np.testing.assert_allclose(engine_rows(anew, AROUND, same, LISTED) @ mean, photons, atol=1e-5)


def test_the_mean_state_comes_out_unbiased(truth, states, moves):
    """With twenty times the photons of a long run nothing of the classes is left to see."""
    mean, photons = truth
    asked = asked_with(states, moves)
    pulls = []
    for seed in range(6):
        found = found_with(asked, counted(photons, LISTED, SHOTS, np.random.default_rng(seed)))
        pulls.append((found.vector - mean)[1:] / found.errors)
        assert found.fit.p_value > 1e-4
    assert np.abs(np.mean(pulls, axis=0)).max() < 1.6
    assert np.sqrt(np.mean(np.square(pulls))) < 1.2
    assert found.errors.max() < 0.02


def test_a_lab_that_knows_of_no_classes_would_err(truth, states, moves):
    """Neither of what a single NV does nor of how classes differ: many errors off."""
    mean, photons = truth
    nothing = ClassStates(np.zeros_like(states.deviation), np.eye(16)[0])
    found = found_with(asked_with(nothing, moves), counted(photons, LISTED, SHOTS, np.random.default_rng(0)))
    assert np.abs((found.vector - mean)[1:] / found.errors).max() > 5.0 or found.fit.p_value < 1e-6


def test_margins_are_part_of_every_error(states, moves):
    asked = asked_with(states, moves)
    rng = np.random.default_rng(1)
    data = counted(asked.rows @ np.eye(16)[0], LISTED, SHOTS, rng)
    sure = replace(asked, margins=np.zeros_like(asked.margins))
    with_margins, without = found_with(asked, data), found_with(sure, data)
    assert np.all(with_margins.errors >= 0.999 * without.errors)
    assert np.any(with_margins.errors > 1.05 * without.errors)


@pytest.mark.parametrize("name", ["rabi_x_rad_per_s", "doughnut_left", "neutral_right", "spread_right_khz2"])
def test_moves_are_those_of_the_rows(states, moves, name):
    """Against a difference ten times coarser, both ways."""
    k, alone = NAMES.index(name), pumped_state((0.5, 0.95))
    nothing = replace(states, deviation=np.zeros_like(states.deviation), alone=alone)
    step = 0.2 * SCALES[k]
    above, below = (engine_rows(KNOWN.moved(k, sign * step), AROUND, nothing, LISTED) for sign in (1.0, -1.0))
    np.testing.assert_allclose(moves[..., k], (above - below) / 0.4, atol=3e-6)


@pytest.mark.parametrize("share", SHARES)
def test_what_goes_with_a_class_moves_with_its_share(states, moves, share):
    """Where one per cent more of the shots are of a class, photons change by all that is special about it."""
    rows = engine_rows(KNOWN, AROUND, states, LISTED)
    change = 0.01 / SCALES[share]
    known = share_moves(KNOWN, AROUND, rows, LISTED, states_of)[..., SHARES.index(share)]
    (mean, photons), (there, seen) = photons_of(KNOWN), photons_of(KNOWN.moved(share, 0.01))
    told = (rows + change * known) @ there - rows @ mean - (seen - photons)
    told_without = (rows + change * moves[..., share]) @ there - rows @ mean - (seen - photons)
    assert np.abs(told).max() < 0.15 * np.abs(told_without).max()


def test_the_pair_behind_an_evolution_has_moved_and_narrowed():
    moved = in_engine(KNOWN, AROUND)
    v, before = moved.named, KNOWN.named
    for side, by in zip(("left", "right"), AROUND.line_shift_rad_per_s, strict=True):
        for which in ("detuning", "gradient"):
            assert v[f"{which}_{side}_rad_per_s"] - before[f"{which}_{side}_rad_per_s"] == pytest.approx(by)
    assert v["spread_right_khz2"] == pytest.approx(900.0 * (1 - 0.93**2))
    assert v["spread_left_khz2"] == pytest.approx(900.0 * (1 - 0.06**2))
    same = [n for n in NAMES if not n.startswith(("detuning", "gradient", "spread"))]
    assert [v[n] for n in same] == [before[n] for n in same]


def test_a_nucleus_elsewhere_is_prepared_otherwise():
    """Where the left line is 2 MHz off, its quarter turn is another, and the two senses leave a coherence."""
    there = in_engine(KNOWN, AROUND)
    found = preparation(there, senses())
    nucleus, weight = there.pair.classes.nucleus, there.pair.classes.weight
    main = np.all(nucleus == 0, axis=1)
    assert np.abs(weight[main] @ found.both[main][:, Z]).max() < 1e-6
    elsewhere = np.abs(found.alone[nucleus[:, 0] == 1]).max(axis=0)
    assert elsewhere[Z[0]] > 0.05
    assert max(elsewhere[INDEX["XI"]], elsewhere[INDEX["YI"]]) > 0.05


@pytest.mark.parametrize("gradient_mhz", [4.3, 4.9, 6.5, 10.0])
def test_the_two_senses_cancel_but_for_the_shift_by_a_pulse_elsewhere(gradient_mhz):
    """A pulse on the right NV shifts the left line by Omega^2 / 2 Delta, and lasts two quarters longer in one sense."""
    known = calibration(gradient_left_rad_per_s=2e6 * np.pi * gradient_mhz, spread_left_khz2=0.0, spread_right_khz2=0.0)
    main = np.all(known.pair.classes.nucleus == 0, axis=1)
    left = np.hypot(*preparation(known, senses()).alone[main][0][[INDEX["XI"], INDEX["YI"]]])
    turned = known.pair.rabi_x_rad_per_s**2 / (4e6 * np.pi * gradient_mhz) * 2e-9 * GATES.quarter_ns
    assert left == pytest.approx(np.sin(0.5 * turned) * (2.0 * known.fidelity[0] - 1.0), rel=0.15)


def test_a_close_pair_exchanges_while_it_is_prepared():
    """Without exchange the state is a product, with it the NVs are correlated."""
    far, near = (calibration(g_rad_per_s=g, zz_rad_per_s=2 * g) for g in (1.0, 4e5))
    coherence = [INDEX["XY"], INDEX["YX"]]
    correlated = [np.abs(preparation(c, senses()).both[0][coherence]).max() for c in (far, near)]
    assert correlated[0] < 1e-3 < 0.01 < correlated[1]
