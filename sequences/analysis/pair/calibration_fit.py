"""All numbers of the pair from the counts of known programs: one fit, with the covariance of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sequences.analysis.pair.calibration import NAMES, SCALES, SHARES, CountedProgram, PairCalibration
from sequences.analysis.statistics.drifting_fit import Drifting, Round, flickered, solve

Real = NDArray[np.float64]

MODES: Final = (
    ("microwave power", ("rabi_x_rad_per_s", "rabi_y_rad_per_s"), True),
    (
        "field",
        (
            "detuning_left_rad_per_s",
            "detuning_right_rad_per_s",
            "gradient_left_rad_per_s",
            "gradient_right_rad_per_s",
        ),
        False,
    ),
    ("green power", ("pump_left", "pump_right"), True),
    ("doughnut power", ("doughnut_left", "doughnut_right"), True),
    ("null of the doughnut", ("doughnut_left",), True),
)
"""What may differ from round to round: the numbers that it moves, in proportion to their size or all alike."""
_MODE_UNIT: Final = 1e-2
"""Of a mode that moves numbers in proportion to their size."""
_BEGIN: Final = 1.0
"""Where a fit starts, in SCALES: SciPy takes the length of the start for how far a first step may lead, and only a
fraction of an error where that is 0."""
_STEPS, _FULL_STEPS = 12, 4
_SPREADS_KHZ: Final = (5.0, 15.0, 30.0, 50.0, 75.0, 100.0, 150.0)
_CONVERGED, _MOVING = 0.1, 0.5
_NEAR: Final = 1e-2
"""Change of chi-squared, in its own size, at which a stage is near enough: steps of all numbers together follow."""
_HELD: Final = 1e-6
"""1 sigma of a number that is held at its bound, in its scale."""
_SEEN_SIGMA: Final = 3.0
_SLOW: Final = ("settling", "microwave_late")
"""Numbers that cut a program into many pieces: left where they are, but in every error, unless they are seen."""
_STAGES: Final = (
    tuple(n for n in NAMES if not n.startswith((*_SLOW, "spread", "nitrogen", "neutral", "quadrature", "fidelity"))),
    tuple(n for n in NAMES if not n.startswith((*_SLOW, "nitrogen", "neutral"))),
)
"""Imperfections join the fit when it stands near: from afar they would explain what a wrong coupling does."""


@dataclass(frozen=True)
class CalibrationFit:
    """The calibrated pair, and how well its model explains the counts."""

    calibration: PairCalibration
    converged: bool
    """Whether the last step moved nothing by half of its error."""
    linear: Drifting
    """The last step: residuals, derivatives and drift from round to round."""


def modes(calibration: PairCalibration) -> Real:
    """(m, p): change of each number, in units of SCALES, with one unit of each mode of MODES.

    One unit is 1 % of the numbers that a mode moves, or a tenth of their SCALES where it moves them all alike.
    A power or a null that changes moves the light of the pumped pair, and with it the reference of the shot; the ratio
    of the two stays. So where the signals of a read-out grow, its level falls.
    """
    out = np.zeros((len(MODES), len(NAMES)))
    for row, (_, names, is_relative) in zip(out, MODES, strict=True):
        for name in names:
            k = NAMES.index(name)
            row[k] = _MODE_UNIT * calibration.values[k] / SCALES[k] if is_relative else 0.1
        for beam in ("pump", "doughnut"):
            level, *signals = (NAMES.index(f"{beam}_{part}") for part in ("level", "left", "right"))
            row[level] = -float(row[signals] * SCALES[signals] @ _pumped_z(calibration)) / SCALES[level]
    return out


def is_of_light() -> NDArray[np.bool_]:
    """(m,): whether a mode of MODES moves a read-out."""
    return np.array([names[0].startswith(("pump", "doughnut")) for _, names, _ in MODES])


def _pumped_z(calibration: PairCalibration) -> Real:
    """(2,): sigma_z of the pumped left and right NV, 0 where it has no charge."""
    return np.array(calibration.charged) * (2.0 * np.array(calibration.fidelity) - 1.0)


def fit_mean(
    start: PairCalibration,
    prior_sigma: Real,
    data: Sequence[CountedProgram],
    free: Sequence[str] = NAMES,
    known: PairCalibration | None = None,
    ftol: float = 1e-7,
) -> PairCalibration:
    """Fit numbers to counts that are taken as if nothing drifted, from a start and weakly held by what is known.

    known: what is known beforehand; by default the start. prior_sigma: (p,), its 1 sigma; infinite where nothing is
    known. free: names that may move. ftol: change of chi-squared, in its own size, at which it ends.
    """
    origin = known or start
    index = np.array([NAMES.index(name) for name in free])
    scale = SCALES[index]
    listed = [(d.program, d.beam) for d in data]
    counts, sigma = np.array([d.per_shot for d in data]), np.array([d.error for d in data])
    held, middle = scale / prior_sigma[index], (np.array(start.values) - np.array(origin.values))[index] / scale

    def placed(x: Real) -> PairCalibration:
        values = np.array(start.values)
        values[index] += (x - _BEGIN) * scale
        return replace(start, values=tuple(float(v) for v in values))

    def residual(x: Real) -> Real:
        return np.concatenate([(placed(x).expected(listed) - counts) / sigma, (x - _BEGIN + middle) * held])

    def jacobian(x: Real) -> Real:
        return np.concatenate([placed(x).jacobian(listed, free) / sigma[:, None], np.diag(held)])

    low, high = bounds(start, free)
    fit = least_squares(
        residual,
        np.full(len(index), _BEGIN),
        jac=jacobian,
        bounds=(low + _BEGIN, high + _BEGIN),
        x_scale="jac",
        xtol=1e-5,
        ftol=ftol,
        max_nfev=15,
    )
    covariance = np.zeros((len(NAMES), len(NAMES)))
    covariance[np.ix_(index, index)] = np.linalg.inv(fit.jac.T @ fit.jac) * np.outer(scale, scale)
    chi2 = float(np.sum(fit.fun[: len(data)] ** 2)) / max(1, len(data) - len(index))
    return replace(placed(fit.x), covariance=covariance, reduced_chi2=chi2)


def bounds(start: PairCalibration, free: Sequence[str]) -> tuple[Real, Real]:
    """How far each number may move, in its scale: shares and rates stay positive, fidelities below 1."""
    low, high = np.full(len(free), -np.inf), np.full(len(free), np.inf)
    for n, name in enumerate(free):
        value, scale = start.named[name], SCALES[NAMES.index(name)]
        if name in SHARES:
            low[n] = -value / scale - 1e-9
        if name.startswith("fidelity"):
            high[n] = (1.0 - value) / scale + 1e-9
    return low, high


def fit_calibration(
    start: PairCalibration,
    prior_sigma: Real,
    rounds: Sequence[Sequence[CountedProgram]],
    near: PairCalibration | None = None,
) -> CalibrationFit:
    """Fit all numbers to the counts of several rounds, between which some of them may have drifted.

    start: what is known beforehand, within prior_sigma, (p,). near: where the answer is not far; by default it is
    sought from the start, some numbers after the other.
    """
    origin = np.array(start.values)
    data = merged(rounds)
    here = near or start
    for free in () if near else _STAGES:
        here = fit_mean(_spread_as_seen(here, data), prior_sigma, data, free, start, _NEAR)
    for step in range(_STEPS):
        rounds_now, listed_modes = _rounds(here, rounds), modes(here)
        off = (np.array(here.values) - origin) / SCALES
        linear = solve(rounds_now, listed_modes, prior_sigma / SCALES, off)
        rounds_now = flickered(rounds_now, linear, listed_modes)
        linear = solve(rounds_now, listed_modes, prior_sigma / SCALES, off, linear.wander, learns=False)
        moved = _within(here, linear, rounds_now, listed_modes, prior_sigma / SCALES, off)
        if step >= _FULL_STEPS:  # two places that a full step leads to in turn have their answer between them
            moved = 0.5 * (moved + np.array(here.values))
        done = float(np.max(np.abs(moved - np.array(here.values)) / SCALES / np.sqrt(np.diag(linear.covariance))))
        here = replace(here, values=tuple(float(v) for v in moved))
        if done < _CONVERGED:
            break
    covariance = linear.covariance * np.outer(SCALES, SCALES)
    final = replace(here, covariance=covariance, reduced_chi2=linear.reduced_chi2)
    return CalibrationFit(final, done < _MOVING, linear)


def _spread_as_seen(here: PairCalibration, data: Sequence[CountedProgram]) -> PairCalibration:
    """With the spread of both lines at which fringes of a few sizes decay as they are seen to.

    From afar a fit takes a wide spread for slower exchange and a ripple, and stays there.
    """
    listed = [(d.program, d.beam) for d in data]
    seen, error = np.array([d.per_shot for d in data]), np.array([d.error for d in data])
    tried = [here.with_values(spread_left_khz2=khz**2, spread_right_khz2=khz**2) for khz in _SPREADS_KHZ]
    tried.append(here)
    return min(tried, key=lambda c: float(np.sum(((c.expected(listed) - seen) / error) ** 2)))


def _within(
    here: PairCalibration, free: Drifting, rounds: Sequence[Round], listed_modes: Real, believed: Real, off: Real
) -> Real:
    """(p,): the best values within bounds. Whatever would leave them is held there, and all others are found again.

    So are numbers that are slow to move and not seen: they stay where they are.
    """
    values, sigmas = np.array(here.values), free.change / np.sqrt(np.diag(free.covariance))
    low, high = bounds(here, NAMES)
    held: dict[int, float] = {
        k: 0.0 for k, name in enumerate(NAMES) if name.startswith(_SLOW) and abs(sigmas[k]) < _SEEN_SIGMA
    }
    change = free.change
    for _ in range(len(NAMES)):
        beyond = [int(k) for k in np.flatnonzero((change < low) | (change > high))]
        held |= {k: float(np.clip(change[k], low[k], high[k])) for k in beyond}
        if not held:
            break
        sigma, offset = believed.copy(), off.copy()
        for k, at in held.items():
            sigma[k], offset[k] = _HELD, -at
        change = solve(rounds, listed_modes, sigma, offset, free.wander, learns=False).change
        for k, at in held.items():
            change[k] = at
        if not np.any((change < low) | (change > high)):
            break
    found = values + np.clip(change, low, high) * SCALES
    found = np.where(
        [name in SHARES for name in NAMES], np.maximum(found, 0.0), found
    )  # the bounds have a hair's slack
    return np.where([name.startswith("fidelity") for name in NAMES], np.minimum(found, 1.0), found)


def _rounds(here: PairCalibration, rounds: Sequence[Sequence[CountedProgram]]) -> list[Round]:
    listed = list(dict.fromkeys((d.program, d.beam) for data in rounds for d in data))
    place = {entry: k for k, entry in enumerate(listed)}
    expected, jacobian = here.expected(listed), here.jacobian(listed)
    parts = []
    for data in rounds:
        at = [place[d.program, d.beam] for d in data]
        counts, sigma = np.array([d.per_shot for d in data]), np.array([d.error for d in data])
        parts.append(Round((counts - expected[at]) / sigma, jacobian[at] / sigma[:, None]))
    return parts


def merged(rounds: Sequence[Sequence[CountedProgram]]) -> list[CountedProgram]:
    """All plays of each program as one."""
    out: dict[tuple[object, str], CountedProgram] = {}
    for data in rounds:
        for d in data:
            before = out.get((d.program, d.beam))
            out[d.program, d.beam] = (
                replace(
                    d,
                    counts=before.counts + d.counts,
                    repeats=before.repeats + d.repeats,
                    reference=before.reference + d.reference,
                )
                if before
                else d
            )
    return list(out.values())
