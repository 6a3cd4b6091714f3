"""The gRPC shell: NI's own service on a loopback port; every refusal travels as DAQmx's do."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from threading import BoundedSemaphore
from typing import Any, Final

import grpc
from nidaqmx._stubs.nidaqmx_pb2_grpc import NiDAQmxServicer, add_NiDAQmxServicer_to_server

from simulated_instruments.faults.injector import Injector
from simulated_instruments.nidaq.calls.events import STREAMS, Stream
from simulated_instruments.nidaq.calls.properties import Call
from simulated_instruments.nidaq.calls.table import CALLS
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.refusals import ReadRefusal, Refusal, SessionRefusal, not_simulated
from simulated_instruments.nidaq.disturbed import disturbed
from simulated_instruments.setpoints import World

_THREADS: Final = 32
"""A client may stop a task while another of its threads waits for it. A stream of events has one while it lasts."""
_MOST_STREAMS: Final = 16


class Servicer(NiDAQmxServicer):  # type: ignore[misc]  # grpc comes without types
    """NI's service: the calls of the table; every other one is refused by name."""

    def __init__(self, card: Card, injector: Injector) -> None:
        self.card, self.injector = card, injector
        self.streams = BoundedSemaphore(_MOST_STREAMS)


class _Threads(Executor):
    """Daemon threads, so that drivers which close at the very end of the process are still answered.

    The threads of concurrent.futures are gone by then, and a client would wait for its answer for ever.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        for k in range(count):
            threading.Thread(target=self._serve, name=f"nidaq-{k}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queue a call."""
        future: Future[Any] = Future()
        self._work.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002  # as its base has it
        """Let every thread end after its call."""
        for _ in range(self._count):
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            future, call = work
            try:
                future.set_result(call())
            except Exception as error:  # handed to whoever asked
                future.set_exception(error)


class NIServer:
    """The simulated NI gRPC device server with one card in it, in its power-on state."""

    def __init__(self, world: World, injector: Injector | None = None) -> None:
        """injector: what shall go wrong; None: nothing."""
        self.card = Card(world)
        self._injector = injector or Injector(world.clock)
        self._threads: _Threads | None = None
        self._server: grpc.Server | None = None

    def start(self) -> str:
        """Listen on a free loopback port and say which: `127.0.0.1:<port>`."""
        self._threads = _Threads(_THREADS)
        self._server = grpc.server(self._threads, options=[("grpc.max_receive_message_length", -1)])
        add_NiDAQmxServicer_to_server(Servicer(self.card, self._injector), self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return f"127.0.0.1:{port}"

    def stop(self) -> None:
        """Close the port; calls under way are cut off."""
        if self._server is not None and self._threads is not None:
            self._server.stop(grace=None).wait()
            self._threads.shutdown()
        self._server = self._threads = None


def _answering(name: str, call: Call | None) -> Callable[[Servicer, Any, grpc.ServicerContext], Any]:
    def answer(self: Servicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            if call is None:
                raise not_simulated(f"The call {name}", "docs/nidaqmx.md lists what is simulated")
            return disturbed(self.injector, self.card, name, lambda: call(self.card, request), context)
        except SessionRefusal as refusal:
            context.abort(grpc.StatusCode[refusal.status], str(refusal))
        except Refusal as refusal:
            _refuse(context, refusal, getattr(getattr(request, "task", None), "name", ""))

    return answer


def _streaming(call: Stream) -> Callable[[Servicer, Any, grpc.ServicerContext], Iterator[Any]]:
    def answer(self: Servicer, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        if not self.streams.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"more than {_MOST_STREAMS} events: unregister some")
        try:
            yield from call(self.card, request, context)
        except Refusal as refusal:
            _refuse(context, refusal, request.task.name)
        finally:
            self.streams.release()

    return answer


def _refuse(context: grpc.ServicerContext, refusal: Refusal, task_name: str) -> Any:
    metadata = [("ni-error", str(refusal.code))]
    if isinstance(refusal, ReadRefusal):
        metadata.append(("ni-samps-per-chan-read", str(refusal.samples_read)))
    context.set_trailing_metadata(tuple(metadata))
    context.abort(grpc.StatusCode.UNKNOWN, refusal.text(task_name))


for _name in [name for name in vars(NiDAQmxServicer) if name[0].isupper()]:
    _stream = STREAMS.get(_name)
    setattr(Servicer, _name, _streaming(_stream) if _stream else _answering(_name, CALLS.get(_name)))
