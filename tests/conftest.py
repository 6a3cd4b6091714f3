"""What all tests share."""

import sys
from collections.abc import Callable

import pytest


@pytest.fixture
def calls() -> Callable[[Callable[[], object]], int]:
    """How many functions, of Python and of C, something calls: what it costs, whatever else the machine does."""

    def counted(act: Callable[[], object]) -> int:
        count = 0

        def called(_frame: object, what: str, _argument: object) -> None:
            nonlocal count
            count += what in ("call", "c_call")

        sys.setprofile(called)
        try:
            act()
        finally:
            sys.setprofile(None)
        return count

    return counted
