"""The detector's row against photons added up by hand."""

import numpy as np
import pytest

from physics.paulis import INDEX, product_vector
from sequences.analysis.pair.readout import Readout

pytestmark = pytest.mark.unit

READOUT = Readout(level=0.5, left=0.002, right=0.03)


@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), (-1.0, 1.0), (0.3, -0.8)])
def test_photons_are_linear_in_either_sigma_z(left, right):
    vector = product_vector(np.array([1.0, 0.4, 0.2, left]), np.array([1.0, -0.1, 0.3, right]))
    assert READOUT.row() @ vector == pytest.approx(0.5 + 0.002 * left + 0.03 * right, abs=1e-15)


def test_nothing_else_is_read():
    read = np.flatnonzero(READOUT.row())
    assert set(read) == {0, INDEX["ZI"], INDEX["IZ"]}


def test_cross_talk_is_left_over_right():
    assert READOUT.cross_talk == pytest.approx(1 / 15)
