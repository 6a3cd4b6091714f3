"""The program `labctl`: runs a command, and turns whatever goes wrong into one clear message and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")  # all matrices here are small: threads cost ten times what they bring

from labctl.cli import app  # noqa: E402  # numpy reads the environment once, when it is first imported
from labctl.log import log_file
from labctl.refusals import BenchFault, Refusal


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Exit codes: 0 completed, 1 failed, 2 wrong usage or configuration, 130 aborted."""
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
        _complain((f"unexpected {type(error).__name__}: {error}.{where}",), 1)
    sys.exit(0)


def _complain(faults: Sequence[str], code: int) -> NoReturn:
    for fault in faults:
        print(f"labctl: {fault}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
