"""Finding columns in what a run recorded: by name first, else by a pattern that carries the unit."""

from collections.abc import Container, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Points = Mapping[str, NDArray[Any]]


def named(points: Points, *patterns: str) -> str | None:
    """The first column that fits, patterns in order of preference; error columns fit only where asked for."""
    for pattern in patterns:
        for name in points:
            if fnmatchcase(name, pattern) and (pattern.endswith("_err*") or "_err" not in name):
                return name
    return None


def together(points: Points, *names: str | None) -> list[Real] | None:
    """These columns at the points that have all of them; None if a column is missing or no point is complete."""
    if any(name is None or name not in points for name in names):
        return None
    columns = [np.asarray(points[name], dtype=float) for name in names if name is not None]
    complete = np.all(np.isfinite(columns), axis=0)
    return [column[complete] for column in columns] if complete.any() else None


def error_of(points: Container[str], name: str | None) -> str | None:
    """The column with the standard error of this one: 'rate_per_s' -> 'rate_err_per_s' or 'rate_per_s_err'."""
    if name is None:
        return None
    candidates = [f"{name}_err"]
    parts = name.split("_")
    candidates += ["_".join([*parts[:k], "err", *parts[k:]]) for k in range(1, len(parts) + 1)]
    return next((c for c in candidates if c in points), None)


def measured(points: Points, x: str | None, y: str | None) -> tuple[Real, Real, Real | None] | None:
    """x ascending, y and its standard errors (None where they are not recorded for every point)."""
    if (data := together(points, x, y)) is None:
        return None
    order = np.argsort(data[0], kind="stable")
    whole = together(points, x, y, error_of(points, y)) if error_of(points, y) else None
    bars = whole[2][order] if whole is not None and len(whole[2]) == len(order) else None
    return data[0][order], data[1][order], bars


def number(result: Mapping[str, Any], key: str) -> float | None:
    """A finite number of the result, or None."""
    value = result.get(key)
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def entanglement_key(*known: Mapping[str, Any]) -> str:
    """Which key holds the measured entanglement: the signed concurrence, which is not cut at 0, if anything of it is
    known. Runs of older versions have the concurrence alone.
    """
    return "signed_concurrence" if any("signed_concurrence" in one for one in known) else "concurrence"
