"""The control port: one JSON object a line, asked and answered; the laboratory clock, the truth and the state."""

import json
import math
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulated_instruments.bench import SimulatedBench
from simulated_instruments.served.ports import messages

LONGEST: Final = 2**24
"""Bytes of a question."""
LONGEST_SLEEP_S: Final = 366 * 86_400.0
"""A clock that is far ahead no longer has room for microseconds, and one at infinity stands still."""


class Control:
    """Answers `{"ask": "now"}`, `{"ask": "sleep", "seconds": s}`, `{"ask": "truth", "result": {…}}` and
    `{"ask": "state"}` with `{"answer": …}`, and what it cannot answer with `{"error": "…"}`."""

    def __init__(self, bench: SimulatedBench) -> None:
        self._bench = bench
        self._answers: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "now": lambda _: bench.clock.now(),
            "sleep": self._sleep,
            "truth": self._truth,
            "state": lambda _: bench.state(),
        }

    def serve(self, caller: socket.socket) -> None:
        """Answer a caller until it hangs up."""
        for line in messages(caller, b"\n", LONGEST):
            caller.sendall(self.reply(line) + b"\n")

    def reply(self, line: bytes) -> bytes:
        """The answer to one line."""
        try:
            asked = json.loads(line)
            return json.dumps({"answer": self._answers[asked["ask"]](asked)}).encode()
        except Exception as error:  # whatever was asked: the bench goes on
            return json.dumps({"error": f"{type(error).__name__}: {error}"}).encode()

    def _sleep(self, asked: Mapping[str, Any]) -> float:
        seconds = float(asked["seconds"])
        if not (math.isfinite(seconds) and seconds <= LONGEST_SLEEP_S):
            raise ValueError(f"cannot sleep for {seconds} s: ask for {LONGEST_SLEEP_S:.0f} s at most")
        self._bench.clock.sleep(seconds)
        return self._bench.clock.now()

    def _truth(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._bench.truth(asked["result"])
