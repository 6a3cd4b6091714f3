"""What an engine run answers, held against the truth that it reveals."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from physics.paulis import NAMES, pauli_vector

MOST_SIGMA: Final = 4.0
MOST_MISALIGNED: Final = {"transverse_ut": 2.0, "detuning_khz": 20.0}
"""What the engine stands: the 13C resonance is 100 kHz wide."""
Pulls = dict[str, float]
"""What was estimated -> (estimate - truth) / its error."""


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
    """Of the signed concurrence, at every evolution time."""
    result = answer["result"]
    if not result["evolution_us"]:
        return {}
    measured = (result["signed_concurrence"], result["signed_concurrence_err"])
    columns = (result["evolution_us"], *measured, answer["truth"]["signed_concurrence"])
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
    truth, pulls = answer["truth"], Pulls()
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
