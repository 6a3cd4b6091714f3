"""Classes of shots: a quadrature over what varies from shot to shot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequences.analysis.pair.shot_classes import NO_SPREAD, Spread, classes, frozen_field, nitrogen_lines

pytestmark = pytest.mark.unit

KHZ = 2 * np.pi * 1e3
variances = st.floats(0.0, 1e4)
shares = st.floats(0.0, 0.2)


def moments(spread):
    """Mean (2,) and covariance (2, 2) in kHz of the shots with both nuclei in m_I = +1."""
    found = classes(spread)
    main = np.all(found.nucleus == 0, axis=1)
    weight, offset = found.weight[main] / found.weight[main].sum(), found.offset_rad_per_s[main] / KHZ
    mean = weight @ offset
    return mean, np.einsum("c,ci,cj->ij", weight, offset - mean, offset - mean)


@given(variances, variances, variances, shares, shares)
def test_lines_vary_as_they_are_said_to(left, right, common, zero, minus):
    mean, covariance = moments(Spread(left, right, common, zero, minus))
    np.testing.assert_allclose(mean, 0.0, atol=1e-6)
    np.testing.assert_allclose(covariance, [[left + common, common], [common, right + common]], rtol=1e-9, atol=1e-6)


@given(variances, variances, shares, shares)
def test_weights_are_those_of_a_mixture(left, right, zero, minus):
    """Each NV has its own nucleus."""
    found = classes(Spread(left, right, 0.0, zero, minus, (-1.2e7, -2.8e7)))
    assert found.weight.sum() == pytest.approx(1.0)
    for steps, share in ((1, zero), (2, minus)):
        for side in (0, 1):
            at = found.nucleus[:, side] == steps
            assert found.weight[at].sum() == pytest.approx(share, abs=1e-12)
            np.testing.assert_allclose(found.offset_rad_per_s[at, side], (-1.2e7, -2.8e7)[steps - 1])


@given(variances, variances)
def test_the_other_line_keeps_its_spread_where_a_nucleus_is_elsewhere(left, right):
    found = classes(Spread(left, right, 30.0, 0.1, 0.0))
    at = (found.nucleus[:, 0] == 1) & (found.nucleus[:, 1] == 0)
    weight, other = found.weight[at] / found.weight[at].sum(), found.offset_rad_per_s[at, 1] / KHZ
    assert weight @ other**2 == pytest.approx(right + 30.0)


def test_no_spread_is_one_kind_of_shots():
    found = classes(NO_SPREAD)
    np.testing.assert_array_equal(found.offset_rad_per_s[found.weight > 0], 0.0)


def test_a_wider_spread_is_taken_on_more_nodes():
    nodes = [Spread(sigma_khz**2, 0.0).nodes for sigma_khz in (0.0, 10.0, 30.0, 50.0, 70.0, 200.0)]
    assert nodes == sorted(nodes)
    assert (nodes[0], nodes[-1]) == (3, 17)


def test_a_polarised_bath_narrows_its_own_line_only():
    assert Spread(100.0, 200.0, 10.0, 0.02, 0.01).narrowed((0.0, 0.8)) == Spread(
        100.0, pytest.approx(72.0), 10.0, 0.02, 0.01
    )


def test_lines_of_other_nuclei_are_those_of_the_exact_levels():
    """One hyperfine step, 2.16 MHz, apart far from the crossing; near it neither in size nor in sense."""
    far = np.array(nitrogen_lines(10.0)) / (2 * np.pi * 1e6)
    np.testing.assert_allclose(far, [-2.16, -4.32], atol=0.1)
    near = frozen_field(102.4755, -1.0)
    np.testing.assert_allclose(np.array(near.nitrogen_rad_per_s) / (2 * np.pi * 1e6), [-1.945, -4.390], atol=1e-3)
    assert near.shift_step_rad_per_s == pytest.approx(2 * np.pi * 28e6)
