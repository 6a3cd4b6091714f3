"""What can happen to a gRPC call of the card on its way, and to what it counts."""

import threading
from collections.abc import Callable
from typing import Any, Final

import grpc
from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.faults.injector import SLOW_S, Injector
from simulated_instruments.faults.kinds import CARD, applicable
from simulated_instruments.faults.script import Fault
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.refusals import Refusal

Play = Callable[[], Any]
"""Does the call; its response."""

_LONGEST_DEADLINE_S: Final = 1e6
"""More is none."""
_UNREACHED: Final = "failed to connect to all addresses; the simulated server was told not to be there"


def disturbed(injector: Injector, card: Card, name: str, play: Play, context: grpc.ServicerContext) -> Any:
    """The response to a call, or whatever goes wrong with it instead. Raises Refusal; aborts the context."""
    call, fault = injector.begin(CARD, name)
    if fault is None:
        return play()
    if fault.kind not in applicable(call):
        injector.note(call, fault.kind, "none: this call reads no counter")
        return play()
    injector.note(call, fault.kind)
    return _disturbed(fault, injector, card, play, context)


def _disturbed(fault: Fault, injector: Injector, card: Card, play: Play, context: grpc.ServicerContext) -> Any:
    match fault.kind:
        case "refused":
            raise _refusal(fault.code)
        case "unavailable":
            context.abort(grpc.StatusCode.UNAVAILABLE, _UNREACHED)
        case "stuck":
            _wait_for_the_end(injector, context)
        case "slow":
            injector.clock.sleep(fault.for_s or SLOW_S)
        case "reset":
            card.reset()
    response = play()
    if fault.kind == "cut_off":
        context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    if fault.kind in ("fewer_counts", "no_counts"):
        return _with_fewer(response, fault.share if fault.kind == "fewer_counts" else 0.0)
    return response


def _refusal(code: int) -> Refusal:
    known = {error.value: error for error in DAQmxErrors}
    refusal = Refusal(DAQmxErrors.PAL_COMMUNICATIONS_FAULT, _words(known.get(code)))
    refusal.code = code
    return refusal


def _words(error: DAQmxErrors | None) -> str:
    name = error.name.replace("_", " ").lower() if error is not None else "unknown"
    return f"The simulated card was told to fail: {name}."


def _wait_for_the_end(injector: Injector, context: grpc.ServicerContext) -> None:
    """Until the client has given up. Its deadline is laboratory time; without one, its channel has to be closed."""
    left_s = context.time_remaining()
    if left_s is not None and left_s < _LONGEST_DEADLINE_S:
        injector.clock.sleep(left_s)
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
    over = threading.Event()
    if context.add_callback(over.set):
        over.wait()
    context.abort(grpc.StatusCode.CANCELLED, "the client has given up")


def _with_fewer(response: Any, share: float) -> Any:
    """The response of a counter read with this share of its counts."""
    if hasattr(response, "read_array"):
        counts = [int(count * share) for count in response.read_array]
        return type(response)(read_array=counts, samps_per_chan_read=response.samps_per_chan_read)
    return type(response)(value=int(response.value * share))
