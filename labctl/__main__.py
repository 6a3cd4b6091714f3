"""The program `labctl`: runs a command, and turns whatever goes wrong into one clear message and an exit code."""

import atexit
import gc
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from labctl.cli import app
from labctl.log import log_file
from labctl.refusals import BenchFault, Refusal, printable

_YOUNG_OBJECTS: Final = 50_000
_THREAD_POOLS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Exit codes: 0 completed, 1 failed, 2 wrong usage or configuration, 130 aborted."""
    for pool in _THREAD_POOLS:  # read when a command imports numpy; all matrices here are small, and threads only cost
        os.environ.setdefault(pool, "1")
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)  # the libraries' objects stay for ever, and walking them costs a second
    atexit.register(gc.freeze)  # a collection of what ends with the process anyway costs another
    try:
        app(args=None if arguments is None else list(arguments), prog_name="labctl")
    except Refusal as refusal:
        _complain(refusal.faults, 2)
    except BenchFault as fault:
        _complain(fault.faults, 1)
    except KeyboardInterrupt:
        _complain(("aborted",), 130)
    except Exception as error:
        logging.getLogger("labctl").exception("Unexpected")
        where = f" The traceback is in {log_file()}." if log_file() else ""
        _complain((f"unexpected {type(error).__name__}: {printable(str(error))}.{where}",), 1)
    sys.exit(0)


def _complain(faults: Sequence[str], code: int) -> NoReturn:
    for fault in faults:
        print(f"labctl: {fault}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
