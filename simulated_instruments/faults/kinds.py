"""What can go wrong with an instrument, and with which of its calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

CARD: Final = "ni_card"
RESOURCES: Final[Mapping[str, str]] = {
    "main_supply": "TCPIP0::192.168.10.21::inst0::INSTR",
    "pulsed_supply": "TCPIP0::192.168.10.22::inst0::INSTR",
    "trim_x": "USB0::0x0B21::0x0039::91U112233::INSTR",
    "trim_y": "USB0::0x0B21::0x0039::91U112234::INSTR",
    "microwave": "TCPIP0::192.168.10.23::inst0::INSTR",
    "green_laser": "ASRL3::INSTR",
    "aom": "ASRL4::INSTR",
    "sprout": "ASRL5::INSTR",
    "vfl": "ASRL6::INSTR",
}
"""Short name of every VISA instrument -> its resource name. The card has no resource name."""

OfReply = Literal["unanswered", "garbage", "truncated", "late", "unterminated", "twice_terminated", "slow"]
"""Needs a reply. unanswered: obeyed, but the reply never comes. garbage: random bytes in its place.

truncated: half of it, without its end. late: it comes in front of the next one. unterminated, twice_terminated: its end
is missing, or comes twice. slow: it comes within the time-out.
"""
OfMessage = Literal["lost", "disconnect", "unplugged", "reset"]
"""With any message. lost: neither obeyed nor answered. disconnect: the session is broken, until it is opened again.

unplugged: broken, and it cannot be opened again. reset: back to power-on values, just before the message.
"""
OfBench = Literal["interlock", "drop_out", "trip", "open_coil", "overheat", "unlock", "rf_off", "key"]
"""Just before the message, the instrument itself. interlock: opens. drop_out: the laser goes out and latches a fault.

trip: over-voltage protection of all channels that are on. open_coil: the coil of one channel is no longer connected,
so that its current meets the compliance voltage. overheat: they are off until it is cool. unlock: the carrier
leaves its frequency. rf_off: it is gone. key: somebody locks the laser with it.
"""
PASSING: Final[tuple[OfBench, ...]] = ("interlock", "open_coil", "overheat", "unlock", "key")
"""What can be over by itself after a while."""
OfCall = Literal["refused", "unavailable", "cut_off", "stuck", "slow", "reset"]
"""With any call of the card. refused: a DAQmx error, nothing done. unavailable: the server is not reached.

cut_off: done, but the answer is lost. stuck: never returns. reset: tasks gone, lines low, outputs 0 V, before the call.
"""
OfCount = Literal["fewer_counts", "no_counts"]
"""With a call that reads a counter."""
Kind = OfReply | OfMessage | OfBench | OfCall | OfCount | Literal["replaced"]
"""replaced: another reply, given as text."""

KINDS: Final[frozenset[str]] = frozenset(name for part in get_args(Kind) for name in (get_args(part) or (part,)))
HAPPENINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "main_supply": ("trip", "open_coil", "overheat"),
    "pulsed_supply": ("trip", "open_coil", "overheat"),
    "microwave": ("unlock", "rf_off"),
    "green_laser": ("interlock", "drop_out"),
    "sprout": ("interlock",),
    "vfl": ("interlock", "drop_out", "key"),
}


@dataclass(frozen=True)
class Call:
    """One message to a VISA instrument with its reply, or one gRPC call of the card."""

    instrument: str
    """Its short name."""
    number: int
    """From 1, of this instrument since power-on."""
    overall: int
    """From 1, of the whole bench since power-on."""
    text: str
    """The message, or the name of the gRPC call."""
    replied: bool
    """Whether there was a reply."""


def kinds_of(instrument: str) -> tuple[str, ...]:
    """All that can befall an instrument, in a fixed order."""
    if instrument == CARD:
        return (*get_args(OfCall), *get_args(OfCount))
    return (*get_args(OfMessage), *get_args(OfReply), "replaced", *HAPPENINGS.get(instrument, ()))


def applicable(call: Call) -> tuple[str, ...]:
    """What makes sense for a call as it went without faults; nothing that needs a text of its own."""
    if call.instrument == CARD:
        return (*get_args(OfCall), *(get_args(OfCount) if call.text.startswith("ReadCounter") else ()))
    of_reply = get_args(OfReply) if call.replied else ()
    return (*get_args(OfMessage), *of_reply, *HAPPENINGS.get(call.instrument, ()))
