"""The gRPC line to an NI device server: no call waits for ever, and what may be repeated is, if the server was away."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import grpc

CALL_S: Final = 10.0
"""Longest that a call may take beyond what it is told to wait for."""
BEGINNING_S: Final = 60.0
"""Of the call that begins a play: a server that computes what the play will count does it then."""
TRIES: Final = 3
PAUSE_S: Final = 0.2
"""Before a call is repeated."""
_RECONNECTION: Final = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1000))
"""A server that is back is found within a pause."""

_ACTIONS: Final = frozenset(
    {
        "AddGlobalChansToTask",
        "CfgDigEdgeStartTrig",
        "CreateAOVoltageChan",
        "CreateCICountEdgesChan",
        "CreateDOChan",
        "ReadCounterF64",
        "ReadCounterF64Ex",
        "ReadCounterScalarF64",
        "ReadCounterScalarU32",
        "ReadCounterU32",
        "ReadCounterU32Ex",
        "StartTask",
        "WriteDigitalU32",
    }
)
"""Calls that do more the second time: a channel twice, a buffer twice full, a play from its beginning, later counts."""


def connected(target: str) -> grpc.Channel:
    """A channel to host:port whose calls have deadlines."""
    return grpc.intercept_channel(grpc.insecure_channel(target, options=_RECONNECTION), _Deadlines())


@dataclass(frozen=True)
class _Details(grpc.ClientCallDetails):  # type: ignore[misc]  # grpc comes without types
    """Of one call, as gRPC wants them."""

    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class _Deadlines(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # grpc comes without types
    """Gives every call its deadline, and repeats it where that does no more than the first time."""

    def intercept_unary_unary(self, continuation: Callable[[Any, Any], Any], details: Any, request: Any) -> Any:
        """The outcome of a call: its response, or its error."""
        name = str(details.method).rpartition("/")[2]
        for tries in range(1, TRIES + 1):
            outcome = continuation(_with_deadline(details, name, request), request)
            if tries == TRIES or name in _ACTIONS or outcome.code() is not grpc.StatusCode.UNAVAILABLE:
                return outcome
            time.sleep(PAUSE_S)
        raise AssertionError(name)


def _with_deadline(details: Any, name: str, request: Any) -> _Details:
    told_s = max(0.0, getattr(request, "time_to_wait", 0.0), getattr(request, "timeout", 0.0))
    own_s = BEGINNING_S if name == "StartTask" else CALL_S
    return _Details(
        details.method,
        told_s + own_s,
        details.metadata,
        details.credentials,
        getattr(details, "wait_for_ready", None),
        getattr(details, "compression", None),
    )
