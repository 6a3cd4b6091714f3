"""Lines as they are typed or piped, taken in a thread of their own, so that the bench can be looked after meanwhile."""

import io
import os
import queue
import threading
from collections.abc import Iterator
from typing import Final, TextIO

_END: Final = None
_PIECE: Final = 4096


class Spoken:
    """The lines of a stream, one after the other."""

    def __init__(self, stream: TextIO) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._stream = stream
        threading.Thread(target=self._hear, name="typed lines", daemon=True).start()

    def next(self, patience_s: float) -> str | None:
        """The next line; None at the end of the stream. Raises queue.Empty if none comes within this time."""
        line = self._lines.get(timeout=patience_s)
        if line is _END:
            self._lines.put(_END)
        return line

    def comes_within(self, patience_s: float) -> bool:
        """Whether somebody says something, or nobody will any more, within this time. It is left where it is."""
        with self._lines.not_empty:
            return bool(self._lines.queue) or (self._lines.not_empty.wait(patience_s) and bool(self._lines.queue))

    def _hear(self) -> None:
        try:
            for line in _lines_of(self._stream):
                self._lines.put(line.strip())
        finally:
            self._lines.put(_END)


def _lines_of(stream: TextIO) -> Iterator[str]:
    """Read past Python's buffer: a thread that waits in it would not let the program end."""
    try:
        number = stream.fileno()
    except (io.UnsupportedOperation, OSError, ValueError):
        yield from stream
        return
    rest = b""
    while piece := os.read(number, _PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
    if rest:
        yield rest.decode("utf-8", "replace")
