"""The magnet model learns twelve numbers from exact lines, keeps rivals, and says how sure it is."""

from dataclasses import replace

import numpy as np
import pytest

from physics.levels import nv_lines
from sequences.analysis.magnet.field_fit import LineSeen, fit_field, likely_drift
from sequences.analysis.magnet.field_model import FieldModel, anchored_model, counted_from_zero, drifted, nominal_model

NOMINAL = ((40.0, 0.0, 0.0), (0.0, 40.0, 0.0), (0.0, 0.0, 110.0))
TRUE = (1.2, -0.9, 110.4, 0.02, 40.6, 0.3, 2.1, -0.03, 0.0, 39.4, -1.4, 0.02, 9e3)
SETTINGS = [
    (0.0, 0.0, 0.05),
    (0.0, 0.0, 0.1),
    (0.1, 0.0, 0.1),
    (-0.1, 0.0, 0.1),
    (0.0, 0.1, 0.1),
    (0.0, -0.1, 0.1),
    (0.1, 0.1, 0.1),
    (0.0, 0.0, 0.5),
    (0.05, 0.0, 0.5),
    (0.0, 0.05, 0.5),
]


def fitted(seed: int) -> tuple[FieldModel, FieldModel]:
    """The truth, and what is learned from two noisy lines at each setting, in order."""
    rng = np.random.default_rng(seed)
    prior = nominal_model(NOMINAL, 1e4)
    truth = FieldModel(TRUE, np.zeros((13, 13)))
    seen, known = [], [prior]
    for currents in SETTINGS:
        for plus in (False, True):
            true_hz = float(truth.lines_hz(currents)[plus][0])
            seen.append(LineSeen(currents, plus, true_hz + 5e3 * rng.standard_normal(), 5e3))
            known = fit_field(prior, known, seen)
    return truth, known[0]


def test_the_field_is_learned_within_its_errors():
    pulls = []
    for seed in range(4):
        truth, model = fitted(seed)
        for currents in ((0.03, -0.02, 0.45), (0.0, 0.0, 0.09)):
            wrong = model.vector_mt(currents)[0] - truth.vector_mt(currents)[0]
            pulls.append(float(wrong / model.errors_mt(currents)[0]))
            across = abs(float(model.along_across_mt(currents)[1] - truth.along_across_mt(currents)[1]))
            assert across < 4 * float(np.hypot(*model.errors_mt(currents)[1:]))
        assert model.chi2 < 45
        assert model.errors_mt((0.0, 0.0, 0.45))[0] < 3e-4
    assert np.abs(pulls).max() < 4


def test_currents_make_the_field_that_was_asked_for():
    truth = FieldModel(TRUE, np.zeros((13, 13)))
    currents = truth.currents_for(90.0, (0.1, -0.2))
    assert truth.vector_mt(currents) == pytest.approx([90.0, 0.1, -0.2], abs=1e-9)


def test_lines_are_those_of_the_exact_levels_plus_the_common_shift():
    truth = FieldModel(TRUE, np.zeros((13, 13)))
    along, across = truth.along_across_mt((0.0, 0.05, 0.3))
    minus, plus = truth.lines_hz((0.0, 0.05, 0.3))
    exact = nv_lines(along, across)
    assert minus == pytest.approx(np.abs(exact.minus_hz) + 9e3)
    assert plus == pytest.approx(exact.plus_hz + 9e3)


def test_the_predicted_error_of_a_line_grows_with_the_current():
    prior = nominal_model(NOMINAL)
    low, high = (prior.line_errors_hz((0.0, 0.0, main))[0] for main in (0.02, 0.2))
    assert high > 3 * low > 1e6


def test_an_anchor_holds_where_it_was_hung_and_nowhere_else():
    anchored = anchored_model(nominal_model(NOMINAL), (0.05, -0.02, 0.93), 102.4755, 0.03)
    assert anchored.vector_mt((0.05, -0.02, 0.93)) == pytest.approx([102.4755, 0.0, 0.0])
    assert anchored.errors_mt((0.05, -0.02, 0.93)) == pytest.approx([0.03, 0.03, 0.03])
    assert anchored.errors_mt((0.05, -0.02, 0.5))[0] > 0.5


