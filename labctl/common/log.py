"""Where the program writes what the screen need not show: tracebacks, and what drivers have to say."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NAME: Final = "labctl.log"
_FILES: Final[list[Path]] = []


class _LateFile(logging.FileHandler):
    """Makes its folder with the first thing that it writes, so that asking for help leaves nothing behind."""

    def emit(self, record: logging.LogRecord) -> None:
        """A folder that cannot be written has no log."""
        with suppress(OSError):
            super().emit(record)

    def _open(self):  # type: ignore[no-untyped-def]  # as FileHandler's
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()


def log_into(folder: Path) -> None:
    """From now on the log is in this folder. Nothing of it reaches the screen."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _LateFile)]:
        root.removeHandler(handler)
        handler.close()
    late = _LateFile(folder / NAME, encoding="utf-8", delay=True)
    late.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(late)
    root.setLevel(logging.WARNING)
    logging.getLogger("labctl").setLevel(logging.INFO)
    logging.captureWarnings(True)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C core writes to the screen past all handlers
    logging.raiseExceptions = False  # a log that cannot be written stops nothing, and fills no screen
    _FILES[:] = [folder / NAME]


def log_file() -> Path | None:
    """The file of the log, if one has been chosen."""
    return _FILES[0] if _FILES else None
