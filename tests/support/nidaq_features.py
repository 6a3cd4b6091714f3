"""The table docs/nidaqmx.md: what of nidaqmx works on the simulated card, and what is refused by its name.

PYTHONPATH=.:tests python -m support.nidaq_features     makes it anew; a test compares it
"""

import inspect
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import nidaqmx
from nidaqmx.errors import DaqError
from nidaqmx.system import PhysicalChannel

from support.nidaq_bench import Client, client
from support.nidaq_usages import USAGES, ai, ao, ci, co, device, di, do

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "nidaqmx.md"
WORKS: Final = "works"
REFUSED: Final = "refused by name"

_OBJECTS: Final[dict[str, Callable[[Client], Any]]] = {
    "Device": device,
    "PhysicalChannel (ai)": lambda k: PhysicalChannel("Dev1/ai0", grpc_options=k.options),
    "PhysicalChannel (port0)": lambda k: PhysicalChannel("Dev1/port0", grpc_options=k.options),
    "Task": ci,
    "AIChannel": lambda k: ai(k).ai_channels[0],
    "AOChannel": lambda k: ao(k).ao_channels[0],
    "DIChannel": lambda k: di(k).di_channels[0],
    "DOChannel": lambda k: do(k).do_channels[0],
    "CIChannel (edges)": lambda k: ci(k).ci_channels[0],
    "CIChannel (frequency)": lambda k: k.task().ci_channels.add_ci_freq_chan("Dev1/ctr0"),
    "COChannel": lambda k: co(k).co_channels[0],
    "Timing (ai)": lambda k: ai(k, samples=4).timing,
    "Timing (ao)": lambda k: ao(k, samples=4).timing,
    "Timing (di)": lambda k: di(k, samples=4).timing,
    "Timing (do)": lambda k: do(k, samples=4).timing,
    "Timing (co)": lambda k: co(k).timing,
    "StartTrigger": lambda k: do(k, samples=4).triggers.start_trigger,
    "ArmStartTrigger": lambda k: ci(k).triggers.arm_start_trigger,
    "PauseTrigger": lambda k: ci(k).triggers.pause_trigger,
    "ReferenceTrigger": lambda k: ai(k, samples=4).triggers.reference_trigger,
    "InStream": lambda k: ai(k, samples=4).in_stream,
    "OutStream": lambda k: do(k, samples=4).out_stream,
}
"""Objects of nidaqmx whose properties are read, each on a card that was reset."""


def outcome(ask: Callable[[], object]) -> str:
    """What comes of a use. What else goes wrong is an error of this table, or of the card."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            ask()
    except DaqError as error:
        if "not simulated" in str(error):
            return REFUSED
        raise
    return WORKS


def usages(card: Client) -> dict[str, dict[str, str]]:
    """Area -> use -> outcome."""
    return {area: {use: _fresh(card, how) for use, how in uses.items()} for area, uses in USAGES.items()}


def properties(card: Client) -> dict[str, dict[str, str]]:
    """Object -> property -> outcome of reading it."""
    found: dict[str, dict[str, str]] = {}
    for name, make in _OBJECTS.items():
        thing = make(card)
        found[name] = {one: outcome(lambda one=one, it=thing: getattr(it, one)) for one in _readable(thing)}  # type: ignore[misc]
        _cleared(card)
    return found


def _readable(thing: object) -> list[str]:
    members = inspect.getmembers(type(thing), lambda member: isinstance(member, property))
    return [name for name, member in members if member.fget and not name.startswith("_")]


def _fresh(card: Client, how: Callable[[Client], object]) -> str:
    try:
        return outcome(lambda: how(card))
    finally:
        _cleared(card)


def _cleared(card: Client) -> None:
    device(card).reset_device()
    card.tasks.clear()


def page() -> str:
    """The whole page."""
    with client() as card:
        return "\n".join([*_head(), *_of_usages(usages(card)), *_of_properties(properties(card))]) + "\n"


def _head() -> Iterator[str]:
    yield "# What of nidaqmx the simulated card does"
    yield ""
    yield f"Made by `PYTHONPATH=.:tests python -m support.nidaq_features` with nidaqmx {nidaqmx.__version__}; a test"
    yield "compares it. Each line was tried through the unmodified client. *Refused by name* means a DAQmx error that"
    yield "says what is not simulated. How it behaves, and from where that is known, is said in"
    yield "[hardware](hardware.md#ni-pcie-6363). Words: [glossary](glossary.md)."


def _of_usages(table: dict[str, dict[str, str]]) -> Iterator[str]:
    told = [result for uses in table.values() for result in uses.values()]
    yield from ("", "## Uses", "", f"{told.count(WORKS)} work, {told.count(REFUSED)} are refused by name.", "")
    yield from ("| area | use | |", "|---|---|---|")
    yield from (f"| {area} | {use} | {result} |" for area, uses in table.items() for use, result in uses.items())


def _of_properties(table: dict[str, dict[str, str]]) -> Iterator[str]:
    told = [result for found in table.values() for result in found.values()]
    yield from ("", "## Properties that can be read", "")
    yield f"{told.count(WORKS)} can be read, {told.count(REFUSED)} are refused by name. Many of these belong to other"
    yield "devices, and the real card refuses them as well."
    yield from ("", "| object | can be read | refused by name |", "|---|---|---|")
    for name, found in table.items():
        works = [one for one, result in found.items() if result == WORKS]
        yield f"| {name} | {', '.join(f'`{one}`' for one in works)} | {len(found) - len(works)} others |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
