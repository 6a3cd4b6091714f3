"""What is made of a chi-squared: usual, widened or refused, and by which number it would be explained."""

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_law
from support.known_pair import GATES, calibration, counted

from sequences.analysis.pair.calibration import NAMES, SCALES
from sequences.analysis.pair.calibration_fit import CalibrationFit
from sequences.analysis.pair.misfit import Candidate, Extension, explained, ranked, verdict, widened
from sequences.analysis.statistics.drifting_fit import Round, solve
from sequences.results import SequenceError
from sequences.routines.pair.calibration_programs import programs
from sequences.routines.pair.judgement import REMEDIES, judged

pytestmark = pytest.mark.unit

FREEDOM = 400.0


def verdict_of(reduced):
    chi2 = reduced * FREEDOM
    return verdict(chi2, FREEDOM, float(chi2_law.sf(chi2, FREEDOM)))


def test_a_usual_chi2_leaves_errors_as_they_are():
    found = verdict_of(1.1)
    assert (found.factor, found.notes) == (1.0, ())


def test_a_bearable_one_widens_them_and_says_so():
    found = verdict_of(1.24)
    assert found.factor == pytest.approx(1.24**0.5)
    assert "errors are widened by 1.11" in found.notes[0]


def test_one_that_is_too_large_is_not_believed():
    assert verdict_of(1.26) is None
    assert verdict(1e3, FREEDOM, 0.5).factor == 1.0  # it is the probability that counts


def test_widening_is_of_errors():
    known = widened(calibration(np.diag(SCALES**2)), 1.2)
    np.testing.assert_allclose(known.errors, 1.2 * SCALES)
    assert known.values == calibration().values


def test_the_column_that_moved_the_counts_saves_most():
    rng = np.random.default_rng(0)
    design, columns = rng.normal(size=(200, 5)), rng.normal(size=(200, 4))
    excess = 0.7 * columns[:, 2] + rng.standard_normal(200)
    excess -= design @ np.linalg.lstsq(design, excess, rcond=None)[0]
    candidates = [Candidate(str(k), columns[:, k], "kHz", there=1.0) for k in range(4)]
    first, *others = ranked(excess, design, [*candidates, Candidate("fitted", design @ np.ones(5))])
    assert first.name == "2"
    assert abs(first.size - 1.7) < 4.0 * first.size_err
    assert first.size_err == pytest.approx(200**-0.5, rel=0.15)
    assert first.saved > 10.0 * max(other.saved for other in others)
    assert "fitted" not in {other.name for other in others}
    assert str(first).endswith("kHz")


def test_an_excess_that_nothing_explains_is_said_to_be_so():
    small = Extension("leak", 1.0, 0.5, "", saved=4.0)
    why, remedy = explained(500.0, 300.0, [small], {"leak": "Mend it"})
    assert "no single imperfection" in why
    assert remedy == ""
    why, remedy = explained(500.0, 300.0, [Extension("leak", 1.0, 0.05, "", saved=190.0), small], {"leak": "Mend it"})
    assert why.startswith("best explained by leak 1(±0.05)")
    assert remedy == "Mend it"


LISTED = [(program, beam) for program, beam, _ in programs(GATES)]
KNOWN = calibration()


@pytest.fixture(scope="module")
def jacobian():
    return KNOWN.jacobian(LISTED)


def judged_when(jacobian, moved, sigmas):
    """The judgement of a fit that believes so much of some numbers, when one of them is elsewhere."""
    expected, rng = KNOWN.expected(LISTED), np.random.default_rng(5)
    data = counted(expected, LISTED, 20_000_000, rng)
    error = np.array([d.error for d in data])
    believed = np.full(len(NAMES), np.inf)
    for name, sigma in sigmas.items():
        believed[NAMES.index(name)] = sigma / SCALES[NAMES.index(name)]
    off = sum(jacobian[:, NAMES.index(name)] * by / SCALES[NAMES.index(name)] for name, by in moved.items())
    seen = np.array([d.per_shot for d in data]) + off
    linear = solve([Round((seen - expected) / error, jacobian / error[:, None])], np.zeros((0, len(NAMES))), believed)
    return judged(CalibrationFit(KNOWN, True, linear), [data])


BELIEVED = {
    "quadrature_rad": 1e-4,
    "microwave_late_ns": 0.1,
    "settling_share": 1e-5,
    "spread_common_khz2": 1.0,
    "nitrogen_zero": 1e-4,
    "nitrogen_minus": 1e-4,
}


@pytest.mark.parametrize(
    ("name", "by"),
    [("quadrature_rad", 0.05), ("microwave_late_ns", 40.0), ("nitrogen_zero", 0.05), ("nitrogen_minus", 0.05)],
)
def test_the_number_that_is_not_as_believed_is_named(jacobian, name, by):
    with pytest.raises(SequenceError, match=f"does not explain its counts .*: best explained by {name}") as refused:
        judged_when(jacobian, {name: by}, BELIEVED)
    assert refused.value.remedy == REMEDIES[name]


def test_what_is_as_believed_is_believed(jacobian):
    assert judged_when(jacobian, {}, BELIEVED).factor == 1.0
