"""What each number of a stored run is: its unit, its meaning, and how it was found.

The meaning is the docstring beneath the field of the result's dataclass. A unit stands at the end of a field's name, or
as a sentence of its own in that docstring: 'In photons.', 'In sigma.', 'No unit.', 'Each in its own unit.' An error has
the unit of its value, and is 1 sigma of it unless its own docstring says otherwise.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

from labctl.common.numbers import quoted
from labctl.common.refusals import Refusal
from labctl.common.value_errors import unit_of
from labctl.data.reader import FOREIGN, Run, outermost, points
from labctl.figures.columns import error_of
from labctl.plans.catalogue import ENTRIES
from labctl.plans.parse import docstrings
from sequences.core.experiment import Experiment
from sequences.results import Column

INTERVAL: Final = "_ci95"
WORDS, YES_OR_NO, NO_UNIT = "words", "yes or no", "no unit"
_SENTENCE: Final = re.compile(
    r"(?:^|(?<= ))(No unit|Each in its own unit|In (?:photons|shots|sigma|rad|nm²|nm per √min))\."
)
_MOST_VALUES: Final = 6


@dataclass(frozen=True)
class Number:
    """A field of a result."""

    key: str
    value: str
    """With its error, if it has one; of a long list how many there are."""
    unit: str
    """'mT', 'photons', 'no unit', 'words'; empty if nobody says it."""
    meaning: str
    """Empty if nobody says it."""


@dataclass(frozen=True)
class Explanation:
    """Of a stored run."""

    run: Run
    description: str
    how: str
    """What the sequence does, and what its result is."""
    numbers: tuple[Number, ...]
    columns: tuple[Column, ...]
    """What was recorded, and the numbers were found from."""
    calibrations: tuple[str, ...]
    """What others had measured and it relied on: 'field.x_a 0.0123 ± 0.0002 of run 3'."""


def explanation(folder: Path, run: Run) -> Explanation:
    """Explain a run. Raises Refusal if it is none of labctl's."""
    if run.status == FOREIGN:
        raise Refusal(f"Run {run.run_id} was stored by QCoDeS without labctl: nothing is known of its numbers")
    experiment = ENTRIES.get(run.sequence)
    made, about = result_type(experiment) if experiment else None, number_of(experiment)
    result = run.result or run.outcome.get("estimate") or {}
    return Explanation(
        run,
        experiment.description if experiment else "",
        " ".join(text for text in (_doc(experiment.function) if experiment else "", _doc(made)) if text),
        tuple(_number(key, result, *about(key)) for key in result if not is_error(result, key)),
        points(folder, run.run_id).columns,
        tuple(_calibrations(outermost(folder, run))),
    )


def result_type(experiment: Experiment) -> type[Any] | None:
    """The dataclass that its function returns, if its annotation `-> Stream[…]` says so."""
    try:
        returned = get_args(get_type_hints(experiment.function).get("return"))
    except (NameError, TypeError):
        return None
    made = returned[-1] if returned else None
    return made if isinstance(made, type) and dataclasses.is_dataclass(made) else None


def meanings(made: type[Any]) -> dict[str, tuple[str, str]]:
    """Field of a result -> its unit and its meaning; empty texts where nobody says them."""
    hints, docs = get_type_hints(made), docstrings(made)
    names = [field.name for field in dataclasses.fields(made)]
    values = {error: name for name in names if (error := error_of(names, name)) not in (None, name)}
    values |= {f"{name}{INTERVAL}": name for name in names}
    return {name: _meaning(name, values.get(name, ""), hints, docs) for name in names}


def _meaning(name: str, of: str, hints: Mapping[str, Any], docs: Mapping[str, str]) -> tuple[str, str]:
    """of: the value whose error or interval this is, if it is one."""
    if of:
        kind = f"95 % interval of {of}" if name.endswith(INTERVAL) else f"1 sigma of {of}"
        return _meaning(of, "", hints, docs)[0], docs.get(name) or f"{kind}."
    doc = docs.get(name, "")
    said = _SENTENCE.search(doc)
    unit = unit_of(name) or (said[1].removeprefix("In ").lower() if said else _unit_of_type(hints[name]))
    return unit, " ".join(_SENTENCE.sub("", doc).split())


def _unit_of_type(hint: Any) -> str:
    kinds = {hint, *get_args(hint)} - {Ellipsis, type(None)}
    if bool in kinds:
        return YES_OR_NO
    return WORDS if str in kinds and not kinds & {int, float} and getattr(hint, "__origin__", None) is not dict else ""


def number_of(experiment: Experiment | None) -> Callable[[str], tuple[str, str]]:
    """What says unit and meaning of a key of its results; of an experiment that is not known here, only the unit."""
    made = result_type(experiment) if experiment else None
    try:
        about = meanings(made) if made else {}
    except (OSError, TypeError, NameError, SyntaxError):  # of a package without its source
        about = {}
    return lambda key: about.get(key, (unit_of(key), ""))


def _doc(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").split()) if thing is not None else ""


def is_error(result: Mapping[str, Any], key: str) -> bool:
    """Whether this key is the error of another one."""
    return any(error_of(result, other) == key for other in result if other != key)


def _number(key: str, result: Mapping[str, Any], unit: str, meaning: str) -> Number:
    return Number(key, value_words(result[key], result.get(error_of(result, key) or "")), unit, meaning)


def value_words(value: Any, error: Any) -> str:
    """'4.512 ± 0.003'; of what is long how many there are."""
    if isinstance(value, list):
        if any(isinstance(one, list | dict) for one in value) or not 0 < len(value) <= _MOST_VALUES:
            return f"{len(value)} × {len(value[0])} values" if _is_matrix(value) else f"{len(value)} values"
        errors = error if isinstance(error, list) and len(error) == len(value) else [None] * len(value)
        return ", ".join(value_words(one, its) for one, its in zip(value, errors, strict=True))
    if isinstance(value, Mapping):
        return f"{len(value)} values"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return quoted(value, error) if isinstance(error, int | float) and error > 0 else f"{value:.6g}"
    return "-" if value is None else str(value)


def _is_matrix(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(row, list) and len(row) == len(value[0]) for row in value)


def _calibrations(whole: Run) -> list[str]:
    used = whole.outcome.get("calibration_used")
    entries = used.items() if isinstance(used, Mapping) else ()
    return [
        f"{key} {quoted(one['value'], one['error'])} of run {one.get('run_id') or '?'}"
        for key, one in entries
        if isinstance(one, Mapping) and isinstance(one.get("value"), float) and isinstance(one.get("error"), float)
    ]
