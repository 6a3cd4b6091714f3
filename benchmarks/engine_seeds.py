"""The whole experiment for several seeds, held against the twin's truth: python benchmarks/engine_seeds.py [SEEDS].

One line a seed; exit code 1 if a run fails or misses a criterion: every estimate within four of its errors of the
truth, the field as the engine needs it, and the wall time. How significant entanglement is depends on the sample and is
no criterion; what was expected and what is true stand beside it. A run that expects nothing measures no state, and has
no pulls of one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from physics.paulis import NAMES, pauli_vector  # noqa: E402

MOST_SIGMA: Final = 4.0
MOST_MISALIGNED: Final = {"transverse_ut": 2.0, "detuning_khz": 20.0}
"""What the engine stands: the 13C resonance is 100 kHz wide."""
MOST_WALL_S: Final = 240.0

Pulls = dict[str, float]
"""What was estimated -> (estimate - truth) / its error."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", type=int, default=5, help="how many, from 1 on")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--sample", help="of the twin: a file, or the name of one that is shipped")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the plan")
    asked = parser.parse_args()
    chosen = [*(["--sample", asked.sample] if asked.sample else []), *(f"--set={one}" for one in asked.set)]
    print(
        "         witness, sigma   signed concurrence   pull of F   largest |estimate - truth| / error     wall    lab"
    )
    print(
        "seed   found   expected     true   expected   left right   concurrence  Pauli  all others            s      h"
    )
    missed = [_line(seed, chosen) for seed in range(asked.first, asked.first + asked.seeds)]
    return int(any(missed))


def _line(seed: int, chosen: Sequence[str]) -> bool:
    """Run one seed and print its line. True if it misses a criterion."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--seed", str(seed), "--json", "--reveal", "--data", folder, *chosen]
        done = subprocess.run(
            [sys.executable, "-m", "labctl", "run", "engine", "--simulated", *arguments],
            cwd=HOME,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ},
            capture_output=True,
            text=True,
        )
    wall_s = time.monotonic() - began_s
    if done.returncode != 0:
        print(f"{seed:4d}   exit code {done.returncode}: {done.stderr.splitlines()[-1]}", flush=True)
        return True
    answer = json.loads(done.stdout.splitlines()[-1])
    faults = [*criteria(answer), *([f"wall time {wall_s:.0f} s"] if wall_s > MOST_WALL_S else [])]
    result, others = answer["result"], other_pulls(answer)
    c, p, o = (largest(found) for found in (concurrence_pulls(answer), pauli_pulls(answer), others))
    print(
        f"{seed:4d} {_or_none(result['significance'], '7.1f')} {result['expected_significance']:10.1f} "
        f"{_or_none(true_signed(answer), '+8.4f')} {result['expected_signed_concurrence']:+10.4f} "
        f"{others['fidelity_left']:+6.2f} {others['fidelity_right']:+5.2f} {c[1]:13.2f} "
        f"{p[1]:5.2f} {p[0]:>2} {o[1]:6.2f} {o[0]:<15} {wall_s:5.0f} {answer['lab_time_s'] / 3600:6.1f}",
        flush=True,
    )
    if not result["expected"]:
        print(f"       {result['why']}", flush=True)
    for fault in faults:
        print(f"       misses: {fault}", flush=True)
    return bool(faults)


def _or_none(value: float | None, form: str) -> str:
    return f"{value:{form}}" if value is not None else "-".rjust(int(form.lstrip("+").split(".")[0]))


def criteria(answer: Mapping[str, Any]) -> Iterator[str]:
    """Every criterion that a run's answer misses."""
    for key, most in MOST_MISALIGNED.items():
        if abs(answer["truth"][key]) > most:
            yield f"{key} {answer['truth'][key]:.1f} beyond {most:g} at the end"
    for name, pull in {**concurrence_pulls(answer), **pauli_pulls(answer), **other_pulls(answer)}.items():
        if not abs(pull) <= MOST_SIGMA:
            yield f"{name} {pull:+.2f} sigma from the truth"


def largest(pulls: Pulls) -> tuple[str, float]:
    """Name and size of the pull that is farthest from zero; none of a state that was not measured."""
    if not pulls:
        return "-", 0.0
    name = max(pulls, key=lambda key: abs(pulls[key]))
    return name, abs(pulls[name])


