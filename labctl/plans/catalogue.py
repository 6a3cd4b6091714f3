"""What can be run: the experiments by name, each with plan, sequence, columns, and all that else is said of it."""

from typing import Final

from labctl.common.refusals import Refusal, known
from sequences.core.discovery import EXPERIMENTS
from sequences.core.experiment import Experiment
from sequences.results import Column

ENTRIES: Final = EXPERIMENTS
OURS: Final = ENTRIES.ours
"""The names of those that come with labctl."""
USUAL: Final = "engine"
"""The experiment whose plan lies ready in the window."""


def entry(name: str) -> Experiment:
    """The experiment of this name. Raises Refusal: why it is left out, or the list of names."""
    if name in ENTRIES:
        return ENTRIES[name]
    if why := ENTRIES.refused.get(name):
        raise Refusal(f"{why}. {_REMEDY}")
    raise Refusal(f"There is no sequence {name!r}; {known(name, list(ENTRIES))}")


def columns_of(name: str) -> tuple[Column, ...]:
    """The columns of a sequence's points: what the runner records for a child run."""
    return entry(name).columns


def measuring(calibration: str) -> Experiment:
    """The experiment that stores this calibration, 'field'. Raises Refusal if none says that it does."""
    if (found := ENTRIES.measuring(calibration)) is None:
        raise Refusal(f"No experiment says that it calibrates {calibration!r}")
    return found


def needed(experiment: Experiment) -> tuple[Experiment, ...]:
    """Those that store what this one must find calibrated, in the order of the list."""
    names = {found.name for key in experiment.needs if (found := ENTRIES.measuring(key)) is not None}
    return tuple(ENTRIES[name] for name in ENTRIES if name in names)


_REMEDY: Final = "Mend it there, or remove its entry point; the other experiments are not concerned"
