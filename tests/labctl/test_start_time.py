"""A time of day at which something shall start."""

from datetime import datetime, timedelta

import pytest

from labctl.common.refusals import Refusal
from labctl.common.start_time import start_time, wait_until

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 30, 22, 15, 30).astimezone()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("23:30", datetime(2026, 11, 30, 23, 30)),
        ("22:15", datetime(2026, 12, 1, 22, 15)),
        ("7:00", datetime(2026, 12, 1, 7)),
        ("22:15:31", datetime(2026, 11, 30, 22, 15, 31)),
        ("2026-12-02 01:00", datetime(2026, 12, 2, 1)),
    ],
)
def test_it_is_the_next_time_that_the_clock_shows_it(text, found):
    assert start_time(text, lambda: NOW) == found.astimezone()


@pytest.mark.parametrize("text", ["", "25:00", "23.30", "2026-11-30 22:00", "now"])
def test_what_is_none_or_over_is_refused(text):
    with pytest.raises(Refusal, match="--at"):
        start_time(text, lambda: NOW)


def test_a_clock_that_is_set_while_one_waits_is_followed():
    clock, naps = [NOW], []

    def sleep(seconds):
        naps.append(seconds)
        clock[0] += timedelta(seconds=seconds if len(naps) > 1 else 3600)  # set forward in the first nap

    wait_until(NOW + timedelta(hours=1, seconds=25), lambda: clock[0], sleep)
    assert naps == [20.0, 20.0, 5.0]
