"""The other end of the control port: the clock of a served bench, and its truth."""

import json
import logging
import socket
import time
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any, Final

from simulated_instruments.served.wires import WiresFile

LOG: Final = logging.getLogger(__name__)
PATIENCE_S: Final = 30.0
"""Wall time that an answer may take beyond what it has to wait for."""


class ServedBench:
    """A served bench, for any number of threads at once; as a clock it is laboratory time over there."""

    def __init__(self, wires: WiresFile) -> None:
        """Calls nobody yet."""
        self.wires = wires
        host, port = wires.control.split(":")
        self._where, self._pace = (host, int(port)), wires.pace
        self._idle: SimpleQueue[socket.socket] = SimpleQueue()
        self._seen = (0.0, time.monotonic())
        """Laboratory time when it was last told, and the wall's then."""

    def is_there(self) -> bool:
        """Whether the bench answers."""
        try:
            self._ask("now")
        except ConnectionError:
            return False
        return True

    def now(self) -> float:
        """Laboratory seconds since the bench was switched on.

        They go on with the wall's clock if the bench is gone: what was measured until then still gets its times.
        """
        try:
            self._seen = (float(self._ask("now")), time.monotonic())
        except ConnectionError as error:
            LOG.warning("%s", error)
            return self._seen[0] + time.monotonic() - self._seen[1]
        return self._seen[0]

    def sleep(self, seconds: float) -> None:
        """Let laboratory time pass. Raises ConnectionError if nobody answers: there is nothing to wait for."""
        if seconds > 0:
            self._ask("sleep", seconds / self._pace if self._pace else 0.0, seconds=seconds)

    def truth(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """What is true about a run's result, which is made of plain values."""
        return dict(self._ask("truth", result=result))

    def state(self) -> dict[str, Any]:
        """What shines, radiates and flows over there now: see simulated_instruments.safe.state."""
        return dict(self._ask("state"))

    def close(self) -> None:
        """Hang up."""
        while (line := self._idle_line()) is not None:
            line.close()

    def _ask(self, what: str, lasts_s: float = 0.0, **more: Any) -> Any:
        """Raises ConnectionError if nobody answers, RuntimeError if the bench refuses."""
        try:
            answer = self._exchange(json.dumps({"ask": what, **more}).encode() + b"\n", lasts_s + PATIENCE_S)
        except (OSError, ValueError) as error:
            host, port = self._where
            raise ConnectionError(
                f"The served bench at {host}:{port} does not answer ({error or type(error).__name__}). Is it still "
                "running? Start it again with: python -m simulated_instruments --serve"
            ) from None
        if "error" in answer:
            raise RuntimeError(f"The served bench cannot answer {what!r}: {answer['error']}")
        return answer["answer"]

    def _exchange(self, question: bytes, patience_s: float) -> dict[str, Any]:
        """One question and its answer. A line on which anything went wrong is not used again."""
        line = self._idle_line() or self._call()
        try:
            line.settimeout(patience_s)
            line.sendall(question)
            answer: dict[str, Any] = json.loads(_line_from(line))
        except BaseException:
            line.close()
            raise
        self._idle.put(line)
        return answer

    def _call(self) -> socket.socket:
        line = socket.create_connection(self._where, timeout=PATIENCE_S)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    def _idle_line(self) -> socket.socket | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None


def _line_from(line: socket.socket) -> bytes:
    heard = bytearray()
    while not heard.endswith(b"\n"):
        chunk = line.recv(65_536)
        if not chunk:
            raise ConnectionError("it hung up")
        heard += chunk
    return bytes(heard)