def concurrence_pulls(answer: Mapping[str, Any]) -> Pulls:
    """At every evolution time."""
    result = answer["result"]
    if not result["evolution_us"]:
        return {}
    columns = (result["evolution_us"], result["concurrence"], result["concurrence_err"], answer["truth"]["concurrence"])
    return {f"concurrence at {t:g} us": (c - true) / error for t, c, error, true in zip(*columns, strict=True)}


def pauli_pulls(answer: Mapping[str, Any]) -> Pulls:
    """Of the fifteen Pauli terms at the best time."""
    result = answer["result"]
    if result["best_us"] not in result["evolution_us"]:
        return {}
    at = [part["result"] for part in parts(answer, "tomography")]
    paulis = [found["paulis"] for found in at if found["evolution_us"] == result["best_us"]][-1]
    true = pauli_vector(np.array(answer["truth"]["rho_re"]) + 1j * np.array(answer["truth"]["rho_im"]))
    return {name: (paulis[name][0] - float(true[NAMES.index(name)])) / paulis[name][1] for name in NAMES[1:]}


def other_pulls(answer: Mapping[str, Any]) -> Pulls:
    """Of everything else that the truth knows: positions, the pair and its imperfections, baths, and the state.

    The field at the run's end is not what `align` left, for the hold has set it since: `criteria` has limits for it.
    Of the state: the witness that was asked for, and the signed concurrence that the model expected.
    """
    truth, pulls = answer["truth"], {}
    located = parts(answer, "locate")[-1]["result"]
    for side, at, error, true in zip(
        ("left", "right"), located["pair_nm"], located["pair_nm_err"], truth["pair_nm"], strict=True
    ):
        pulls |= {f"{side}_{axis}_nm": (at[k] - true[k]) / error[k] for k, axis in enumerate("xy")}
    result, signed = answer["result"], true_signed(answer)
    of_baths = parts(answer, "cool")[-1]["result"] if signed is None else result  # each in the truth's own cycle
    calibrated = parts(answer, "calibrate")[-1]["result"]
    pulls["g_rad_per_s"] = _pull(calibrated, "g_rad_per_s", truth["g_rad_per_s"])
    pulls["nitrogen"] = _pull(calibrated, "nitrogen", truth["nitrogen_polarisation"])
    for k, side in enumerate(("left", "right")):
        for key, true in (("fidelity", truth["pump_fidelity"][k]), ("charged", truth["nv_minus"])):
            pulls[f"{key}_{side}"] = (calibrated[key][k] - true) / calibrated[f"{key}_err"][k]
        if f"p_{side}" in truth:
            pulls[f"p_{side}"] = _pull(of_baths, f"polarisation_{side}", truth[f"p_{side}"])
    if signed is not None:
        pulls["witness"] = _pull(result, "witness", true_witness(answer))
        pulls["expected"] = _pull(result, "expected_signed_concurrence", signed)
    return pulls


def true_signed(answer: Mapping[str, Any]) -> float | None:
    """Signed concurrence of the true state at the best time; None if it was not measured."""
    result = answer["result"]
    if result["best_us"] not in result["evolution_us"]:
        return None
    return float(answer["truth"]["signed_concurrence"][result["evolution_us"].index(result["best_us"])])


def true_witness(answer: Mapping[str, Any]) -> float:
    """Of the true state, the witness that the run chose before it counted."""
    result, truth = answer["result"], answer["truth"]
    coherence = (truth["rho_re"][1][2] + 1j * truth["rho_im"][1][2]) * np.exp(-1j * result["witness_phase"])
    share = result["witness_share"]
    return float(coherence.real - 0.5 * (share * truth["rho_re"][0][0] + truth["rho_re"][3][3] / share))


def parts(answer: Mapping[str, Any], sequence: str) -> list[Mapping[str, Any]]:
    """The runs of this sequence within a run, in their order."""
    return [part for part in answer["children"] if part["sequence"] == sequence]


def _pull(found: Mapping[str, Any], key: str, true: float) -> float:
    return float((found[key] - true) / found[f"{key}_err"])


if __name__ == "__main__":
    sys.exit(main())
