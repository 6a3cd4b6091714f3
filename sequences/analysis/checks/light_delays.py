"""When light really comes and goes after its line, from photons in single ticks about its edges.

A modulator follows its line late, and its light rises and falls by a linear ramp. All edges lie on one grid, so photons
alone would give only the middle of a ramp that falls within one tick. A saturated emitter sees more: it is bright from
the beginning of the ramp until its end. So the edges are counted with little light and with much, and beginning and
length of the ramp come apart. A beam that takes the light of another one, instead of giving some, takes it by the same
law: what is missing is what the other would give.
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
_STARTS_NS: Final = (3.0, 15.0, 35.0, 60.0, 90.0, 130.0, 200.0)
"""Rises from which the fit begins: an end of the ramp that crosses an edge of a tick is a corner of chi-squared."""
_CURVED: Final = 0.1
"""1 sigma, relative, by which the length of a ramp is mistaken because it is not straight."""
_FINEST_NS: Final = 0.3
"""1 sigma that is left however many photons there are: of the afterglow, which is taken to begin at once."""
_SHORTEST_RISE_NS: Final = 0.5
_NEGLIGIBLE_CHI2: Final = 12.0
"""Above the least: so improbable rises count for nothing."""
_BELIEVED: Final = 3
"""Numbers of which something is believed beforehand."""


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
    delay_noise_ns: float
    """1 sigma of shot noise."""
    rise_ns: float
    """Length of the ramp, of the rise as of the fall."""
    rise_noise_ns: float
    saturation: float
    """Of the emitters at the most power."""
    bright_cps: float
    """At the most power, without the dark; or what is missing then."""
    reduced_chi2: float

    @property
    def delay_err_ns(self) -> float:
        """Of shot noise, and of a ramp that is not straight: its middle is known better than its two ends."""
        return float(np.hypot(self.delay_noise_ns, 0.5 * _CURVED * self.rise_ns))

    @property
    def rise_err_ns(self) -> float:
        """Of shot noise, and of a ramp that is not straight."""
        return float(np.hypot(self.rise_noise_ns, _CURVED * self.rise_ns))


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


def glimpse(windows: list[Window], tick_ns: float, dims: bool = False) -> Glimpse:
    """Rise and fall as the places where half a scan's light has come. windows: a full scan at one power.

    dims: the beam takes light, and its rise is where half of that is gone.
    """
    edges = [sorted((w for w in windows if w.rising is rising), key=lambda w: w.begin_ns) for rising in (True, False)]
    sense = -1.0 if dims else 1.0
    on, off = (sense * np.array([w.counts / w.repeats for w in edge]) for edge in edges)
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
        span_err_cps=float(np.sqrt(abs(bright + dark) / 4.0 / repeats + 1.0 / repeats**2)) * per_s,
        within=within,
    )


def lit_ns(begin_ns: Real, tick_ns: float, rising: NDArray[np.bool_], delay_ns: float, rise_ns: float, s: Real) -> Real:
    """(windows,): for how long each window is lit, weighed with the fluorescence of an emitter of saturation s."""
    from_, to = (begin_ns - delay_ns) / rise_ns, (begin_ns + tick_ns - delay_ns) / rise_ns
    risen = _filled(to, s) - _filled(from_, s)
    before = np.minimum(to, 0.0) - np.minimum(from_, 0.0)
    fallen = before + _filled(1.0 - np.maximum(from_, 0.0), s) - _filled(1.0 - np.maximum(to, 0.0), s)
    return np.asarray(rise_ns * np.where(rising, risen, fallen))


def _filled(x: Real, s: Real) -> Real:
    """Integral of the fluorescence x (1 + s) / (1 + s x) over a ramp of the light from 0 to 1, and 1 behind it."""
    inside = np.clip(x, 0.0, 1.0)
    return np.asarray((1.0 + s) * (inside - np.log1p(s * inside) / s) / s + np.maximum(x - 1.0, 0.0))


def fit_edges(windows: list[Window], tick_ns: float, lit_for_ns: float, dims: bool = False) -> LightEdges:
    """Delay and rise of a beam whose line is high for `lit_for_ns` at a time. windows: at two powers at least.

    dims: the beam takes light instead of giving some.

    Emitters may shine more or less for a moment when the light begins, while it pumps them: that is fitted too. Errors
    are those of the posterior, since chi-squared has a corner where an end of the ramp meets an edge of a tick; they
    grow with a reduced chi-squared above 1.
    """
    model = _Model(windows, tick_ns, lit_for_ns, dims)
    best = min((model.best(rise_ns) for rise_ns in _STARTS_NS), key=lambda fit: fit.chi2)
    rises, fits = _along_the_rise(model, best)
    chi2 = np.array([fit.chi2 for fit in fits])
    weight = np.exp(-0.5 * (chi2 - chi2.min()))
    weight /= weight.sum()
    delays = np.array([fit.p[_DELAY] for fit in fits])
    rise, delay = float(weight @ rises), float(weight @ delays)
    variance = float(weight @ ((delays - delay) ** 2 + np.array([fit.variance[_DELAY] for fit in fits])))
    reduced = best.chi2 / max(1, len(windows) + _BELIEVED - len(best.p))
    scale = max(1.0, reduced) ** 0.5
    return LightEdges(
        delay_ns=delay,
        delay_noise_ns=float(np.hypot(scale * variance**0.5, _FINEST_NS)),
        rise_ns=rise,
        rise_noise_ns=float(np.hypot(scale * (weight @ (rises - rise) ** 2) ** 0.5, _FINEST_NS)),
        saturation=float(np.exp(best.p[_SATURATION])),
        bright_cps=float(1e3 * abs(best.p[_BRIGHT])),
        reduced_chi2=reduced,
    )


@dataclass(frozen=True)
class _Fit:
    p: Real
    variance: Real
    chi2: float


class _Model:
    """What the windows should count, and the best parameters for it."""

    def __init__(self, windows: list[Window], tick_ns: float, lit_for_ns: float, dims: bool) -> None:
        self._begin, self._power, self._counts, self._repeats = (
            np.array([getattr(w, name) for w in windows], dtype=float)
            for name in ("begin_ns", "power", "counts", "repeats")
        )
        self._rising = np.array([w.rising for w in windows])
        self._powers = sorted(set(self._power))
        self._dark_of = np.array([self._powers.index(p) for p in self._power])
        self._tick_ns, self._lit_for_ns = tick_ns, lit_for_ns
        self._error = np.sqrt(self._counts + 1.0)
        self._first = glimpse([w for w in windows if w.power == 1.0], tick_ns, dims)
        self._sense, self._unlit = (-1.0, np.max) if dims else (1.0, np.min)

    def best(self, rise_ns: float) -> _Fit:
        """From this rise on; from now on errors are the shot noise of what it expects.

        That of a few counts themselves would pull the fit down.
        """
        start = self._start(rise_ns)
        for _ in range(3):
            fit = self._fitted(start)
            start, self._error = fit.p, np.sqrt(np.maximum(self._expected(fit.p), 1.0))
        return fit

    def at_rise(self, rise_ns: float, near: Real) -> _Fit:
        """With this rise, beginning from these parameters."""
        start = near.copy()
        start[_DELAY] += 0.5 * (start[_RISE] - rise_ns)
        start[_RISE] = rise_ns
        return self._fitted(start, rise_is_free=False)

    def _start(self, rise_ns: float) -> Real:
        first, start = self._first, np.zeros(_DARK + len(self._powers))
        start[_DELAY], start[_RISE] = 0.5 * (first.on_ns + first.off_ns - rise_ns), rise_ns
        start[_RATIO], start[_SETTLING] = 1.0, np.log(_SETTLES_NS)
        start[_BRIGHT] = self._sense * 1e-3 * first.span_cps
        start[_DARK:] = 1e9 * float(self._unlit(self._counts / self._repeats)) / self._tick_ns
        return start

    def _fitted(self, start: Real, rise_is_free: bool = True) -> _Fit:
        free = np.ones(len(start), dtype=bool)
        free[_RISE] = rise_is_free
        lower, upper = np.full(len(start), -np.inf), np.full(len(start), np.inf)
        lower[_RISE], upper[_RISE] = _SHORTEST_RISE_NS, LONGEST_RISE_NS
        lower[_SATURATION], upper[_SATURATION] = np.log(1e-3), np.log(1e3)
        lower[_RATIO], lower[_SETTLING], upper[_SETTLING] = 0.1, np.log(20.0), np.log(1e4)
        scale = np.full(len(start), 100.0)
        scale[:_DARK] = [10.0, 10.0, 0.3, max(1e-3 * self._first.span_cps, 1e-3), 0.1, 0.1, 1.0]

        def whole(some: Real) -> Real:
            p = start.copy()
            p[free] = some
            return p

        fit = least_squares(
            lambda some: self._residual(whole(some)),
            start[free],
            bounds=(lower[free], upper[free]),
            x_scale=scale[free],
        )
        variance = np.zeros(len(start))
        variance[free] = np.diag(np.linalg.pinv(fit.jac.T @ fit.jac))
        return _Fit(whole(fit.x), variance, float(2.0 * fit.cost))

    def _residual(self, p: Real) -> Real:
        believed = [(p[_RATIO] - 1.0) / _RATIO_ERR, p[_EXTRA] / _AFTERGLOW_ERR, p[_SETTLING] - np.log(_SETTLES_NS)]
        return np.append((self._expected(p) - self._counts) / self._error, believed)

    def _expected(self, p: Real) -> Real:
        full = self._power == 1.0
        s_full = np.exp(p[_SATURATION])
        s = s_full * self._power
        share = self._power * (1.0 + s_full) / (1.0 + s) * np.where(full, 1.0, p[_RATIO])
        lit = lit_ns(self._begin, self._tick_ns, self._rising, p[_DELAY], p[_RISE], s)
        lit = lit + np.where(full, p[_EXTRA], 0.0) * self._settling(p[_DELAY] + 0.5 * p[_RISE], np.exp(p[_SETTLING]))
        return np.asarray(
            1e-9 * self._repeats * (1e3 * p[_BRIGHT] * share * lit + p[_DARK + self._dark_of] * self._tick_ns)
        )

    def _settling(self, middle_ns: float, tau_ns: float) -> Real:
        """(windows,): integral of exp(-t / tau) since the light began, as far as it shines."""
        from_, to = self._begin - middle_ns, self._begin + self._tick_ns - middle_ns
        lit = self._lit_for_ns
        rise = np.exp(-np.maximum(from_, 0.0) / tau_ns) - np.exp(-np.maximum(to, 0.0) / tau_ns)
        fall = np.exp(-(lit + np.minimum(from_, 0.0)) / tau_ns) - np.exp(-(lit + np.minimum(to, 0.0)) / tau_ns)
        return np.asarray(tau_ns * np.where(self._rising, rise, fall))


def _along_the_rise(model: _Model, best: _Fit) -> tuple[Real, list[_Fit]]:
    """Best fits at rises to both sides of the best one, until chi-squared is well above its least."""
    step = max(float(best.variance[_RISE]) ** 0.5, 0.5) / 3.0
    found = {float(best.p[_RISE]): model.at_rise(float(best.p[_RISE]), best.p)}
    for sense in (1.0, -1.0):
        fit = best
        while fit.chi2 < best.chi2 + _NEGLIGIBLE_CHI2:
            rise_ns = float(fit.p[_RISE]) + sense * step
            if not _SHORTEST_RISE_NS < rise_ns < LONGEST_RISE_NS:
                break
            fit = model.at_rise(rise_ns, fit.p)
            found[rise_ns] = fit
    rises = sorted(found)
    return np.array(rises), [found[rise_ns] for rise_ns in rises]
