"""How surely something is there: by how much chi-squared falls when it is allowed for.

Not its size over its error: where nothing is, a fit may find no error for what it hides between two points.
"""

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def significance(without: Real, chi2: float) -> float:
    """In sigma. without: (points,), residuals without it, in their errors. chi2: with it."""
    return float(np.sqrt(max(0.0, float(without @ without) - chi2)))


def from_mean(values: Real, error: Real) -> Real:
    """(points,): residuals in their errors if all values were alike."""
    return np.asarray((values - np.average(values, weights=error**-2.0)) / error)
