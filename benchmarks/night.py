"""A night on the simulated bench, held and not: how much of it detuning, field across and null stay within tolerance.

Run: python benchmarks/night.py [--hours 12] [--seed 1] [--hold auto] [--figure FILE]. Exit code 1 if a criterion is
missed. What is played and what is looked at: tools/trials/night.py.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from sequences.routines.stabilisation import HoldChoice
from tools.trials.night import ACROSS_UT, DETUNING_KHZ, Night, night


def figure(nights: dict[str, Night], file: Path) -> None:
    """Detuning, field across and null against time, held and not."""
    panels, axes = plt.subplots(3, 1, sharex=True, figsize=(8.0, 7.0), layout="constrained")
    labels = (("detuning (kHz)", DETUNING_KHZ), ("B across (µT)", ACROSS_UT), ("null from the left NV (nm)", 1.9))
    for row, (axis, (label, limit)) in enumerate(zip(axes, labels, strict=True), start=1):
        for name, one in nights.items():
            seen = np.array(one.truth.seen)
            axis.plot((seen[:, 0] - seen[0, 0]) / 3600.0, seen[:, row], lw=0.8, label=name)
        axis.axhspan(-limit if row == 1 else 0.0, limit, color="0.9", zorder=0)
        axis.set_ylabel(label)
    axes[0].legend()
    axes[-1].set_xlabel("laboratory time (h)")
    panels.savefig(file)


def main() -> int:
    """Both nights, their figures, and whether the criteria are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold", choices=("auto", "true"), default="auto", help="as a plan's hold")
    parser.add_argument("--figure", type=Path)
    plan = parser.parse_args()
    choices: dict[str, HoldChoice] = {"held": plan.hold == "true" or "auto", "not held": False}
    nights = {name: night(plan.hours, plan.seed, held) for name, held in choices.items()}
    for name, one in nights.items():
        detuning, across, null = (100.0 * share for share in one.shares)
        print(
            f"{name}: {detuning:.1f} % of the time within {DETUNING_KHZ:g} kHz, {across:.1f} % within {ACROSS_UT:g} uT "
            f"across, {null:.1f} % with the null on the left NV; {one.looks} looks cost {100 * one.cost:.1f} % of "
            f"{plan.hours:g} h; {one.wall_s:.0f} s of wall time"
        )
    if plan.figure:
        figure(nights, plan.figure)
    held, free = nights["held"], nights["not held"]
    return 0 if held.good and min(free.shares) < 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
