"""The card's gRPC calls without a network and without threads, so that a run can be forked at any of them.

Requests, responses and errors are NI's messages as bytes, through the client's and the server's own handlers; only the
socket between them is left out, and with it deadlines of wall time.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc
from nidaqmx._stubs.nidaqmx_pb2_grpc import add_NiDAQmxServicer_to_server

from simulated_instruments.faults.injector import Injector
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.server import Servicer
from simulated_instruments.setpoints import World


class Loopback:
    """In place of an NIServer. While it is started, every insecure channel leads to it."""

    def __init__(self, world: World, injector: Injector) -> None:
        self.card = Card(world)
        self._handlers: Any = None
        self._usual = grpc.insecure_channel
        add_NiDAQmxServicer_to_server(Servicer(self.card, injector), self)

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """As of a gRPC server."""
        self._handlers = handlers[0]

    def add_registered_method_handlers(self, *_: Any) -> None:
        """As of a gRPC server; they are the same."""

    def start(self) -> str:
        """Take all channels from now on."""
        vars(grpc)["insecure_channel"] = lambda *_, **__: _Channel(self._handlers)
        return "loopback"

    def stop(self) -> None:
        """Let them lead to the network again."""
        vars(grpc)["insecure_channel"] = self._usual


class _Channel(grpc.Channel):  # type: ignore[misc]  # grpc comes without types
    def __init__(self, handlers: Any) -> None:
        self._handlers = handlers

    def unary_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, *_: Any, **__: Any
    ) -> Any:
        return _Method(
            self._handlers.service(SimpleNamespace(method=method)), request_serializer, response_deserializer
        )

    def _not_served(self, *_: Any, **__: Any) -> Any:
        return None

    unary_stream = stream_unary = stream_stream = subscribe = unsubscribe = _not_served

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> "_Channel":
        return self

    def __exit__(self, *_: object) -> None: ...


class _Method(grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]
    def __init__(self, handler: Any, to_bytes: Callable[[Any], bytes], of_bytes: Callable[[bytes], Any]) -> None:
        self._handler, self._to_bytes, self._of_bytes = handler, to_bytes, of_bytes

    def with_call(self, request: Any, timeout: float | None = None, **_: Any) -> tuple[Any, Any]:
        """The response and the call, or a raised Failure."""
        context: Any = _Context(timeout)
        asked = self._handler.request_deserializer(self._to_bytes(request))
        try:
            answer = self._handler.unary_unary(asked, context)
        except _Abort:
            raise Failure(context) from None
        return self._of_bytes(self._handler.response_serializer(answer)), _Call(grpc.StatusCode.OK)

    def __call__(self, request: Any, timeout: float | None = None, **named: Any) -> Any:
        return self.with_call(request, timeout, **named)[0]

    def future(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


class _Abort(Exception):
    """How a handler is left."""


class _Context:
    """What a handler may ask of the call that it answers."""

    def __init__(self, timeout_s: float | None) -> None:
        self.timeout_s = timeout_s
        self.status, self.words = grpc.StatusCode.UNKNOWN, ""
        self.trailing: tuple[tuple[str, str], ...] = ()

    def abort(self, status: Any, words: str) -> None:
        self.status, self.words = status, words
        raise _Abort

    def set_trailing_metadata(self, trailing: Any) -> None:
        self.trailing = trailing

    def time_remaining(self) -> float | None:
        return self.timeout_s

    def add_callback(self, _: Any) -> bool:
        return False


class _Call:
    def __init__(self, status: Any) -> None:
        self._status = status

    def code(self) -> Any:
        return self._status


class Failure(grpc.RpcError):  # type: ignore[misc]
    """A call's error, as a client sees it."""

    def __init__(self, context: _Context) -> None:
        super().__init__(context.words)
        self._context = context

    def code(self) -> Any:
        return self._context.status

    def details(self) -> str:
        return self._context.words

    def trailing_metadata(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(key=key, value=value) for key, value in self._context.trailing]

    def result(self) -> Any:
        raise self
