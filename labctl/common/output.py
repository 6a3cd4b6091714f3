"""Standard output and error, whatever is at their other end: any code page, a pipe that is closed, nothing at all."""

import codecs
import io
import os
import sys
from pathlib import Path
from typing import Final

_REPLACED: Final = "labctl.replaced"
_INSTEAD: Final = str.maketrans(
    {"±": "+-", "…": "...", "·": ".", "σ": "sigma", "µ": "u", "μ": "u", "π": "pi", "×": "x", "→": "->", "²": "^2"}
)


def showable() -> None:
    """From now on nothing that is printed fails: what the encoding lacks is replaced, and what is closed takes it."""
    codecs.register_error(_REPLACED, _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed before the program began
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # as long as we live
        elif isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors=_REPLACED)


def flushed() -> str:
    """Send what was printed on its way; empty, or why it did not arrive. A reader that left has seen enough."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget()
    except OSError as error:
        _forget()
        return f"the output cannot be written ({error.strerror or error})"
    return ""


def _forget() -> None:
    """What is left in the stream goes nowhere, so that its end says nothing more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end].translate(_INSTEAD)
    return "".join(letter if letter.isascii() else "?" for letter in letters), error.end
