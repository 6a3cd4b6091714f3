"""When light really comes and goes after its line, from photons in single ticks about its edges.

A modulator follows its line late, and its light rises and falls by a linear ramp. All edges lie on one grid, so photons
alone would give only the middle of a ramp that falls within one tick. A saturated emitter sees more: it is bright from
the beginning of the ramp until its end. So the edges are counted with little light and with much, and beginning and
length of the ramp come apart.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Real = NDArray[np.float64]

LONGEST_RISE_NS: Final = 500.0
_RATIO_ERR: Final = 0.1
"""1 sigma, relative, of the ratio of two powers as the modulators' drivers state it."""
_AFTERGLOW_ERR: Final = 0.3
"""1 sigma, relative, of what an emitter shines more or less when the light begins."""
_SETTLES_NS: Final = 500.0
"""In which it settles, within a factor of e (1 sigma)."""
_SEEN_SIGMA: Final = 8.0
_DELAY, _RISE, _SATURATION, _BRIGHT, _RATIO, _EXTRA, _SETTLING, _DARK = range(8)
_STARTS_NS: Final = (10.0, 50.0, 150.0)
"""Rises from which the fit begins."""


@dataclass(frozen=True)
class Window:
    """Photons in a window of a period, summed over all repeats."""

    begin_ns: float
    """Since the beam's line was raised, or since it was lowered."""
    rising: bool
    power: float
    """Over the most that was used: 1 for that."""
    counts: int
    repeats: int


@dataclass(frozen=True)
class LightEdges:
    """How a beam follows its line."""

    delay_ns: float
    """From the line's edge to the beginning of the ramp."""
    delay_err_ns: float
    rise_ns: float
    """Length of the ramp, of the rise as of the fall."""
    rise_err_ns: float
    saturation: float
    """Of the emitters at the most power."""
    bright_cps: float
    """At the most power, without the dark."""
    reduced_chi2: float


@dataclass(frozen=True)
class Glimpse:
    """What a scan over both edges shows at once."""

    on_ns: float
    """Middle of the rise, and of the fall."""
    off_ns: float
    span_cps: float
    """From dark to bright."""
    span_err_cps: float
    within: bool
    """Whether the scan begins before both edges and ends behind them."""

    @property
    def is_light(self) -> bool:
        """Whether there is any."""
        return self.span_cps > _SEEN_SIGMA * self.span_err_cps


def glimpse(windows: list[Window], tick_ns: float) -> Glimpse:
    """Rise and fall as the places where half a scan's light has come. windows: a full scan at one power."""
    edges = [sorted((w for w in windows if w.rising is rising), key=lambda w: w.begin_ns) for rising in (True, False)]
    on, off = (np.array([w.counts / w.repeats for w in edge]) for edge in edges)
    begin_ns = edges[0][0].begin_ns
    both = np.sort(np.concatenate([on, off]))
    dark, bright = float(np.mean(both[:4])), float(np.mean(both[-4:]))
    span = max(bright - dark, 1e-300)
    least = dark + 0.5 * span
    within = bool(max(on[0], off[-1]) < least < min(on[-1], off[0]))
    repeats = windows[0].repeats
    per_s = 1e9 / tick_ns
    return Glimpse(
        on_ns=begin_ns + tick_ns * float(np.sum(bright - on)) / span,
        off_ns=begin_ns + tick_ns * float(np.sum(off - dark)) / span,
        span_cps=(bright - dark) * per_s,
        span_err_cps=float(np.sqrt((bright + dark) / 4.0 / repeats + 1.0 / repeats**2)) * per_s,
        within=within,
    )


def lit_ns(begin_ns: Real, tick_ns: float, rising: NDArray[np.bool_], delay_ns: float, rise_ns: float, s: Real) -> Real:
    """(windows,): for how long each window is lit, weighed with the fluorescence of an emitter of saturation s."""
    ramp = max(rise_ns, 1e-3)
    from_, to = (begin_ns - delay_ns) / ramp, (begin_ns + tick_ns - delay_ns) / ramp
    risen = _filled(to, s) - _filled(from_, s)
    full = _filled(np.ones_like(s), s)
    fallen = np.minimum(to, 0.0) - np.minimum(from_, 0.0)
    fallen = fallen + (full - _filled(1.0 - np.clip(to, 0.0, 1.0), s)) - (full - _filled(1.0 - np.clip(from_, 0.0, 1.0), s))
    return np.asarray(ramp * np.where(rising, risen, fallen))


def _filled(x: Real, s: Real) -> Real:
    """Integral of the fluorescence x (1 + s) / (1 + s x) over a ramp of the light from 0 to 1, and 1 behind it."""
    inside = np.clip(x, 0.0, 1.0)
    return np.asarray((1.0 + s) * (inside - np.log1p(s * inside) / s) / s + np.maximum(x - 1.0, 0.0))


