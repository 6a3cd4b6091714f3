"""A beam's edges, window by window: its line goes up and down, and each counter opens for a moment about an edge."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sequences.analysis.checks.light_delays import LightEdges, Window, fit_edges, glimpse
from sequences.core.lab import Lab
from sequences.pulses.grid import nearest_ns
from sequences.pulses.program import Program
from sequences.results import Column, Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.bench.selection import selects_inside

Beam = Literal["pump", "depletion"]

COLUMNS: Final = (
    Column("beam", "0 pump, 1 depletion", ""),
    Column("power", "power over the most that is used", ""),
    Column("rising", "1: after the line went up, 0: after it went down", ""),
    Column("window_ns", "begin of the counted window after the edge of the line", "ns"),
    Column("rate_cps", "count rate", "1/s", ("beam", "power", "rising", "window_ns")),
    Column("rate_cps_err", "its shot noise", "1/s", ("beam", "power", "rising", "window_ns")),
)
EARLIEST_NS: Final = -300
LATEST_NS: Final = 2_000
"""Delays are looked for in between."""
_HALF_PERIOD_NS: Final = 5_000
_FINE_TIMES: Final = 4.0
"""Counting time of a window near an edge, in units of one of the scan."""
_WINDOW_NS: Final = 100
"""How long a counter opens, and how far its places lie apart, in whole ticks: in less, too few photons come."""
_MARGIN: Final = 2
"""Windows that are counted longer to either side of the edge's."""
_STEER_AWAY_NM: Final = 180.0
"""From the pair to the null, so that the crest lies on it."""


@dataclass(frozen=True)
class _Power:
    """A setting of a beam."""

    share: float
    """Over the most that is used."""
    set: Callable[[Lab], None]


def _pump(efficiency: float) -> Callable[[Lab], None]:
    return lambda lab: controls.pump(lab, efficiency)


def _ring(mw: float) -> Callable[[Lab], None]:
    return lambda lab: controls.doughnut(lab, mw)


_MUCH_LITTLE: Final[dict[Beam, tuple[_Power, _Power]]] = {
    "pump": (_Power(1.0, _pump(1.0)), _Power(0.02, _pump(0.02))),
    "depletion": (_Power(1.0, _ring(40.0)), _Power(0.02, _ring(0.8))),
}
"""Much saturates an emitter, little does not: `sequences.analysis.checks.light_delays` says why both."""
_FORBIDDING: Final = (_Power(1.0, _ring(80.0)), _Power(0.02, _ring(1.6)))
"""Of a doughnut that only forbids, beside the pump's light."""


