"""Events: streams that tell a client that samples have come, or that a task is done.

They look at the card every few milliseconds of wall time. On a bench without a pace they come when somebody has waited.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import grpc
from nidaqmx._stubs import nidaqmx_pb2 as pb

from simulated_instruments.nidaq.calls.properties import Call
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.refusals import bad_value
from simulated_instruments.nidaq.device.tasks import State, Task

Stream = Callable[[Card, Any, grpc.ServicerContext], Iterator[Any]]
"""Request -> responses, as long as the client listens."""

_LOOK_S: Final = 0.005


def _every_few(card: Card, request: pb.RegisterEveryNSamplesEventRequest, context: grpc.ServicerContext) -> Any:
    task, few, told = card.task(request.task.name), int(request.n_samples), 0
    if few < 1:
        raise bad_value("number of samples", few, Minimum_Value=1)
    kind = request.every_n_samples_event_type or request.every_n_samples_event_type_raw
    for come in _looking(context, lambda: card.passed(task)):
        told = min(told, come)  # a task that was started anew begins with none
        while come - told >= few:
            told += few
            yield pb.RegisterEveryNSamplesEventResponse(every_n_samples_event_type_raw=kind, n_samples=few)


def _done(card: Card, request: pb.RegisterDoneEventRequest, context: grpc.ServicerContext) -> Any:
    task, told = card.task(request.task.name), False
    for is_done in _looking(context, lambda: _is_done(card, task)):
        if is_done and not told:
            yield pb.RegisterDoneEventResponse(status=0)
        told = is_done


def _is_done(card: Card, task: Task) -> bool:
    with card.lock:
        return task.state is State.RUNNING and card.running.done_at(task) <= card.clock.now()


def _looking(context: grpc.ServicerContext, ask: Callable[[], Any]) -> Iterator[Any]:
    """What is answered, time after time, until the client has gone. The first metadata say that it is registered."""
    context.send_initial_metadata(())
    while context.is_active():
        yield ask()
        time.sleep(_LOOK_S)


def _unregistered(response: Any) -> Call:
    """The client ends its stream itself."""
    return lambda _card, _request: response()


STREAMS: Final[dict[str, Stream]] = {"RegisterEveryNSamplesEvent": _every_few, "RegisterDoneEvent": _done}
"""Calls that are answered by a stream."""
EVENT_CALLS: Final[dict[str, Call]] = {
    "UnregisterEveryNSamplesEvent": _unregistered(pb.UnregisterEveryNSamplesEventResponse),
    "UnregisterDoneEvent": _unregistered(pb.UnregisterDoneEventResponse),
}