def test_moving_the_origin_changes_nothing_that_can_be_seen():
    anchored = anchored_model(nominal_model(NOMINAL), (0.05, -0.02, 0.93), 102.4755, 0.03)
    moved = counted_from_zero(anchored)
    for currents in ((0.0, 0.0, 0.0), (0.05, -0.02, 0.93), (0.1, 0.1, 0.5)):
        assert moved.vector_mt(currents) == pytest.approx(anchored.vector_mt(currents), abs=1e-9)
        assert moved.errors_mt(currents) == pytest.approx(anchored.errors_mt(currents), rel=1e-5)


def test_drift_adds_to_what_is_not_known():
    model = drifted(FieldModel(TRUE, np.zeros((13, 13))), 0.005)
    assert model.errors_mt((0.0, 0.0, 0.9)) == pytest.approx([0.005, 0.005, 0.005])
    mean, spread = model.across_estimate_mt(model.currents_for(50.0))
    assert mean == pytest.approx(0.005 * np.sqrt(np.pi / 2))  # of a Rayleigh distribution
    assert spread == pytest.approx(0.005 * np.sqrt(2 - np.pi / 2))


def walked(seed: int, drift: float, minutes: float = 2.0) -> tuple[FieldModel, FieldModel, list[LineSeen]]:
    """As `fitted`, but the residual field drifts, in mT per root second: the truth at the end, what is learned, lines.

    The lines are those of the model itself; that the model is right, other tests show.
    """
    rng = np.random.default_rng([seed, 7])
    prior = replace(nominal_model(NOMINAL, 1e4), drift_mt_per_sqrt_s=drift)
    values, seen, known, time_s = np.array(TRUE), [], [prior], 0.0
    for currents in (*SETTINGS, *SETTINGS):
        for plus in (False, True):
            time_s += 60.0 * minutes
            values[[3, 7, 11]] += drift * np.sqrt(60.0 * minutes) * rng.standard_normal(3)
            truth = FieldModel(tuple(values), np.zeros((13, 13)))
            true_hz = float(truth.lines_hz(currents)[plus][0])
            seen.append(LineSeen(currents, plus, true_hz + 5e3 * rng.standard_normal(), 5e3, time_s))
            known = fit_field(prior, known, seen)
    return truth, known[0], seen


WALK = 3e-4 / 60.0**0.5


def test_a_walking_field_is_known_for_now_within_its_errors():
    pulls = []
    for seed in range(6):
        truth, model, _ = walked(seed, WALK)
        for currents in ((0.0, 0.0, 0.09), (0.02, 0.0, 0.4), (0.0, 0.03, 0.45)):
            pulls.append((model.vector_mt(currents)[0] - truth.vector_mt(currents)[0]) / model.errors_mt(currents)[0])
        assert model.chi2 / model.lines < 1.6
    assert 0.5 < np.std(pulls) < 1.6  # 18 correlated pulls: their standard deviation itself errs by 0.25


def test_the_scatter_of_the_lines_tells_how_fast_the_field_walks():
    prior = nominal_model(NOMINAL, 1e4)
    for drift in (WALK, 4 * WALK):
        found = [likely_drift(prior, model, seen) for _, model, seen in (walked(seed, drift) for seed in range(2))]
        assert 0.6 < np.exp(np.mean(np.log(found))) / drift < 1.7
    _, model, seen = walked(1, 0.0)
    assert likely_drift(prior, model, seen) < 0.5 * WALK


def test_later_a_model_is_worth_less():
    model = replace(FieldModel(TRUE, np.zeros((13, 13))), time_s=100.0, drift_mt_per_sqrt_s=1e-4)
    assert model.at(1700.0).errors_mt((0.0, 0.0, 0.9)) == pytest.approx([4e-3, 4e-3, 4e-3])
    assert model.at(100.0).errors_mt((0.0, 0.0, 0.9)) == pytest.approx([0, 0, 0])
