"""What all tests share."""

import itertools
import sys
import threading
from collections.abc import Callable

import pytest


@pytest.fixture
def calls() -> Callable[[Callable[[], object]], int]:
    """How many functions, of Python and of C, something calls: what it costs, whatever else the machine does.

    Threads that it starts count as well.
    """

    def counted(act: Callable[[], object]) -> int:
        count = itertools.count()

        def called(_frame: object, what: str, _argument: object) -> None:
            if what in ("call", "c_call"):
                next(count)  # in one step, for there may be several threads

        threading.setprofile(called)
        sys.setprofile(called)
        try:
            act()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return next(count)

    return counted
