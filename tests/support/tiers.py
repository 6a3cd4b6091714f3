"""Three tiers of tests, and what keeps them apart.

unit     no wire, no process, no window: a function and what it returns. Seconds in all.
twin     the laboratory without wires, in this process: all physics of the sequences.
system   wires, processes, the window; of every sequence and every instrument at least one run over its wires.

A module that says nothing has the tier of its folder; one of another tier says so: `pytestmark = pytest.mark.unit`. A
module without a tier, in a folder without one, fails the collection. A test of the first two tiers that opens a socket,
starts a process or makes a window fails with a sentence.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

TIERS: Final = {"unit": 60, "twin": 300, "system": 600}
"""Tier -> seconds after which a test of it hangs. None takes a tenth of that on a machine that has time."""
FOLDERS: Final = {
    "documents": "unit",
    "figures": "unit",
    "gui": "system",
    "instruments": "system",
    "labctl": "system",
    "physics": "unit",
    "sequences": "twin",
    "simulated": "system",
    "tools": "system",
}
"""Of the modules that do not say it."""
TESTS: Final = Path(__file__).resolve().parents[1]
WINDOWS: Final = frozenset({"qtbot", "qapp"})
"""Fixtures that start Qt."""
_OPENING: Final = {
    "socket.__new__": "opens a socket",
    "subprocess.Popen": "starts a process",
    "os.fork": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.system": "starts a process",
}
"""Events that Python tells of."""


def tier_of(item: pytest.Item) -> str | None:
    """Its tier, by its own mark or its folder; None if it has none. Raises ValueError if it has several."""
    said = {tier for tier in TIERS if item.get_closest_marker(tier)}
    if len(said) > 1:
        raise ValueError(f"{item.nodeid} has the tiers {' and '.join(sorted(said))}: a test has one")
    folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
    return said.pop() if said else FOLDERS.get(folder)


def sort_into_tiers(items: list[pytest.Item], has_timeout: bool) -> None:
    """Mark every test with its tier and its time. Raises UsageError if one has no tier, or starts Qt without right."""
    for item in items:
        try:
            tier = tier_of(item)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None
        if tier is None:
            raise pytest.UsageError(
                f"{item.path.name} has no tier: write pytestmark = pytest.mark.unit, twin or system into it, or give "
                "its folder one in tests/support/tiers.py"
            )
        if tier != "system" and (used := WINDOWS.intersection(getattr(item, "fixturenames", ()))):
            raise pytest.UsageError(f"{item.nodeid} is of the tier {tier}, but {min(used)} starts Qt: it is of system")
        item.add_marker(tier)
        if has_timeout and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIERS[tier]))


class Opened(AssertionError):
    """A test of a tier without wires, processes and windows opened something."""


@contextmanager
def closed(tier: str) -> Iterator[None]:
    """While it lasts, nothing may be opened."""
    _listen()
    patch = pytest.MonkeyPatch()
    _STATE["tier"] = tier
    try:
        _close(patch, tier)
        yield
    finally:
        _STATE["tier"] = None
        patch.undo()


_STATE: dict[str, str | None] = {"tier": None}
"""The tier of the test that runs, if it may open nothing."""


@cache
def _listen() -> None:
    """Hear of what Python opens. A hook stays for good, so there is one."""

    def heard(event: str, _arguments: tuple[Any, ...]) -> None:
        tier = _STATE["tier"]
        if tier is not None and event in _OPENING:
            raise Opened(_sentence(tier, _OPENING[event]))

    sys.addaudithook(heard)


def _close(patch: pytest.MonkeyPatch, tier: str) -> None:
    """What Python does not tell of: gRPC opens sockets in C, multiprocessing forks in C, Qt makes windows in C++."""

    def refusing(what: str) -> Any:
        def refuse(*_arguments: Any, **_named: Any) -> None:
            raise Opened(_sentence(tier, what))

        return refuse

    patch.setattr("multiprocessing.process.BaseProcess.start", refusing("starts a process"))
    if "grpc" in sys.modules:
        for name in ("server", "insecure_channel"):
            patch.setattr(f"grpc.{name}", refusing("opens a socket"))
    if "pyqtgraph.Qt" in sys.modules:
        from pyqtgraph.Qt import QtWidgets

        patch.setattr(QtWidgets.QApplication, "__init__", refusing("starts Qt"))
        patch.setattr(QtWidgets.QWidget, "show", refusing("shows a window"))


def _sentence(tier: str, what: str) -> str:
    return f"A test of the tier {tier} {what}: it is of the tier system (see tests/support/tiers.py)"
