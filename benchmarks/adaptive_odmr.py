"""Adaptive ODMR against the plain raster, and against the best that photons allow: python benchmarks/adaptive_odmr.py.

One bench of the twin, many repetitions from the same knowledge. First the laboratory time that either method needs
until f+ is known to 5 kHz; then the efficiency of the adaptive one, the time that an ideal measurement would need for
the same error over the time it took. The ideal one knows line shape and place beforehand and stays at the frequency and
power of largest Fisher information (the Cramer-Rao bound), which a long look at the twin's own line tells here. Exit
code 1 if a criterion is missed.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sequences.analysis.odmr.line_fit import LineFit, fit_line
from sequences.odmr import OdmrPlan
from sequences.pulses.library import cw_odmr
from sequences.results import Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.magnet.first_line import first_light
from sequences.routines.magnet.magnet_memory import from_nothing
from sequences.routines.magnet.survey import Survey
from sequences.routines.odmr.spectroscopy import reachable, scan
from sequences.routines.odmr.tracking import track_line
from tools.trials.wired import Wired, run, wired

Real = NDArray[np.float64]

TARGET_HZ, FASTER, EFFICIENT = 5e3, 8.0, 0.5
_MAIN_A: Final = 0.05
_LONG_S: Final = 2000.0


@dataclass(frozen=True)
class Looked:
    """One measurement of f+."""

    seconds: float
    """Laboratory time."""
    error_hz: float
    """As it was reported."""
    off_hz: float
    """From the truth."""


def known_bench(bench: Wired) -> Survey:
    """What is known before f+ is measured: f- has been seen, so f+ is expected within some hundred kHz."""
    known = from_nothing(bench.lab)
    run(first_light(known, False, (0.0, 0.0, _MAIN_A), "auto"))
    return known


def truth_hz(bench: Wired) -> float:
    """f+ of m_I = +1, of the pair driven as one."""
    along, across = bench.twin.field_mt()
    return float(bench.twin.lines(float(along.mean()), across).plus_hz[0]) + bench.twin.g_rad_per_s / (2.0 * np.pi)


def adaptive(bench: Wired, known: Survey, target_hz: float) -> Looked:
    """By the design that sequences use."""
    line = known.expected(True, known.seen[0].currents_a)
    began_s = bench.lab.clock.now()
    fit, _ = run(track_line(bench.lab, line, known.tracker_for(target_hz)))
    return _looked(bench, began_s, fit)


def raster(bench: Wired, known: Survey, target_hz: float) -> Looked:
    """Sweeps as odmr makes them by default, as many as it takes."""
    plan, line = OdmrPlan(), known.expected(True, known.seen[0].currents_a)
    half_hz = max(plan.half_range_mhz * 1e6, 2.5 * line.error_hz)
    low, high = line.frequency_hz + line.offsets_hz.min() - half_hz, line.frequency_hz + line.offsets_hz.max() + half_hz
    frequencies = reachable(np.arange(low, high, plan.step_mhz * 1e6))
    began_s = bench.lab.clock.now()
    fit, _ = run(_sweeps(known, frequencies, plan, line.offsets_hz, target_hz))
    return _looked(bench, began_s, fit)


def _sweeps(known: Survey, frequencies: Real, plan: OdmrPlan, offsets: Real, target_hz: float) -> Stream[LineFit]:
    weighted, weight = np.zeros(len(frequencies)), np.zeros(len(frequencies))
    while True:
        ratio, error = yield from scan(known.lab, frequencies, plan.power_dbm, plan.seconds_per_point / plan.sweeps)
        weighted, weight = weighted + ratio / error**2, weight + error**-2.0
        fit = fit_line(frequencies, weighted / weight, weight**-0.5, offsets)
        if fit.centre_err_hz < target_hz:
            return fit


def _looked(bench: Wired, began_s: float, fit: LineFit) -> Looked:
    return Looked(bench.lab.clock.now() - began_s, fit.centre_err_hz, fit.centre_hz - truth_hz(bench))


def information_per_s(bench: Wired, known: Survey) -> float:
    """Largest Fisher information about the centre in a second, 1 / (Hz^2 s), over frequency and power.

    The line is looked at so long that its shape is known, and told by a fit: the largest of many differences between
    neighbouring points would be the noisiest, and half too large.
    """
    controls.pump(bench.lab, 0.05)
    return max(_information(bench, known, width_hz) for width_hz in (1.2e5, 1.6e5, 2e5, 2.5e5, 3.2e5, 4e5))


def _information(bench: Wired, known: Survey, width_hz: float) -> float:
    """At this power, of the first nuclear component: where its Lorentzian is steepest."""
    program = cw_odmr(bench.lab.wiring.tick_ns)
    dbm = known.tracker_for(TARGET_HZ).dbm_for(width_hz)
    frequencies = truth_hz(bench) + width_hz * np.linspace(-2.0, 2.0, 31)
    ratio, error = np.empty(len(frequencies)), np.empty(len(frequencies))
    for k, hz in enumerate(frequencies):
        controls.carrier(bench.lab, float(hz), dbm)
        counts = measure(bench.lab, program, repeats_for(program, _LONG_S))
        ratio[k] = counts.signal / counts.reference
        error[k] = ratio[k] * np.sqrt(1.0 / counts.signal + 1.0 / counts.reference)
    fit = fit_line(frequencies, ratio, error, np.zeros(1))
    slope_per_hz = fit.level * fit.contrast * 0.75 * np.sqrt(3.0) / fit.linewidth_hz
    return float(slope_per_hz**2 / np.mean(error**2) / counts.duration_s)


def repeated(seeds: int, **sample: Any) -> Iterator[tuple[Looked, Looked, list[Looked]]]:
    """Adaptive and raster to the target, and adaptive to other errors, on bench after bench."""
    for seed in range(1, seeds + 1):
        with wired(seed, **sample) as bench:
            known = known_bench(bench)
            others = [adaptive(bench, known, target_hz) for target_hz in (4e4, 2e4, 1e4, 2.5e3)]
            yield adaptive(bench, known, TARGET_HZ), raster(bench, known, TARGET_HZ), others


def draw(file: Path, best: float, found: list[tuple[Looked, Looked, list[Looked]]]) -> None:
    """Error against laboratory time, with the bound."""
    from labctl.figures.style import DATA, MODEL, dress, new_figure

    drawn = new_figure()
    axes = drawn.subplots()
    sharp = [one for first, _, others in found for one in (first, *others)]
    reported = {"adaptive": (sharp, ".", DATA), "raster": ([second for _, second, _ in found], "x", "0.4")}
    for name, (looks, marker, colour) in reported.items():
        seconds, error_khz = [look.seconds for look in looks], [look.error_hz * 1e-3 for look in looks]
        axes.loglog(seconds, error_khz, marker, color=colour, label=f"{name}, as reported")
    targets = list(zip(*((first, *others) for first, _, others in found), strict=True))
    mean_s = [np.mean([look.seconds for look in looks]) for looks in targets]
    rms_khz = [1e-3 * np.sqrt(np.mean([look.off_hz**2 for look in looks])) for looks in targets]
    axes.loglog(mean_s, rms_khz, "s", mfc="none", mec="k", ms=9, label="adaptive, rms distance from the truth")
    times = np.geomspace(0.5, max(second.seconds for _, second, _ in found), 50)
    axes.loglog(times, 1e-3 / np.sqrt(best * times), color=MODEL, label="Cramér–Rao bound of the ideal measurement")
    axes.axhline(TARGET_HZ * 1e-3, color="0.7", linewidth=0.7)
    dress(axes, "One look at f+", "laboratory time (s)", "error of f+ (kHz)")
    axes.legend(loc="lower left", frameon=False)
    drawn.savefig(file, dpi=120)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repetitions", nargs="?", type=int, default=16)
    parser.add_argument("--figure", type=Path, help="draw error against time here")
    asked = parser.parse_args()
    with wired(99) as bench:
        best = information_per_s(bench, known_bench(bench))
    found = list(repeated(asked.repetitions))
    if asked.figure:
        draw(asked.figure, best, found)
    return int(any(list(_missed(best, found))))


def _missed(best: float, found: list[tuple[Looked, Looked, list[Looked]]]) -> Iterator[bool]:
    """Print what was found; True for every criterion that is missed."""
    sharp, slow = [first for first, _, _ in found], [second for _, second, _ in found]
    times = [float(np.mean([one.seconds for one in looks])) for looks in (sharp, slow)]
    off = [float(np.sqrt(np.mean([one.off_hz**2 for one in looks]))) * 1e-3 for looks in (sharp, slow)]
    pulls = [float(np.std([one.off_hz / one.error_hz for one in looks])) for looks in (sharp, slow)]
    for name, time_s, off_khz, pull in zip(("adaptive", "raster"), times, off, pulls, strict=True):
        print(f"{name:9} {time_s:7.1f} s to 5 kHz; off by {off_khz:.1f} kHz rms, pulls {pull:.2f} (sd, {len(found)})")
    print(f"adaptive is {times[1] / times[0]:.1f} times faster (wanted: {FASTER:g})")
    yield times[1] / times[0] < FASTER
    efficiency = float(np.mean([1.0 / (best * one.error_hz**2 * one.seconds) for one in sharp]))
    by_scatter = 1.0 / (best * (off[0] * 1e3) ** 2 * times[0])
    print(f"efficiency {efficiency:.2f} by its errors (wanted: {EFFICIENT:g}), {by_scatter:.2f} by its scatter")
    yield min(efficiency, by_scatter) < EFFICIENT


if __name__ == "__main__":
    sys.exit(main())
