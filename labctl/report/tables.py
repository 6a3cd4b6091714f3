"""Results as a physicist reads them: values with errors, lists of equal length as a table, matrices as matrices.

Of a model's numbers, those that rest on what was believed beforehand are told apart; what is said in words is wrapped.
"""

import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from labctl.common.numbers import quoted
from labctl.data.point_tables import INTERVAL
from labctl.figures.columns import error_of

WIDTH: Final = 220
"""Of what is not a terminal: nothing is folded there."""
_LONGEST: Final = 40
_DRAWN: Final = ("curve_", "pulls")
_SENTENCE: Final = 60
"""A text that is longer is not a value but words, and stands by itself."""
_LINE: Final = 100
"""Letters in a line of words."""


def console() -> Console:
    """Stdout; a file gets plain text."""
    width = None if sys.stdout.isatty() else WIDTH
    return Console(width=width, markup=False, highlight=False)


def print_result(result: Mapping[str, Any]) -> None:
    """Every key of a result but the curves that figures draw: scalars with errors, lists side by side, matrices, words.

    Values of a model come as two tables: what was measured, and what rests on what was believed of it.
    """
    shown = {key: value for key, value in result.items() if not key.startswith(_DRAWN)}
    words = {key: value for key, value in shown.items() if isinstance(value, str) and len(value) > _SENTENCE}
    models = [key for key in ("values", "believed") if isinstance(shown.get(key), Mapping)]
    result = {key: value for key, value in shown.items() if key not in words and key not in models}
    screen = console()
    screen.print(_scalars(result))
    for key, value in words.items():
        screen.print(f"\n{key}\n{said(value)}")
    for title, table in _model(shown) if "values" in models else ():
        screen.print(f"\n{title}")
        screen.print(table)
    for table in _lists(result):
        screen.print()
        screen.print(table)
    errors = _errors(result)
    for name, value in result.items():
        if _is_matrix(value) and name not in errors.values():
            screen.print(f"\n{name}")
            screen.print(_matrix(value, result.get(errors.get(name, ""))))


def said(words: str) -> str:
    """Words in indented lines that can be read."""
    return textwrap.fill(words, _LINE, initial_indent="  ", subsequent_indent="  ")


def _model(result: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """The numbers of a model: those of which a part was believed and not measured, the most first, then the others."""
    values, believed = result["values"], result.get("believed")
    shares = {key: share for key, share in (believed or {}).items() if key in values and isinstance(share, int | float)}
    if shares:
        table = _model_table("value", "share of its variance")
        for key in sorted(shares, key=lambda key: -shares[key]):
            table.add_row(key, _pair(values[key]), f"{100.0 * shares[key]:.0f} %")
        yield "believed beforehand and not measured, wholly or in part", table
    table = _model_table("value")
    for key, value in values.items():
        if key not in shares:
            table.add_row(key, _pair(value))
    yield "measured", table


def _model_table(*headings: str) -> Table:
    table = Table("", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _plain_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, show_header=bool(headings))
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _errors(result: Mapping[str, Any]) -> dict[str, str]:
    """Key -> the key of its standard error."""
    return {key: error for key in result if (error := error_of(result, key)) is not None and error != key}


def _scalars(result: Mapping[str, Any]) -> Table:
    table, errors = _plain_table(), _errors(result)
    table.add_column()
    table.add_column()
    for key, value in result.items():
        if key in errors.values() or (isinstance(value, list) and len(value) > 3) or _is_matrix(value):
            continue
        table.add_row(key, _cell(key, value, result.get(errors.get(key, ""))))
    return table


def _words(value: Any, error: Any = None) -> str:
    """A value, or values, with the errors that belong to them."""
    if isinstance(value, list) and not value:
        return "-"
    if isinstance(value, list):
        errors = error if isinstance(error, list) and len(error) == len(value) else [None] * len(value)
        return ", ".join(_words(one, its) for one, its in zip(value, errors, strict=True))
    if isinstance(value, Mapping):
        return "  ".join(f"{k} {_pair(v)}" for k, v in value.items())
    if isinstance(value, bool | str) or value is None:
        return "-" if value is None else str(value)
    if isinstance(error, int | float) and error > 0:
        return quoted(float(value), error)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _pair(value: Any) -> str:
    """[value, error], as the Pauli terms are given."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int | float) for v in value):
        return quoted(value[0], value[1])
    return _words(value)


def _is_matrix(value: Any) -> bool:
    """Rows of numbers; pairs in a column are intervals."""
    return isinstance(value, list) and len(value) > 2 and all(isinstance(r, list) and len(r) > 2 for r in value)


def _interval(value: Any) -> str:
    """From … to, of a pair; several pairs one after the other. Any other pair is no range."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int | float) for v in value):
        return f"{value[0]:.3g} … {value[1]:.3g}"
    return ", ".join(map(_interval, value)) if isinstance(value, list) else _words(value)


def _lists(result: Mapping[str, Any]) -> Iterator[Table]:
    """One table for all lists of the same length."""
    lengths = {len(v) for v in result.values() if isinstance(v, list) and len(v) > 3 and not _is_matrix(v)}
    errors = _errors(result)
    for length in sorted(lengths):
        names = [k for k, v in result.items() if isinstance(v, list) and len(v) == length and not _is_matrix(v)]
        shown = [name for name in names if name not in errors.values()]
        table = _plain_table(*shown)
        for row in range(min(length, _LONGEST)):
            table.add_row(*(_cell(n, result[n][row], _at(result.get(errors.get(n, "")), row)) for n in shown))
        yield table


def _cell(name: str, value: Any, error: Any) -> str:
    return _interval(value) if name.endswith(INTERVAL) else _words(value, error)


def _at(values: Any, row: int) -> Any:
    return values[row] if isinstance(values, list) and row < len(values) else None


def _matrix(rows: list[list[Any]], errors: Any = None) -> Table:
    """Rows as rows, each number with its error if there is one for each."""
    table = _plain_table()
    if _is_matrix(errors) and [*map(len, errors)] == [*map(len, rows)]:
        for row, its in zip(rows, errors, strict=True):
            table.add_row(*(_words(v, e) for v, e in zip(row, its, strict=True)))
        return table
    for _ in rows[0]:
        table.add_column(justify="right")
    for row in rows:
        table.add_row(*(f"{v:+.4f}" if isinstance(v, float) else _words(v) for v in row))
    return table
