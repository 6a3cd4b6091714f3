"""Results of several runs beside one another: a row for every number, with the pulls against the first run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from typing import Any, Final

from labctl.common.value_errors import unit_of
from labctl.figures.columns import error_of

_DRAWN: Final = ("curve_", "pulls")
_INTERVAL: Final = "_ci95"
_LONGEST: Final = 40
Cell = float | str | bool | None


@dataclass(frozen=True)
class Row:
    """One quantity."""

    key: str
    """'field_mt'; 'fidelity[0]' of a list, 'paulis.XX' of a mapping."""
    unit: str
    values: tuple[Cell, ...]
    """One for each run; None where a run has none."""
    errors: tuple[float | None, ...]
    """1 sigma."""

    @property
    def pulls(self) -> tuple[float | None, ...]:
        """(value - value of the first run) / combined error; None where that is not defined."""
        first, its = self.values[0], self.errors[0]
        pairs = zip(self.values[1:], self.errors[1:], strict=True)
        return (None, *(_pull(first, its, value, error) for value, error in pairs))


def _pull(first: Cell, its: float | None, value: Cell, error: float | None) -> float | None:
    if not _is_number(first) or not _is_number(value) or its is None or error is None:
        return None
    combined = hypot(its, error)
    return (float(value) - float(first)) / combined if combined > 0 else None  # type: ignore[arg-type]  # numbers


def rows(results: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """All numbers and words of these results but curves, matrices and intervals."""
    tables = [dict(_numbers(result)) for result in results]
    for key in {key: None for table in tables for key in table}:
        cells = [table.get(key, (None, None)) for table in tables]
        name = key.partition(".")[2] or key.partition("[")[0]
        yield Row(key, unit_of(name), tuple(value for value, _ in cells), tuple(error for _, error in cells))


def _numbers(result: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Cell, float | None]]]:
    errors = {error for key in result if (error := error_of(result, key)) is not None and error != key}
    for key, value in result.items():
        if key in errors or key.startswith(_DRAWN) or key.endswith(_INTERVAL):
            continue
        its = result.get(error_of(result, key) or "") if error_of(result, key) != key else None
        if isinstance(value, Mapping):
            yield from ((f"{key}.{name}", _paired(one)) for name, one in value.items())
        elif isinstance(value, list):
            yield from _listed(key, value, its)
        elif _is_number(value) or isinstance(value, str):
            yield key, (value, _error(its))


def _listed(key: str, values: list[Any], errors: Any) -> Iterator[tuple[str, tuple[Cell, float | None]]]:
    if len(values) > _LONGEST or any(isinstance(one, list) and len(one) != 2 for one in values):
        return  # a matrix, or a curve
    for k, value in enumerate(values):
        error = errors[k] if isinstance(errors, list) and k < len(errors) else None
        if isinstance(value, list):
            yield from _listed(f"{key}[{k}]", value, error)
        elif _is_number(value) or isinstance(value, str):
            yield f"{key}[{k}]", (value, _error(error))


def _paired(value: Any) -> tuple[Cell, float | None]:
    """[value, error], as mappings of a result have it."""
    if isinstance(value, list) and len(value) == 2 and _is_number(value[0]):
        return value[0], _error(value[1])
    return (value if _is_number(value) or isinstance(value, str) else None), None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _error(value: Any) -> float | None:
    return float(value) if _is_number(value) and not isinstance(value, bool) and value > 0 else None
