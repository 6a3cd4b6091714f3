"""Whether counts are explained by their model; if not, the refusal that says by what they would be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import NAMES, SCALES, CountedProgram
from sequences.analysis.pair.calibration_fit import CalibrationFit
from sequences.analysis.pair.misfit import BEARABLE_P, Candidate, Verdict, explained, ranked, verdict
from sequences.analysis.statistics.drifting_fit import Drifting
from sequences.analysis.tomography.reconstruction import Reconstruction
from sequences.results import SequenceError

Real = NDArray[np.float64]

_LEAST_POLARISATION: Final = 0.5
"""Of the right bath less the left one."""
REMEDIES: Final = {
    "spread_left_khz2": "Choose a pair with a longer T2*, or a sample with less 13C",
    "spread_right_khz2": "Choose a pair with a longer T2*, or a sample with less 13C",
    "spread_common_khz2": "Look for 50 Hz in the magnet's supplies and near the sample",
    "nitrogen_zero": "Align better (labctl run align): the nucleus is polarised only with the field on the NV axis",
    "nitrogen_minus": "Align better (labctl run align): the nucleus is polarised only with the field on the NV axis",
    "neutral_left": "Look at the charge state: less green power, or a longer wait after it",
    "neutral_right": "Look at the charge state: less green power, or a longer wait after it",
    "microwave_late_ns": "Measure the delays of the lines (labctl run delays)",
    "settling_share": "Look for eddy currents near the pulsed coils, or slow their switches",
    "quadrature_rad": "Trim phase and amplitude of the quadratures at the source",
    "fidelity_left": "Pump longer, or with less power",
    "fidelity_right": "Pump longer, or with less power",
    "detuning_right_rad_per_s": "The line has moved since it was measured: repeat labctl run calibrate",
    "detuning_left_rad_per_s": "The line has moved since it was measured: repeat labctl run calibrate",
    "rabi_x_rad_per_s": "The microwave's power has moved since it was measured: repeat labctl run rabi and calibrate",
    "doughnut_left": "The doughnut's null has moved: repeat labctl run locate and calibrate",
}
_WORST_PROGRAMS: Final = 3
_WORST_RELEASE: Final = 4.0
"""Reduced chi-squared of a dozen numbers, whose scatter tells a factor to a fifth."""


def judged(fit: CalibrationFit, data: Sequence[Sequence[CountedProgram]]) -> Verdict:
    """Raises SequenceError naming the best explanation if the calibration's counts contradict its model."""
    found = fit.linear
    bearable = verdict(found.chi2, found.freedom, found.p_value)
    if bearable and not fit.converged:
        raise SequenceError(
            "The fit of the calibration has not come to rest: its last step still moved a number by half of its error",
            "Calibrate for longer (hours), or look for lines that are too broad (relaxometry, rabi)",
        )
    if bearable:
        return bearable
    p = len(NAMES)
    candidates = [
        Candidate(name, found.design[:, k] / SCALES[k], "", fit.calibration.values[k])
        for k, name in enumerate(NAMES)
        if np.isfinite(found.believed[k])
    ]
    free = [k for k in range(p) if not np.isfinite(found.believed[k])]
    extensions = ranked(found.excess, found.design[:, free], candidates)
    why, remedy = explained(found.chi2, found.freedom, extensions, REMEDIES)
    names = [d.program.name + " under " + d.beam for part in data for d in part]
    raise SequenceError(
        f"The calibration's model does not explain its counts (reduced chi2 {found.reduced_chi2:.2f}): {why}",
        remedy or f"Farthest off are {worst(found, names)}. Look for what changes during the run",
        reduced_chi2=found.reduced_chi2,
    )


def worst(found: Drifting, names: Sequence[str]) -> str:
    """The programs that are farthest off, each with by how many of its errors."""
    order = np.argsort(-np.abs(found.excess))[:_WORST_PROGRAMS]
    return ", ".join(f"{names[k]!r} by {found.excess[k]:+.1f} sigma" for k in order)


def judged_state(found: Reconstruction, names: Sequence[str]) -> tuple[Reconstruction, tuple[str, ...]]:
    """The reconstruction, its errors as wide as they must be, and notes. SequenceError if no state explains it."""
    fit = found.fit
    bearable = verdict(fit.chi2, fit.freedom, fit.p_value)
    if bearable and (wide := found.widened(bearable.factor)).physical_p >= BEARABLE_P:
        return wide, bearable.notes
    if bearable:
        raise SequenceError(
            f"No state explains the counts: what fits them best is none (p = {wide.physical_p:.1g})",
            "The bench is not as calibrated: repeat `labctl run calibrate`, and look at field, null and light",
            p_value=wide.physical_p,
        )
    extensions = ranked(fit.excess, fit.design[:, :15], found.candidates)
    why, remedy = explained(fit.chi2, fit.freedom, extensions, REMEDIES)
    raise SequenceError(
        f"No state explains the counts (chi2 {fit.chi2:.0f} for {fit.freedom:.0f} degrees of freedom): {why}",
        remedy or f"Farthest off are {worst(fit, names)}. Repeat `labctl run calibrate`, and look at field and null",
        chi2=fit.chi2,
    )


def judged_release(found: Release) -> tuple[Release, tuple[str, ...]]:
    """The release with errors as wide as its fit makes them, and notes. SequenceError if the fit does not hold."""
    if found.p_value >= BEARABLE_P:
        return found, ()
    if found.reduced_chi2 > _WORST_RELEASE:
        raise SequenceError(
            f"The model of the release does not explain its counts (reduced chi2 {found.reduced_chi2:.1f})",
            "Look at field and null (labctl run align, locate), and repeat labctl run calibrate",
            reduced_chi2=found.reduced_chi2,
        )
    factor = float(np.sqrt(found.reduced_chi2))
    note = f"The release fits badly (reduced chi2 {found.reduced_chi2:.1f}): its errors are widened by {factor:.1f}"
    return replace(found, covariance=found.covariance * found.reduced_chi2), (note,)


def check_apart(found: Release) -> None:
    """Raises SequenceError if the baths are so alike in temperature that nothing can be run on them."""
    left, right = found.polarisation
    if right - left < _LEAST_POLARISATION:
        raise SequenceError(
            f"The baths are not apart in temperature: p_L = {left:.2f}(±{found.polarisation_err[0]:.2f}), "
            f"p_R = {right:.2f}(±{found.polarisation_err[1]:.2f}); the engine has no heat to run on",
            "Look at the doughnut's null and power (labctl run locate, calibrate), and at the gradient's compensation",
            polarisation_left=left,
            polarisation_right=right,
        )
