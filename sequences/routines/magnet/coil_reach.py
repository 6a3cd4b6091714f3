"""What the coils can reach: refusals that name coil, current, limit and field, before a ramp rather than after it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.magnet.field_model import FieldModel
from sequences.core.lab import Lab
from sequences.results import SequenceError

COILS: Final = ("trim x", "trim y", "main")
_MAIN: Final = 2
_SIGMAS: Final = 3.0


def check_limits(lab: Lab, currents_a: Sequence[float]) -> None:
    """Raises SequenceError if a coil would need more than its limit."""
    per_a = np.linalg.norm(np.array(lab.guesses.coil_matrix_mt_per_a), axis=0)
    for coil, current_a in enumerate(currents_a):
        if abs(current_a) > lab.magnet.limits_a[coil]:
            raise _beyond(lab, coil, f"The field needs {current_a:.4f} A", float(current_a), float(per_a[coil]))


def check_reach(lab: Lab, model: FieldModel, along_mt: float) -> None:
    """Raises SequenceError if this field along the axis surely takes more current than a coil may carry.

    Surely: by three sigma of what the model knows of the coils so far.
    """
    currents_a = model.currents_for(along_mt)
    rows = np.array(model.values[:12]).reshape(3, 4)[:, :3]
    errors_a = np.abs(np.linalg.inv(rows)) @ model.errors_mt(currents_a)
    per_a: NDArray[np.float64] = np.linalg.norm(rows, axis=0)
    for coil, (current_a, error_a) in enumerate(zip(currents_a, errors_a, strict=True)):
        if abs(current_a) - _SIGMAS * error_a > lab.magnet.limits_a[coil]:
            needs = f"{along_mt:.2f} mT along the NV axis need {current_a:.4f}(±{error_a:.4f}) A"
            raise _beyond(lab, coil, needs, float(current_a), float(per_a[coil]))


def coils(lab: Lab, model: FieldModel) -> str:
    """What a model takes the coils for, in a sentence."""
    nominal = np.linalg.norm(np.array(lab.guesses.coil_matrix_mt_per_a), axis=0)
    found = np.linalg.norm(np.array(model.values[:12]).reshape(3, 4)[:, :3], axis=0)
    each = [f"{name} {made:.1f} ({guess:g})" for name, made, guess in zip(COILS, found, nominal, strict=True)]
    return f"The best fit has coils of {', '.join(each)} mT/A (guesses.coil_matrix_mt_per_a)"


def _beyond(lab: Lab, coil: int, needs: str, current_a: float, mt_per_a: float) -> SequenceError:
    limit_a = float(lab.magnet.limits_a[coil])
    name, key = COILS[coil], "main_a" if coil == _MAIN else "trim_a"
    whose = f"limits.{key} of station.yaml" if limit_a >= getattr(lab.limits, key) else "all that its supply gives"
    return SequenceError(
        f"{needs} in the {name} coil, whose limit is {limit_a:g} A ({whose}): {abs(current_a) * mt_per_a:.2f} mT, of "
        f"which it may make {limit_a * mt_per_a:.2f} mT",
        _main_remedy(key) if coil == _MAIN else _trim_remedy(key),
        coil=name,
        current_a=current_a,
        limit_a=limit_a,
    )


def _main_remedy(key: str) -> str:
    return f"Bring the coil closer, ask for less field, or raise limits.{key} if coil and supply can take it"


def _trim_remedy(key: str) -> str:
    return f"Turn the diamond or the magnet closer to the NV axis, or raise limits.{key} if the coil can take it"
