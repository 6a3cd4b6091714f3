"""A twin whose shots differ, with the light on, and one that counts without chance."""

import numpy as np

from support import aligned_twin
from support.aligned_twin import driven, lit

HUGE = 1_000_000.0

FAR = {"separation_nm": 400.0}
"""So far apart that neither feels the other."""


class Expected:
    """In place of the random generator: the expected counts themselves, in millionths."""

    def poisson(self, expected):
        return np.round(np.asarray(expected) * 1e6)


def bench(**changed):
    optics = {"aom_extinction": 0.0} | changed.pop("optics", {})
    return driven(lit(aligned_twin.twin(optics=optics, **changed)))


def exact(bench):
    bench._counting = Expected()
    return bench
