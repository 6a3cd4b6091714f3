"""What station.yaml says of the pulse lines, held against what pulse source and counter say of themselves."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from instruments.interface.playable import Playable
from labctl.common.refusals import known
from labctl.config.drivers import driver
from labctl.config.values import value_faults

Problem = tuple[tuple[str, ...], str]
"""Keys that lead to it, and a sentence."""


def stated(entry: Any) -> Playable | None:
    """What the pulse source of this entry would play if it were open; None if its class cannot tell beforehand.

    A class can if it has a classmethod `playable_as` that takes what its constructor takes. Raises ValueError if what
    it would play is nothing that pulses can be written for.
    """
    found, init = _class_of(entry), _init(entry)
    tells = getattr(found, "playable_as", None)
    if found is None or tells is None or any(value_faults(found, init)):
        return None
    with suppress(TypeError):  # an argument that the constructor does not take is told elsewhere
        return tells(**init)  # type: ignore[no-any-return]
    return None


def pulse_faults(entries: Mapping[str, Any], wiring: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong between the wiring and the drivers of pulse source and counter, as far as their classes tell."""
    try:
        playable = stated(entries.get("pulse_generator"))
    except ValueError as error:
        yield ("instruments", "pulse_generator", "init"), f"pulse_generator: {error}"
    else:
        yield from mismatches(playable, wiring) if playable else ()
    counter, inputs = _class_of(entries.get("photon_counter")), wiring.get("terminals")
    faults_of = getattr(counter, "input_faults", None)
    if faults_of is None:
        return
    if inputs is None:
        yield ("wiring",), "wiring lacks 'terminals': add those where the photon_counter listens"
    for name, text in faults_of(inputs) if isinstance(inputs, Mapping) else ():
        yield ("wiring", "terminals", name), f"wiring.terminals.{name} {text}"


def mismatches(playable: Playable, wiring: Mapping[str, Any]) -> Iterator[Problem]:
    """What a pulse source cannot play of the wiring: another tick, channels that it has not."""
    tick_ns, lines = wiring.get("tick_ns"), wiring.get("lines")
    if _is_whole(tick_ns) and tick_ns != playable.tick_ns:
        yield (
            ("wiring", "tick_ns"),
            f"wiring.tick_ns is {tick_ns}, but the pulse_generator plays ticks of {playable.tick_ns} ns, and would "
            f"play every pulse wrong: set tick_ns to {playable.tick_ns}, or its init so that a tick lasts {tick_ns} ns",
        )
    last = len(playable.channels) - 1
    for role, line in lines.items() if isinstance(lines, Mapping) else ():
        if _is_whole(line) and line > last:
            yield (
                ("wiring", "lines", str(role)),
                f"wiring.lines.{role} must be at most {last}, not {line}: the pulse_generator drives "
                f"{playable.channels[0]} to {playable.channels[-1]}",
            )


def counter_fault(inputs: Mapping[str, str], has: Mapping[str, str]) -> str:
    """Why the open counter cannot listen where the wiring says; empty if it can. has: the inputs it has to choose."""
    for name in inputs:
        if not has:
            return "wiring.terminals: the photon_counter has none to choose: remove the section"
        if name not in has:
            return f"wiring.terminals: the photon_counter has no input {name!r}; {known(name, list(has))}"
    return ""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _init(entry: Any) -> dict[str, Any]:
    init = entry.get("init") if isinstance(entry, Mapping) else None
    return dict(init) if isinstance(init, Mapping) else {}


def _class_of(entry: Any) -> type[Any] | None:
    """None where the type itself is at fault: that is told elsewhere."""
    type_name = entry.get("type") if isinstance(entry, Mapping) else None
    with suppress(ImportError, AttributeError):
        return driver(type_name) if isinstance(type_name, str) and "." in type_name else None
    return None
