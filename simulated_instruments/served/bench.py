"""The bench on loopback ports: every VISA dialect on its own, the NI server on another, and one for control."""

import socket
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pyvisa.errors import VisaIOError

from simulated_instruments.bench import SimulatedBench
from simulated_instruments.served.client import ServedBench
from simulated_instruments.served.control import Control
from simulated_instruments.served.ports import HOST, Ports, messages
from simulated_instruments.served.wires import WiresError, WiresFile, read_wires
from simulated_instruments.visa.backend import Wire, wires

LONGEST: Final = 2**20
"""Bytes of a message to an instrument."""


class Served:
    """A bench and its ports, from the moment on which everything listens until nothing does."""

    wires: WiresFile
    """Where it listens."""

    def __init__(self, bench: SimulatedBench, file: Path, label: str, seed: int, pace: float | None) -> None:
        """file: is written when the bench is ready and removed when it ends. The others are told in it."""
        self._bench, self._file = bench, file
        self._told = (label, seed, pace)

    def __enter__(self) -> Self:
        """Raises OSError if the file cannot be written, or tells of another bench that is there."""
        if is_served(self._file):
            raise FileExistsError(
                f"{self._file} tells of a bench that is running: choose another file, or end that one"
            )
        self._ports = Ports()
        self._bench.__enter__()
        label, seed, pace = self._told
        self.wires = WiresFile(
            addresses={resource: self._socket(wire) for resource, wire in wires().items()},
            ni_target=self._bench.ni_target,
            control=f"{HOST}:{self._ports.listen(Control(self._bench).serve)}",
            label=label,
            seed=seed,
            twin=self._bench.identity,
            pace=pace,
        )
        self._ports.open()
        if pace:
            self._bench.flow()
        try:
            self.wires.write(self._file)
        except OSError:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wires.remove(self._file)
        self._end()

    def _end(self) -> None:
        self._ports.close()
        self._bench.__exit__(None, None, None)

    def _socket(self, wire: Wire) -> str:
        return f"TCPIP0::{HOST}::{self._ports.listen(lambda caller: answer(caller, wire))}::SOCKET"


def is_served(file: Path) -> bool:
    """Whether the bench that a file tells of is there."""
    try:
        with closing(ServedBench(read_wires(file))) as bench:
            return bench.is_there()
    except WiresError:
        return False


def answer(caller: socket.socket, wire: Wire) -> None:
    """One instrument answers one caller, until it hangs up or the instrument's line breaks."""
    if not wire.line.open():
        return
    if not wire.line.open():
        return
    try:
        for message in messages(caller, wire.message_end, LONGEST, wire.keys):
            if reply := wire.exchange(message):
                caller.sendall(reply)
    except VisaIOError:
        return
