"""The program `labctl`: runs a command, and turns whatever goes wrong into one clear message and an exit code."""

import atexit
import errno
import gc
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from labctl.cli.main import app
from labctl.common.log import log_file
from labctl.common.output import flushed, showable
from labctl.common.refusals import BenchFault, Refusal, printable

_YOUNG_OBJECTS: Final = 50_000
_THREAD_POOLS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Exit codes: 0 completed, 1 failed, 2 wrong usage or configuration, 130 aborted."""
    for pool in _THREAD_POOLS:  # read when a command imports numpy; all matrices here are small, and threads only cost
        os.environ.setdefault(pool, "1")
    showable()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)  # the libraries' objects stay for ever, and walking them costs a second
    atexit.register(gc.freeze)  # a collection of what ends with the process anyway costs another
    try:
        app(args=None if arguments is None else list(arguments), prog_name="labctl")
    except Refusal as refusal:
        _complain(refusal.faults, 2)
    except BenchFault as fault:
        _complain(fault.faults, 1)
    except SystemExit as end:
        _end(end.code)
    except KeyboardInterrupt:
        _complain(("aborted",), 130)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            flushed()
            _complain((f"there is no room for what is written ({error}): free the disk, or write elsewhere",), 1)
        logging.getLogger("labctl").exception("Unexpected")
        where = f" The traceback is in {log_file()}." if log_file() else ""
        _complain((f"unexpected {type(error).__name__}: {printable(str(error))}.{where}",), 1)
    _end(0)


def _complain(faults: Sequence[str], code: int) -> NoReturn:
    for fault in faults:
        print(f"labctl: {fault}", file=sys.stderr)
    _end(code)


def _end(code: "str | int | None") -> NoReturn:
    """What was printed is on its way, or is said not to be."""
    if unsent := flushed():
        print(f"labctl: {unsent}", file=sys.stderr)
        code = code or 1
    # CPython takes a KeyboardInterrupt that fell into an exec(), as dataclasses have in them, for one that nobody
    # caught, until the next exec(): the program would end by SIGINT, whatever its code.
    exec("")
    sys.exit(code)


if __name__ == "__main__":
    main()
