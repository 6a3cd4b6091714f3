"""A time of day at which something shall start, and waiting for it."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from labctl.common.refusals import Refusal

_TIME: Final = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_LONGEST_NAP_S: Final = 20.0
"""A computer that sleeps, or whose clock is set, is found out within this time."""


def _now() -> datetime:
    return datetime.now().astimezone()


def start_time(text: str, now: Callable[[], datetime] = _now) -> datetime:
    """'23:30' is the next time that the clock shows it, '2026-12-01 23:30' that moment; local time.

    Raises Refusal if it is none, or is over.
    """
    said, here = text.strip(), now()
    try:
        if _TIME.fullmatch(said):
            clock = datetime.strptime(said, "%H:%M:%S" if said.count(":") == 2 else "%H:%M").time()
            day = here.date() if clock > here.time() else here.date() + timedelta(days=1)
            return datetime.combine(day, clock).astimezone()
        found = datetime.fromisoformat(said).astimezone()
    except (ValueError, OverflowError):
        raise Refusal(f"--at {text}: write a time of day, 23:30, or a moment, '2026-12-01 23:30'") from None
    if found <= here:
        raise Refusal(f"--at {text}: that is over; now it is {here:%Y-%m-%d %H:%M}")
    return found


def wait_until(
    moment: datetime, now: Callable[[], datetime] = _now, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Return when the clock of this computer shows it. Ctrl-C ends the wait."""
    while (left_s := (moment - now()).total_seconds()) > 0:
        sleep(min(left_s, _LONGEST_NAP_S))
