"""The gate: who comes while it is closed waits, tells so, and can be interrupted."""

import os
import signal
import threading
import time

import pytest

from labctl.run.pause import POLL_S, Gate

pytestmark = pytest.mark.unit

SOON_S = 5.0


class Passer(threading.Thread):
    """Someone who passes a gate."""

    def __init__(self, gate):
        super().__init__(daemon=True)
        self.gate, self.has_passed = gate, threading.Event()
        self.start()

    def run(self):
        self.gate.passed()
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
    gate = Gate(told.append)
    began_s = time.perf_counter()
    for _ in range(1000):
        gate.passed()
    assert time.perf_counter() - began_s < 0.5
    assert gate.is_open
    assert told == []


def test_a_closed_gate_holds_until_it_is_opened(told):
    gate = Gate(told.append)
    gate.close()
    assert not gate.is_open
    passer = Passer(gate)
    waiting(told)
    assert not passer.has_passed.wait(3 * POLL_S)
    gate.open()
    assert passer.has_passed.wait(SOON_S)
    assert told == [True, False]


def test_a_gate_opened_before_anyone_came_holds_nobody(told):
    gate = Gate(told.append)
    gate.close()
    gate.open()
    gate.passed()
    assert told == []


def test_all_who_wait_go_on_together():
    gate = Gate()
    gate.close()
    passers = [Passer(gate) for _ in range(4)]
    time.sleep(0.05)
    assert not any(passer.has_passed.is_set() for passer in passers)
    gate.open()
    assert all(passer.has_passed.wait(SOON_S) for passer in passers)


def test_it_closes_again(told):
    gate = Gate(told.append)
    for _ in range(3):
        told.clear()
        gate.close()
        passer = Passer(gate)
        waiting(told)
        gate.open()
        assert passer.has_passed.wait(SOON_S)
        assert told == [True, False]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
def test_ctrl_c_reaches_who_waits_in_the_main_thread(told):
    gate = Gate(told.append)
    gate.close()

    def press():
        waiting(told)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press, daemon=True)
    presser.start()
    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        gate.passed()
    assert time.monotonic() - began_s < SOON_S
    presser.join(SOON_S)
    assert told == [True]
    assert not gate.is_open
