"""What a stored run says of itself in one line each: what came out, and what its plan was beside the defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from labctl.common.commands import About
from labctl.common.numbers import quoted
from labctl.common.value_errors import unit_of, words_of
from labctl.data.reader import Run
from labctl.data.serialise import plain
from labctl.figures.headline import headline
from labctl.plans.catalogue import ENTRIES
from labctl.plans.parse import as_text, known_keys, texts_of
from sequences.core.experiment import Experiment


def conclusion(sequence: str, result: Mapping[str, Any] | None, message: str) -> str:
    """One line: 'field 4.512(3) mT, tilt 0.1(1) deg', or the message."""
    if message or not result:
        return " ".join(message.split())
    experiment = ENTRIES.get(sequence)
    if experiment is not None and experiment.in_words is not None:
        return experiment.in_words(result, _number)
    return ", ".join(_said(result, key) for key in _keys(sequence, experiment, result))


def concluded(run: Run, folder: Path) -> str:
    """The same of a stored run; commands in its message say where its data are. folder: of the data."""
    about = About.of_run(run.record, folder)
    return conclusion(run.sequence, run.result, about.in_words(run.outcome.get("message") or ""))


def changes(sequence: str, plan: Mapping[str, Any]) -> dict[str, str]:
    """Dotted key -> text, as --set takes it, of all that is not as the experiment's plan has it by default today.

    plan: as stored. Empty for an experiment that is not known here.
    """
    experiment = ENTRIES.get(sequence)
    if experiment is None:
        return {}
    usual = {
        name: as_text(plain(key.default))
        for name, key in known_keys(experiment.plan).items()
        if key.default is not MISSING
    }
    return {key: text for key, text in texts_of(plan).items() if usual.get(key) != text}


def changes_of(run: Run) -> dict[str, str]:
    """The same of a stored run."""
    return changes(run.sequence, run.record.get("plan") or {})


def _keys(sequence: str, experiment: Experiment | None, result: Mapping[str, Any]) -> Sequence[str]:
    """Those that say most; if the experiment names none, or is not known here, the first ones that have errors."""
    keys = experiment.concludes if experiment is not None else ()
    keys = keys or tuple(one.key for one in headline(sequence, result))
    return [key for key in keys if isinstance(result.get(key), int | float)]


def _said(result: Mapping[str, Any], key: str) -> str:
    words = f"{words_of(key)} {_number(result[key], result.get(f'{key}_err'))}"
    return f"{words} {unit_of(key)}".rstrip()


def _number(value: float, error: Any = None) -> str:
    if isinstance(value, int):
        return str(value)
    return quoted(value, error if isinstance(error, int | float) else None)