def fit_edges(windows: list[Window], tick_ns: float, lit_for_ns: float) -> LightEdges:
    """Delay and rise of a beam whose line is high for `lit_for_ns` at a time. windows: at two powers at least.

    Emitters may shine more or less for a moment when the light begins, while it pumps them: that is fitted too.
    """
    begin, power, counts, repeats = (
        np.array([getattr(w, name) for w in windows], dtype=float) for name in ("begin_ns", "power", "counts", "repeats")
    )
    rising = np.array([w.rising for w in windows])
    powers = sorted(set(power))
    dark_of = np.array([powers.index(p) for p in power])
    open_s = 1e-9 * repeats
    first = glimpse([w for w in windows if w.power == 1.0], tick_ns)

    def expected(p: Real) -> Real:
        s_full = np.exp(p[_SATURATION])
        s = s_full * power
        share = power * (1.0 + s_full) / (1.0 + s) * np.where(power < 1.0, p[_RATIO], 1.0)
        lit = lit_ns(begin, tick_ns, rising, p[_DELAY], p[_RISE], s)
        extra = _settling(begin, tick_ns, rising, p[_DELAY] + 0.5 * p[_RISE], np.exp(p[_SETTLING]), lit_for_ns)
        lit = lit + np.where(power == 1.0, p[_EXTRA], 0.0) * extra
        return np.asarray(open_s * (1e3 * p[_BRIGHT] * share * lit + p[_DARK + dark_of] * tick_ns))

    def residual(p: Real, error: Real) -> Real:
        believed = [
            (p[_RATIO] - 1.0) / _RATIO_ERR,
            p[_EXTRA] / _AFTERGLOW_ERR,
            p[_SETTLING] - np.log(_SETTLES_NS),
        ]
        return np.append((expected(p) - counts) / error, believed)

    size = _DARK + len(powers)
    lower, upper = np.full(size, -np.inf), np.full(size, np.inf)
    lower[_RISE], upper[_RISE] = 0.0, LONGEST_RISE_NS
    lower[_SATURATION], upper[_SATURATION] = np.log(1e-3), np.log(1e3)
    lower[_RATIO], lower[_SETTLING], upper[_SETTLING] = 0.1, np.log(20.0), np.log(1e4)
    dark_cps = float(np.min(counts / open_s)) / tick_ns
    fits = []
    for rise_ns in _STARTS_NS:
        start = np.zeros(size)
        start[_DELAY], start[_RISE] = 0.5 * (first.on_ns + first.off_ns - rise_ns), rise_ns
        start[_SATURATION], start[_BRIGHT], start[_RATIO] = 0.0, 1e-3 * first.span_cps, 1.0
        start[_SETTLING], start[_DARK:] = np.log(_SETTLES_NS), dark_cps
        scale = np.r_[10.0, 10.0, 0.3, max(1e-3 * first.span_cps, 1e-3), 0.1, 0.1, 1.0, np.full(len(powers), 100.0)]
        error = np.sqrt(counts + 1.0)
        for _ in range(2):  # shot noise of what is expected: that of a few counts themselves would pull the fit down
            fit = least_squares(residual, start, args=(error,), bounds=(lower, upper), x_scale=scale)
            start, error = fit.x, np.sqrt(np.maximum(expected(fit.x), 1.0))
        fits.append(least_squares(residual, start, args=(error,), bounds=(lower, upper), x_scale=scale))
    best = min(fits, key=lambda fit: float(fit.cost))
    spread = np.sqrt(np.diag(np.linalg.pinv(best.jac.T @ best.jac)))
    freedom = max(1, len(windows) + 3 - size)
    return LightEdges(
        delay_ns=float(best.x[_DELAY]),
        delay_err_ns=float(spread[_DELAY]),
        rise_ns=float(best.x[_RISE]),
        rise_err_ns=float(spread[_RISE]),
        saturation=float(np.exp(best.x[_SATURATION])),
        bright_cps=float(1e3 * best.x[_BRIGHT]),
        reduced_chi2=float(2.0 * best.cost) / freedom,
    )


def _settling(
    begin_ns: Real, tick_ns: float, rising: NDArray[np.bool_], middle_ns: float, tau_ns: float, lit_for_ns: float
) -> Real:
    """(windows,): integral of exp(-t / tau) since the light began, as far as it shines."""
    from_, to = begin_ns - middle_ns, begin_ns + tick_ns - middle_ns
    rise = np.exp(-np.maximum(from_, 0.0) / tau_ns) - np.exp(-np.maximum(to, 0.0) / tau_ns)
    fall = np.exp(-(lit_for_ns + np.minimum(from_, 0.0)) / tau_ns) - np.exp(-(lit_for_ns + np.minimum(to, 0.0)) / tau_ns)
    return np.asarray(tau_ns * np.where(rising, rise, fall))
