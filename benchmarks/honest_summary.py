"""What a table of engine runs comes to: false claims, how many complete, and whether the errors are the errors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from honest_knobs import KINDS
from honest_runs import PULLS
from scipy.stats import chi2

CLAIM_SIGMA: Final = 3.0
LEAST_COMPLETED: Final = 0.6
LEAST_OF_BOUND: Final = 0.7
"""Median significance over the bound's, of completed runs on benches that entangle."""
MOST_PULL: Final = 4.5
_LEVEL: Final = 0.99
_FEWEST: Final = 10
"""Runs from which on the standard deviation of a pull is judged."""


def line(row: Mapping[str, Any]) -> str:
    """One run."""
    what = row["name"] if row["name"] == "all" else f"{row['name']} x{float(row['times']):g}"
    head = f"{what:22} seed {row['seed']:>5} {float(row['wall_s']):6.1f} s {float(row['lab_h']):6.1f} h"
    if row["outcome"] == "completed":
        pulls = [float(row[f"pull_{name}"]) for name in PULLS[:-1]]
        worst = int(np.argmax(np.abs(pulls)))
        return (
            f"{head}  {float(row['significance']):+5.1f} sigma, witness {float(row['witness']):+.4f} ± "
            f"{float(row['witness_err']):.4f} (true {float(row['true_witness']):+.4f}, signed concurrence "
            f"{float(row['true_signed']):+.3f}), largest pull {PULLS[worst]} {pulls[worst]:+.1f}"
        )
    return f"{head}  {row['outcome']} in {row['where'] or 'engine'}: {str(row['message'])[:300]}"


def summary(rows: Sequence[Mapping[str, str]]) -> bool:
    """Print the sums. True if a criterion is missed."""
    missed = [_completed(kind, [row for row in rows if row["kind"] == kind]) for kind in (*KINDS, "neither")]
    completed = [row for row in rows if row["outcome"] == "completed"]
    missed.append(_claims(completed))
    missed.append(_of_bound([row for row in completed if row["kind"] == "entangled" and row.get("bound_sigma")]))
    print("\npull           runs    mean   rms about 0          99 % interval   largest")
    missed += [_pull(name, rows) for name in PULLS]
    print("\nRefused or worse, by what was said:")
    said = Counter(
        f"{row['outcome']} in {row['where'].rpartition('/')[2]}: {row['message'][:110]}"
        for row in rows
        if row["outcome"] not in ("completed", "given up")
    )
    for what, count in said.most_common():
        print(f"{count:4d}  {what}")
    unsafe = [row["seed"] for row in rows if row["safe"] != "dark"]
    faults = [row["seed"] for row in rows if row["outcome"] in ("traceback", "unjudged")]
    print(f"tracebacks: {faults or 'none'}; not dark in the end: {unsafe or 'none'}")
    walls = np.array([float(row["wall_s"]) for row in rows] or [0.0])
    print(f"wall time {np.median(walls):.0f} s (median), {walls.max():.0f} s (longest)")
    return any(missed) or bool(unsafe) or bool(faults)


def _completed(kind: str, rows: Sequence[Mapping[str, str]]) -> bool:
    if not rows:
        return False
    outcomes = Counter(row["outcome"] for row in rows)
    done = [float(row["significance"]) for row in rows if row["outcome"] == "completed"]
    foreseen = [float(row["expected_significance"]) for row in rows if row["outcome"] == "completed"]
    median = f", median significance {np.median(done):+.1f} (foreseen {np.median(foreseen):+.1f})" if done else ""
    print(f"{kind}: {', '.join(f'{count} {what}' for what, count in outcomes.items())} of {len(rows)}{median}")
    return kind in KINDS and len(done) + outcomes["given up"] < LEAST_COMPLETED * len(rows)


def _claims(completed: Sequence[Mapping[str, str]]) -> bool:
    """Of entanglement where the truth, not the estimate beforehand, has none."""
    separable = [row for row in completed if float(row["true_signed"]) <= 0.0]
    claims = [row for row in separable if float(row["significance"]) > CLAIM_SIGMA]
    print(f"claims above {CLAIM_SIGMA:g} sigma on {len(separable)} truly separable states: {len(claims)}", end="")
    print("".join(f"\n   seed {row['seed']} ({row['name']}): {row['significance']} sigma" for row in claims))
    return bool(claims)


def _of_bound(completed: Sequence[Mapping[str, str]]) -> bool:
    """Measured significance over the most that the same laboratory time lets expect."""
    if not completed:
        return False
    shares = [float(row["significance"]) / float(row["bound_sigma"]) for row in completed]
    print(f"of the bound: {np.median(shares):.2f} (median), {min(shares):.2f} to {max(shares):.2f}")
    return bool(np.median(shares) < LEAST_OF_BOUND)


def _pull(name: str, rows: Sequence[Mapping[str, str]]) -> bool:
    """Print the spread of one pull about 0. True if chance does not give it; `predicted` may err less than it says."""
    values = np.array([float(row[f"pull_{name}"]) for row in rows if row.get(f"pull_{name}") not in (None, "")])
    n = len(values)
    if n < 2:
        return False
    rms = float(np.sqrt(np.mean(values**2)))
    low, high = np.sqrt(chi2.ppf([0.5 - _LEVEL / 2, 0.5 + _LEVEL / 2], n) / n)
    largest = float(values[np.argmax(np.abs(values))])
    is_wrong = n >= _FEWEST and not (low if name != "predicted" else 0.0) <= rms <= high
    flag = "   MISSED" if is_wrong or abs(largest) > MOST_PULL else ""
    print(f"{name:12} {n:6d}  {values.mean():+6.2f}   {rms:18.2f}   {low:5.2f}-{high:4.2f}      {largest:+6.2f}{flag}")
    return bool(flag)
