"""When Ctrl-C takes effect: the first one at a safe point if somebody is patient, the second one at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labctl.common.signals import Interrupts

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")


def send(*numbers: int) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)


def play(interrupts, *numbers):
    """Signals while a play goes on; returns if it came to its end."""
    with interrupts.held(dropping=True), interrupts.heard():
        send(*numbers)


def play_on(interrupts, *numbers):
    """The same, and the next play is about to begin; returns if it may."""
    with interrupts.held(dropping=True), interrupts.heard():
        send(*numbers)
        with interrupts.safe_point():
            return


def wait(interrupts, *numbers):
    """Signals while a run waits at a safe point."""
    with interrupts.held(dropping=True), interrupts.heard(), interrupts.safe_point():
        send(*numbers)


@pytest.fixture
def patient():
    """Interrupts of a patient listener, and what was said."""
    said: list[str] = []
    with Interrupts(said.append) as interrupts:
        interrupts.patient = True
        yield interrupts, said


def test_the_first_waits_for_the_safe_point(patient):
    interrupts, said = patient
    with pytest.raises(KeyboardInterrupt):
        play_on(interrupts, signal.SIGINT)
    assert said == ["stopping before the next play; Ctrl-C again stops at once"]
    play_on(interrupts)


def test_the_first_takes_effect_at_the_next_event_if_no_play_comes(patient):
    interrupts, _ = patient
    play(interrupts, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        play(interrupts)
    play(interrupts)


@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_the_second_and_a_request_to_end_come_at_once(patient, numbers):
    with pytest.raises(KeyboardInterrupt):
        play(patient[0], *numbers)


def test_while_it_waits_at_a_safe_point_one_is_enough(patient):
    interrupts, said = patient
    with pytest.raises(KeyboardInterrupt):
        wait(interrupts, signal.SIGINT)
    assert said == []


def test_the_safe_state_is_not_cut_short(patient):
    interrupts, said = patient
    with interrupts.held(dropping=True):
        send(signal.SIGINT)
    assert said == ["making the bench safe, one moment"]


def test_what_comes_while_an_event_is_recorded_waits_for_the_next_play_and_is_told_so(patient):
    interrupts, said = patient
    with interrupts.held(dropping=True), interrupts.driving():
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupts.heard():
            pass
    assert said == ["stopping before the next play; Ctrl-C again stops at once"]


def test_a_program_interrupted_within_exec_ends_with_its_own_code(tmp_path):
    """As a class that is being made when the signal comes: dataclasses write their methods by exec."""
    interrupted = "try:\n    exec('raise KeyboardInterrupt')\nexcept KeyboardInterrupt:\n    pass"
    program = f"from labctl.__main__ import _end\n{interrupted}\n_end(0)\n"
    (tmp_path / "interrupted.py").write_text(program, encoding="utf-8")
    path = os.pathsep.join(map(str, (tmp_path, Path(__file__).parents[2])))
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], env={**os.environ, "PYTHONPATH": path}, timeout=60, check=False
    )
    assert done.returncode == 0


def test_who_is_not_patient_does_not_wait():
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        play(interrupts, signal.SIGINT)
