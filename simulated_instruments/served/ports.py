"""Loopback ports: one thread waits for all callers, and each caller is answered by a thread of its own."""

import re
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from simulated_instruments.visa.framing import first_message

Serve = Callable[[socket.socket], None]
HOST: Final = "127.0.0.1"
_CHUNK: Final = 65_536
_HTTP: Final = re.compile(rb"\s*[A-Z]+ \S+ HTTP/\d")
"""How a browser begins. What it sends next any page that it shows may have written: it must not reach an instrument."""


class Ports:
    """Ports that are open together and closed together. Nobody beyond this computer can reach them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []
        self._callers: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ear, self._bell = socket.socketpair()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._welcome, name="ports", daemon=True)

    def listen(self, serve: Serve) -> int:
        """A free port, at which every caller is handed to `serve`; before `open`."""
        listener = socket.create_server((HOST, 0))
        listener.setblocking(False)
        self._listeners.append(listener)
        self._selector.register(listener, selectors.EVENT_READ, serve)
        return int(listener.getsockname()[1])

    def open(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more, and hang up on those who are there."""
        self._bell.send(b"x")
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            for caller in self._callers:
                with suppress(OSError):
                    caller.shutdown(socket.SHUT_RDWR)
        self._selector.close()
        for one in (*self._listeners, self._ear, self._bell):
            one.close()

    def _welcome(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._ear:
                    return
                with suppress(OSError):  # the caller has left again
                    self._admit(key)

    def _admit(self, key: selectors.SelectorKey) -> None:
        assert isinstance(key.fileobj, socket.socket)
        caller, _ = key.fileobj.accept()
        caller.setblocking(True)
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._callers.add(caller)
        threading.Thread(target=self._attend, args=(caller, key.data), daemon=True).start()

    def _attend(self, caller: socket.socket, serve: Serve) -> None:
        with suppress(OSError), caller:  # a caller may leave in the middle of anything
            serve(caller)
        with self._lock:
            self._callers.discard(caller)


def messages(caller: socket.socket, end: bytes, longest: int, keys: bytes = b"") -> Iterator[bytes]:
    """What a caller says, message by message (see first_message), until it hangs up.

    It is hung up on if it goes on for too long without an end, or speaks HTTP.
    """
    heard = bytearray()
    while chunk := _heard(caller):
        heard += chunk
        while not _HTTP.match(heard) and (message := first_message(heard, end, keys)) is not None:
            yield message
        if len(heard) > longest or _HTTP.match(heard):
            return


def _heard(caller: socket.socket) -> bytes:
    """What comes next, acknowledged at once where the system can: else a caller's second command waits for that."""
    if hasattr(socket, "TCP_QUICKACK"):
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # it lasts until the next answer
    return caller.recv(_CHUNK)
