"""A twin whose shots differ, with the light on, and one that counts without chance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.twin import Twin
from support import aligned_twin
from support.aligned_twin import driven, lit

HUGE = 1_000_000.0

FAR = {"separation_nm": 400.0}
"""So far apart that neither feels the other."""


class Expected:
    """In place of the random generator: the expected counts themselves, in millionths."""

    def poisson(self, expected: NDArray[np.float64]) -> NDArray[np.float64]:
        millionths: NDArray[np.float64] = np.round(np.asarray(expected) * 1e6)
        return millionths


def bench(**changed: Any) -> Twin:
    """Driven and lit."""
    optics = {"aom_extinction": 0.0} | changed.pop("optics", {})
    return driven(lit(aligned_twin.twin(optics=optics, **changed)))


def exact(bench: Twin) -> Twin:
    """The same, counting what is expected."""
    bench._counting = Expected()  # type: ignore[assignment]
    return bench
