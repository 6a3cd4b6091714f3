"""What an alignment's points mean beside the model of the NV: lines expected, their residuals, distance to go."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from physics.levels import cross_relaxation_fields_mt, nv_lines
from sequences.analysis.relaxation import detuning_slope_hz_per_mt

Real = NDArray[np.float64]

SMALLEST_UT: Final = 0.01
"""Distances below it are drawn here on a logarithmic axis: no bench resolves them."""
_THEORY_MT: Final = np.linspace(0.0, 110.0, 221)


@dataclass(frozen=True)
class Visits:
    """Lines measured on the way; every field is (lines,)."""

    number: Real
    along_mt: Real
    across_ut: Real
    line_hz: Real
    error_hz: Real
    plus: NDArray[np.bool_]
    """f+ rather than |f-|: the one that is nearer to what the model expects."""
    model_hz: Real
    """What the nine (or three) levels give in this field, |f-| or f+ of m_I = +1."""

    @property
    def residual_khz(self) -> Real:
        """Measured less model."""
        return (self.line_hz - self.model_hz) * 1e-3


def visits(table: Mapping[str, Real], nitrogen: bool, shift_hz: float) -> Visits:
    """The lines of an alignment's table; none if columns are missing."""
    names = ("visit", "along_mt", "across_ut", "line_hz", "line_err_hz")
    number, along, across, line, error = complete(table, *names)
    expected = nv_lines(along, across * 1e-3, nitrogen)
    minus, plus = np.abs(expected.minus_hz[..., 0]) + shift_hz, expected.plus_hz[..., 0] + shift_hz
    is_plus = np.abs(line - plus) < np.abs(line - minus)
    return Visits(number, along, across, line, error, is_plus, np.where(is_plus, plus, minus))


def complete(table: Mapping[str, Real], *names: str) -> list[Real]:
    """These columns at the points that have all of them; empty ones if a column is missing."""
    if any(name not in table for name in names):
        return [np.zeros(0) for _ in names]
    columns = [table[name] for name in names]
    whole = np.isfinite(columns).all(axis=0)
    return [column[whole] for column in columns]


@lru_cache(maxsize=2)
def theory(nitrogen: bool) -> tuple[Real, Real, Real]:
    """Field along the axis in mT, |f-| and f+ in Hz without field across."""
    lines = nv_lines(_THEORY_MT, 0.0, nitrogen)
    return _THEORY_MT, np.abs(lines.minus_hz[:, 0]), lines.plus_hz[:, 0]


@lru_cache(maxsize=4)
def expected_resonance(which: str, nitrogen: bool) -> tuple[float, float]:
    """Where |f-| meets the 13C line by theory, in mT, and |d detuning / d field| there in kHz/µT."""
    fields = cross_relaxation_fields_mt(0.0, nitrogen)
    at_mt = fields[-1] if which == "upper" else fields[0]
    return at_mt, abs(detuning_slope_hz_per_mt(at_mt, nitrogen)) * 1e-6


@dataclass(frozen=True)
class Goal:
    """Where an alignment wants to be."""

    resonance_mt: float
    measured: bool
    """By the relaxation dip, rather than expected by theory."""
    khz_per_ut: float
    detuning_limit_khz: float
    transverse_limit_ut: float


def goal(plan: Mapping[str, Any], known: Mapping[str, Any], nitrogen: bool) -> Goal:
    """From what was asked for and what has been found."""
    expected_mt, khz_per_ut = expected_resonance(str(plan.get("resonance", "lower")), nitrogen)
    found = number(known, "resonance_field_mt")
    return Goal(
        resonance_mt=expected_mt if found is None else found,
        measured=found is not None and known.get("resonance") != "expected",
        khz_per_ut=khz_per_ut,
        detuning_limit_khz=number(plan, "detuning_limit_khz") or 20.0,
        transverse_limit_ut=number(plan, "transverse_limit_ut") or 2.0,
    )


def has_nitrogen(plan: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the NV has a 14N nucleus, as far as is known."""
    seen = known.get("nitrogen")
    return bool(seen) if seen is not None else plan.get("nitrogen") != "none"


def number(values: Mapping[str, Any], key: str) -> float | None:
    """A finite number, or None."""
    value = values.get(key)
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def pair(values: Mapping[str, Any], key: str) -> tuple[float, float] | None:
    """Two finite numbers, or None."""
    value = values.get(key)
    if not isinstance(value, list | tuple) or len(value) != 2 or any(v is None for v in value):
        return None
    return float(value[0]), float(value[1])
