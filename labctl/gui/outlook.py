"""How a run will go on: time that is left, photons at the end, and the error bar that they will leave."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from labctl.gui.record import Record

MAIN: Final[Mapping[str, tuple[str, str, float]]] = {
    "odmr": ("field_mt", "field (mT)", 1.0),
    "rabi": ("rabi_mhz", "Rabi frequency (MHz)", 1.0),
    "locate": ("separation_nm", "separation (nm)", 1.0),
    "align": ("detuning_khz", "detuning (kHz)", 1.0),
    "relaxometry": ("rate_per_s", "rate (10³/s)", 1e-3),
    "calibrate": ("cross_talk", "cross-talk", 1.0),
    "cool": ("polarisation_right", "p of the cold bath", 1.0),
    "tomography": ("concurrence", "concurrence", 1.0),
    "engine": ("witness", "witness", 1.0),
}
"""Sequence -> the quantity it is run for: key of its result, words, scale."""
_LEAST_FRACTION: Final = 0.01
"""Before so much of a run is done, nothing is foretold."""


@dataclass(frozen=True)
class Outlook:
    """What is expected of a run; None where nothing can be said yet."""

    wall_left_s: float | None
    lab_left_s: float | None
    photons: float | None
    """At the end."""
    quantity: str
    value: float | None
    error: float | None
    """Now, one sigma."""
    final_error: float | None
    """At the end, if shot noise alone limits it: it falls with the root of the photons."""


def outlook(record: Record) -> Outlook:
    """From how far it has come, and how."""
    part = record.done
    known = record.status == "running" and _LEAST_FRACTION <= part < 1.0
    left = (1.0 - part) / part if known else None
    quantity, value, error = main_quantity(record)
    return Outlook(
        wall_left_s=None if left is None else left * record.wall_time_s,
        lab_left_s=None if left is None else left * record.lab_time_s,
        photons=record.photons / part if known else None,
        quantity=quantity,
        value=value,
        error=error,
        final_error=error * math.sqrt(part) if known and error is not None else None,
    )


def main_quantity(record: Record) -> tuple[str, float | None, float | None]:
    """Words, value and error of what the run is for, as far as they are known."""
    key, words, scale = MAIN.get(record.sequence, ("", "", 1.0))
    known = record.known
    return words, _number(known.get(key), scale), _number(known.get(f"{key}_err"), scale)


def _number(value: Any, scale: float) -> float | None:
    return float(value) * scale if isinstance(value, int | float) and math.isfinite(value) else None
