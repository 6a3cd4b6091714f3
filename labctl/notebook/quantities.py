"""The numbers of a result with their errors and units, as a notebook shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from labctl.figures.columns import error_of
from labctl.plans.catalogue import ENTRIES
from labctl.stored_runs.explanation import NO_UNIT, WORDS, YES_OR_NO, is_error, number_of, value_words

_UNSAID: Final = ("", NO_UNIT, WORDS, YES_OR_NO)


@dataclass(frozen=True)
class Quantity:
    """One number, or one list of numbers, of a result."""

    key: str
    value: Any
    """As it was stored: a number, a text, a list, a mapping, or None."""
    error: Any
    """1 sigma, of the same form; None if it has none."""
    unit: str
    """Empty if it has none."""
    meaning: str

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        return f"{value_words(self.value, self.error)} {self.unit}".strip()


class Result(Mapping[str, Quantity]):
    """`result["field_mt"]` or `result.field_mt`: a Quantity. Errors stand with their values."""

    def __init__(self, sequence: str, values: Mapping[str, Any]) -> None:
        """values: of the result, as stored."""
        self.values_as_stored = dict(values)
        about = number_of(ENTRIES.get(sequence))
        self._found = {key: _quantity(key, values, *about(key)) for key in values if not is_error(values, key)}

    def __getitem__(self, key: str) -> Quantity:
        return self._found[key]

    def __getattr__(self, key: str) -> Quantity:
        if key.startswith("_") or key not in self._found:
            raise AttributeError(f"The result has no {key!r}. It has: {', '.join(self.__dict__.get('_found', ()))}")
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._found]

    def __repr__(self) -> str:
        width = max(map(len, self._found), default=0)
        return "\n".join(f"{key:{width}}  {one}" for key, one in self._found.items()) or "(no result)"

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><td>{escape(key)}</td><td>{escape(str(one))}</td><td>{escape(one.meaning)}</td></tr>"
            for key, one in self._found.items()
        )
        return f"<table>{''.join(rows)}</table>"


def _quantity(key: str, values: Mapping[str, Any], unit: str, meaning: str) -> Quantity:
    error = error_of(values, key)
    return Quantity(key, values[key], values[error] if error else None, "" if unit in _UNSAID else unit, meaning)
