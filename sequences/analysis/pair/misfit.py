"""What a fit that does not explain its counts may be short of: single numbers, ranked by the chi-squared they save."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.pair.calibration import PairCalibration

Real = NDArray[np.float64]

BEARABLE_P: Final = 1e-3
"""Above it a chi-squared is usual."""
WORST_REDUCED: Final = 1.25
"""Up to it errors are widened; beyond it the model does not hold."""
_SAVES: Final = 0.5
"""Share of the excess of chi-squared that an explanation must save."""


@dataclass(frozen=True)
class Extension:
    """One number that the model could be given, or freed of what was believed of it."""

    name: str
    size: float
    """Its best value, in `unit`."""
    size_err: float
    unit: str
    saved: float
    """Chi-squared that it saves."""

    def __str__(self) -> str:
        return f"{self.name} {self.size:.3g}(±{self.size_err:.2g}) {self.unit}".strip()


@dataclass(frozen=True)
class Verdict:
    """What is made of a chi-squared."""

    factor: float
    """By which all errors are to be widened: 1 for a usual one."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A direction in which the expected counts could be moved."""

    name: str
    column: Real
    """(N,): change of the measurements' expected values, over their errors, with one unit."""
    unit: str = ""
    there: float = 0.0
    """Where the number stands now."""


def ranked(excess: Real, design: Real, candidates: Sequence[Candidate]) -> list[Extension]:
    """Extensions by what each alone would save, the best first.

    excess: (N,), residuals of the fit. design: (N, k), whitened columns of what was fitted: what a candidate shares
    with them has been tried already.
    """
    basis, _ = np.linalg.qr(design)
    out = []
    for candidate in candidates:
        own = candidate.column - basis @ (basis.T @ candidate.column)
        length = float(own @ own)
        if length < 1e-9 * max(float(candidate.column @ candidate.column), 1e-300):
            continue
        size = float(own @ excess) / length
        error = length**-0.5
        out.append(Extension(candidate.name, candidate.there + size, error, candidate.unit, size**2 * length))
    return sorted(out, key=lambda extension: -extension.saved)


def verdict(chi2: float, freedom: float, p_value: float) -> Verdict | None:
    """Usual, bearable with wider errors, or None: not to be believed."""
    if p_value >= BEARABLE_P:
        return Verdict(1.0)
    reduced = chi2 / max(freedom, 1.0)
    if reduced > WORST_REDUCED:
        return None
    note = (
        f"The counts scatter more than the model says (reduced chi2 {reduced:.2f}, p = {p_value:.1g}): "
        f"all errors are widened by {np.sqrt(reduced):.2f}"
    )
    return Verdict(float(np.sqrt(reduced)), (note,))


def explained(
    chi2: float, freedom: float, extensions: Sequence[Extension], remedies: Mapping[str, str]
) -> tuple[str, str]:
    """What a refusal says of it, and what to do: the best explanation, or that none of them is one."""
    excess = chi2 - freedom
    if extensions and extensions[0].saved > _SAVES * excess:
        best = extensions[0]
        others = "".join(f"; {e} would save {e.saved:.0f}" for e in extensions[1:3] if e.saved > 0.3 * best.saved)
        return (
            f"best explained by {best}, which saves {best.saved:.0f} of chi2{others}",
            remedies.get(best.name, "Measure it, or mend its cause"),
        )
    return ("no single imperfection that the model knows explains it", "")


def widened(calibration: PairCalibration, factor: float) -> PairCalibration:
    """The same values with errors so much larger."""
    return replace(calibration, covariance=calibration.covariance * factor**2)