def measured_edges(lab: Lab, beam: Beam, seconds: float) -> Stream[LightEdges]:
    """Delay and rise of a beam against the gates. seconds: of each window of the scan.

    Nothing else shines meanwhile, but for the pump's light where the doughnut only forbids it. Raises SequenceError if
    there is no light, or its edges lie beyond the scan.
    """
    dims = beam == "depletion" and selects_inside(lab)
    much, little = _FORBIDDING if dims else _MUCH_LITTLE[beam]
    step_ns = window_ns(lab.wiring.tick_ns)
    if beam == "depletion":
        _only_green(lab) if dims else lab.aom.pump.switch_off()
        controls.steer(lab, *_beside_the_pair(lab))
    much.set(lab)
    begins = range(EARLIEST_NS // step_ns, LATEST_NS // step_ns + _MARGIN + 1)
    windows = yield from _counted(lab, beam, much, begins, seconds)
    seen = glimpse(windows, step_ns, dims)
    if not seen.is_light:
        _refuse_darkness(beam, seen.span_cps, seen.span_err_cps)
    if not seen.within:
        _refuse_beyond(beam)
    first, last = (int(edge_ns // step_ns) for edge_ns in sorted((seen.on_ns, seen.off_ns)))
    near = range(first - _MARGIN, last + _MARGIN + 1)
    windows += yield from _counted(lab, beam, much, near, _FINE_TIMES * seconds)
    little.set(lab)
    windows += yield from _counted(lab, beam, little, near, _FINE_TIMES * seconds)
    edges = fit_edges(windows, step_ns, half_period_ns(step_ns), dims)
    if not EARLIEST_NS < edges.delay_ns < LATEST_NS:
        _refuse_beyond(beam)
    return edges


def _only_green(lab: Lab) -> None:
    """Steady light of the pump, whatever its line does."""
    controls.pump(lab)
    lab.aom.pump.ignore_line()


def window_ns(tick_ns: int) -> int:
    """How long a counter opens."""
    return nearest_ns(_WINDOW_NS, tick_ns)


def half_period_ns(step_ns: int) -> int:
    """For how long a beam's line is high, and low: a whole number of windows."""
    return _HALF_PERIOD_NS // step_ns * step_ns


def edge_program(beam: Beam, begin: int, tick_ns: int) -> Program:
    """The line up and down; signal gate open for one window, `begin` of them after it goes up, reference after down."""
    step_ns = window_ns(tick_ns)
    half = half_period_ns(step_ns) // step_ns
    program = Program(f"edges of {beam}", tick_ns)
    for step in range(2 * half):
        lines: list[str] = [beam] if step < half else []
        lines += ["gate_signal"] if step == begin % (2 * half) else []
        lines += ["gate_reference"] if step == (half + begin) % (2 * half) else []
        program = program.then(step_ns, *lines)
    return program


def _counted(lab: Lab, beam: Beam, power: _Power, begins: Iterable[int], seconds: float) -> Stream[list[Window]]:
    """Both edges in the same windows after each."""
    tick_ns, windows = lab.wiring.tick_ns, []
    step_ns = window_ns(tick_ns)
    for begin in begins:
        program = edge_program(beam, begin, tick_ns)
        counts = measure(lab, program, repeats_for(program, seconds), may_be_dark=True, ahead={})
        for rising, photons in ((True, counts.signal), (False, counts.reference)):
            window = Window(float(begin * step_ns), rising, power.share, photons, counts.repeats)
            windows.append(window)
            yield _point(beam, window, step_ns)
    return windows


def _point(beam: Beam, window: Window, step_ns: int) -> Point:
    open_s = window.repeats * step_ns * 1e-9
    return Point(
        {
            "beam": float(beam == "depletion"),
            "power": window.power,
            "rising": float(window.rising),
            "window_ns": window.begin_ns,
            "rate_cps": window.counts / open_s,
            "rate_cps_err": max(window.counts, 1) ** 0.5 / open_s,
        }
    )


def _beside_the_pair(lab: Lab) -> tuple[float, float]:
    """Where the null is so far from the pair that the crest is on it; about the middle of the field before `locate`."""
    x, y = lab.calibration.get("pair.left_x_nm"), lab.calibration.get("pair.left_y_nm")
    return (x.value + _STEER_AWAY_NM, y.value) if x and y else (_STEER_AWAY_NM, 0.0)


def _refuse_darkness(beam: Beam, span_cps: float, error_cps: float) -> None:
    raise SequenceError(
        f"No light of the beam {beam} follows its line within {LATEST_NS} ns: bright and dark differ by "
        f"{span_cps:.0f}(±{error_cps:.0f}) counts/s",
        f"Check the laser, its AOM and shutter, and the line {beam}; labctl run wiring tests them one by one",
        beam=beam,
        span_cps=span_cps,
    )


def _refuse_beyond(beam: Beam) -> None:
    raise SequenceError(
        f"The light of the beam {beam} comes or goes earlier than {EARLIEST_NS} ns or later than {LATEST_NS} ns after "
        "its line: its delay lies beyond what was scanned",
        f"Check the cables and the driver of its AOM, and that the line {beam} drives this beam (labctl run wiring)",
        beam=beam,
    )
