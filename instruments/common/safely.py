"""Several parts made safe, each guarded alone: what one does not do keeps no other from being tried."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

LOG: Final = logging.getLogger(__name__)


def fault_of(act: Callable[[], str]) -> str:
    """What could not be confirmed; an exception is told as its sentence."""
    try:
        return act()
    except Exception as error:
        LOG.debug("Safe state", exc_info=True)
        return f"{type(error).__name__}: {error}"


def faults_of(acts: Mapping[str, Callable[[], str]]) -> str:
    """Of several parts, each by its name; empty if all are safe."""
    return "; ".join(f"{name}: {fault}" for name, act in acts.items() if (fault := fault_of(act)))
