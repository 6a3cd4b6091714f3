"""The pause: whoever comes while it is on waits, says so, and can be interrupted."""

import os
import signal
import threading
import time

import pytest

from labctl.run.pause import POLL_S, Pause

pytestmark = pytest.mark.unit

SOON_S = 5.0


class Passer(threading.Thread):
    """Someone who waits while the pause is on."""

    def __init__(self, pause):
        super().__init__(daemon=True)
        self.pause, self.has_passed = pause, threading.Event()
        self.start()

    def run(self):
        self.pause.wait()
        self.has_passed.set()


@pytest.fixture
def told():
    return []


def waiting(told):
    """Until the passer has told that it waits."""
    until_s = time.monotonic() + SOON_S
    while not told and time.monotonic() < until_s:
        time.sleep(0.002)
    assert told == [True]


def test_an_open_gate_lets_pass_at_once_and_tells_nothing(told):
    pause = Pause(told.append)
    began_s = time.perf_counter()
    for _ in range(1000):
        pause.wait()
    assert time.perf_counter() - began_s < 0.5
    assert pause.is_off
    assert told == []


def test_a_closed_gate_holds_until_it_is_opened(told):
    pause = Pause(told.append)
    pause.begin()
    assert not pause.is_off
    passer = Passer(pause)
    waiting(told)
    assert not passer.has_passed.wait(3 * POLL_S)
    pause.end()
    assert passer.has_passed.wait(SOON_S)
    assert told == [True, False]


def test_a_gate_opened_before_anyone_came_holds_nobody(told):
    pause = Pause(told.append)
    pause.begin()
    pause.end()
    pause.wait()
    assert told == []


def test_all_who_wait_go_on_together():
    pause = Pause()
    pause.begin()
    passers = [Passer(pause) for _ in range(4)]
    time.sleep(0.05)
    assert not any(passer.has_passed.is_set() for passer in passers)
    pause.end()
    assert all(passer.has_passed.wait(SOON_S) for passer in passers)


def test_it_closes_again(told):
    pause = Pause(told.append)
    for _ in range(3):
        told.clear()
        pause.begin()
        passer = Passer(pause)
        waiting(told)
        pause.end()
        assert passer.has_passed.wait(SOON_S)
        assert told == [True, False]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
def test_ctrl_c_reaches_who_waits_in_the_main_thread(told):
    pause = Pause(told.append)
    pause.begin()

    def press():
        waiting(told)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pause.wait()
    assert time.monotonic() - began_s < SOON_S
    presser.join(SOON_S)
    assert told == [True]
    assert not pause.is_off
