"""`labctl predict nights` against engine runs on the twin: python benchmarks/nights_on_twin.py [--point N].

Five points of the map, each run without wires from a bench of which nothing is known. A line a run: hours and signed
concurrence, predicted, measured and true, with the pulls (measured - predicted) / error and (measured - true) / error.
Then a line a point: the median of the hours over the predicted ones. Exit code 1 if a median is off by more than a
factor 1.3, or a concurrence by more than 3 errors from the truth. A run takes minutes, some of them tens of minutes.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from labctl.config.station_file import StationFile, read_station
from labctl.predictions.assumed_bench import Assumed
from labctl.predictions.nights import Night, night
from labctl.unwired import STATION, Ran, Unwired, ran, unwired
from physics.spread import overhauser_khz
from sequences.engine import EnginePlan, engine
from sequences.results import SequenceError
from simulated_instruments.sample import Sample
from tools.trials.wired import sample

POINTS: Final = (
    Assumed(8.0, 0.3, 3.0, 0.95),
    Assumed(10.0, 0.3, 3.0, 0.95),
    Assumed(9.0, 0.2, 3.0, 0.9),
    Assumed(10.0, 1.1, 10.0, 0.998),
    Assumed(8.0, 0.3, 3.0, 0.95, doughnut_null=3e-3),
)
MOST_RATIO: Final = 1.3
MOST_PULL: Final = 3.0


def sample_of(a: Assumed) -> Sample:
    """The twin's sample that such a bench would be calibrated on."""
    return sample(
        pair={"separation_nm": a.separation_nm},
        c13_percent=a.c13_percent,
        bath={
            "spins": max(a.bath_spins * a.natural, 1.0),
            "overhauser_khz": float(overhauser_khz(a.t2star_us)),
            "overhauser_shift_khz": a.line_shift_khz,
        },
        optics={"pump_fidelity": a.pump_fidelity, "doughnut_null": a.doughnut_null},
    )


def station_of(a: Assumed) -> StationFile:
    """What its owner would write into station.yaml: the diamond is known by its content."""
    file = read_station(STATION)
    told = {"c13_percent": a.c13_percent, "bath_spins": max(a.bath_spins * a.natural, 1.0)}
    guesses = file.model.guesses.model_copy(update=told)
    return replace(file, model=file.model.model_copy(update={"guesses": guesses}))


def one(point: Assumed, expected: Night, seed: int) -> float | None:
    """Run it and print its line: hours, or None if it ended with a refusal or without a state."""
    bench, began_s = unwired(sample_of(point), seed, station_of(point)), time.monotonic()
    try:
        done = ran(engine(bench.lab, EnginePlan(doughnut_mw=point.doughnut_mw, cooling_us=point.cooling_us)))
    except SequenceError as refusal:
        baths = bench.truth({})
        told = ", ".join(f"{side} {baths[side]:.3f}" for side in ("p_left", "p_right") if side in baths)
        print(f"{seed:5d} {bench.lab.clock.now() / 3600.0:7.2f}   refused: {refusal} (true: {told})", flush=True)
        return None
    return _told(bench, done, expected, seed, time.monotonic() - began_s)


def _told(bench: Unwired, done: Ran, expected: Night, seed: int, wall_s: float) -> float | None:
    hours, result = bench.lab.clock.now() / 3600.0, done.result
    calibrated = next(r for r in done.ended if hasattr(r, "zz_rad_per_s"))
    if result.best_us not in result.evolution_us:
        print(f"{seed:5d} {hours:7.1f}   nothing measured: {result.why}", flush=True)
        return None
    at = result.evolution_us.index(result.best_us)
    signed, error = result.signed_concurrence[at], result.signed_concurrence_err[at]
    true = bench.truth(result)["signed_concurrence"][at]
    print(
        f"{seed:5d} {hours:7.2f} {expected.hours:9.2f} {calibrated.hours:7.2f} {expected.calibration_h:9.2f} "
        f"{result.significance:6.1f} {result.best_us:6.1f} {expected.evolution_us:9.1f} {signed:+8.3f}({error:.3f}) "
        f"{expected.signed_concurrence:+9.3f} {true:+7.3f} {(signed - expected.signed_concurrence) / error:+6.1f} "
        f"{(signed - true) / error:+6.1f} {wall_s:6.0f}",
        flush=True,
    )
    return hours if abs(signed - true) < MOST_PULL * error else np.nan


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--point", type=int, choices=range(1, len(POINTS) + 1), help="only this one, from 1 on")
    parser.add_argument("--seeds", default="1,2,3", help="a,b,c")
    parser.add_argument("--predict", action="store_true", help="print the predictions, and run nothing")
    asked = parser.parse_args()
    missed = False
    for number, point in enumerate(POINTS, start=1):
        if asked.point not in (None, number):
            continue
        expected = night(point)
        print(
            f"point {number}: {point.separation_nm:g} nm, {point.c13_percent:g} % 13C, T2* {point.t2star_us:g} us, "
            f"F {point.pump_fidelity:g}, null {point.doughnut_null:g}: {expected.hours:.2f} h, "
            f"signed concurrence {expected.signed_concurrence:+.3f} at {expected.evolution_us:.1f} us",
            flush=True,
        )
        if not asked.predict:
            missed |= _missed(point, expected, [int(seed) for seed in asked.seeds.split(",")])
    return int(missed)


def _missed(point: Assumed, expected: Night, seeds: list[int]) -> bool:
    print(f"{'seed':>5} {'hours':>7} {'predicted':>9} {'calib.':>7} {'predicted':>9} {'sigma':>6} {'us':>6}", end="")
    print(f" {'predicted':>9} {'signed C':>15} {'predicted':>9} {'true':>7} {'pulls: p, t':>13} {'wall s':>6}")
    hours = [one(point, expected, seed) for seed in seeds]
    reached = [h for h in hours if h is not None]
    if len(reached) < len(hours) or not np.all(np.isfinite(reached)):
        return True
    ratio = float(np.median(reached)) / expected.hours
    print(f"      median over predicted hours: {ratio:.2f}", flush=True)
    return not 1.0 / MOST_RATIO < ratio < MOST_RATIO


if __name__ == "__main__":
    sys.exit(main())
