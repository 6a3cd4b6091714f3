"""The numbers that a run is for, as its experiment names them or its result shows them; needs no plotting library."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from labctl.common.numbers import quoted
from labctl.common.value_errors import unit_of, words_of
from labctl.figures.columns import number
from sequences.core.discovery import EXPERIMENTS
from sequences.core.experiment import Quantity

_MOST: Final = 3
"""Numbers that are shown of a result, if the experiment does not say which."""


def headline(sequence: str, keys: Iterable[str]) -> tuple[Quantity, ...]:
    """What the experiment is run for; if it does not say so, the first numbers of the result that have errors."""
    experiment = EXPERIMENTS.get(sequence)
    if experiment is not None and (experiment.headline or experiment.in_words):
        return experiment.headline
    known = list(keys)
    return tuple(Quantity(key, words_of(key), unit_of(key)) for key in known if f"{key}_err" in known)[:_MOST]


def title(sequence: str, result: Mapping[str, Any]) -> str:
    """'ramsey · detuning 0.501 ± 0.002 MHz'."""
    said = []
    for one in headline(sequence, result):
        value, error = number(result, one.key), number(result, f"{one.key}_err")
        if value is not None:
            said.append(
                f"{one.words} {quoted(one.scale * value, None if error is None else one.scale * error, one.unit)}"
            )
    return " · ".join([sequence, *said])
