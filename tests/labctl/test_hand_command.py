"""`labctl hand`: what it answers, who may have the bench, and that the bench is safe however it ends."""

import io
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from labctl.bench.lock import held
from tools.trials import served_bench
from tools.trials.served_bench import until

LIT = "set green_laser.power 20\nset green_laser.on on\nset aom.pump_share 1\nset line.pump high\n"
SAFE_WITHIN_S = 2.0
"""Of wall time, on a machine that has time; tests share theirs."""


def typed(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_piped_session_answers_and_its_day_is_logged(labctl, monkeypatch, tmp_path):
    typed(monkeypatch, "get microwave.on\nset microwave.power -20\nset microwave.on on\nquit\nset microwave.power 5\n")
    answer = labctl("hand", "--simulated", "--seed", "1")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "microwave.on: off",
        "microwave.power: -110 dBm -> -20 dBm",
        "microwave.on: off -> on",
    ]
    (file,) = (tmp_path / "data" / "by_hand").iterdir()
    kept = [line.split("  ", 1) for line in file.read_text(encoding="utf-8").splitlines()]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", time) for time, _ in kept)
    assert [words for _, words in kept] == [
        "the bench is held by hand",
        "microwave.power: -110 dBm -> -20 dBm",
        "microwave.on: off -> on",
        "it is let go of, into its safe state",
    ]


def test_what_is_piped_ends_at_the_first_line_that_fails(labctl, monkeypatch):
    typed(monkeypatch, "set microwave.power 11\nset microwave.on on\n")
    answer = labctl("hand", "--simulated", "--seed", "1")
    assert answer.code == 2
    assert answer.err.startswith("labctl: microwave.power = 11 dBm is beyond its limits")
    assert "microwave.on" not in answer.out


def test_commands_may_stand_in_the_call_itself(labctl):
    answer = labctl("hand", "--simulated", "--seed", "1", "set magnet.main 0.1", "get magnet.field_z", "quit", "fire")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == ["magnet.main: 0 A -> 0.1 A", "magnet.field_z: 11 mT"]


@pytest.mark.parametrize(
    ("line", "words"),
    [("fire", "'fire' is no command"), ("get", "Say: get NAME"), ("off now", "Say: off"), ("watch x 0", "more than 0")],
)
def test_a_call_with_a_wrong_command_opens_nothing(labctl, monkeypatch, line, words):
    monkeypatch.setattr("labctl.bench.connect.bench", lambda *_: pytest.fail("a bench was opened"))
    answer = labctl("hand", "--simulated", "set green_laser.on on", line, "quit # enough", "no matter")
    assert (answer.code, words in answer.err) == (2, True)


# ---- however it ends


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A bench that outlives labctl."""
    with served_bench.served(tmp_path_factory.mktemp("served"), pace=20.0) as there:
        yield there


@contextmanager
def lit(served, tmp_path):
    """A laser that somebody has switched on by hand, with its line high."""
    wires, client = served
    command = [sys.executable, "-m", "labctl", "hand", "--bench", str(wires), "--data", str(tmp_path / "data")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        process.stdin.write(LIT)
        process.stdin.flush()
        until(lambda: "the line pump is high" in client.state()["still_on"] or process.poll() is not None)
        assert "the green laser emits 20 mW" in client.state()["still_on"]
        yield process


def test_a_laser_that_is_on_by_hand_is_dark_soon_after_a_kill(served, tmp_path):
    with lit(served, tmp_path) as process:
        process.kill()
        took_s = until(lambda: not served[1].state()["still_on"])
        assert "labctl watchdog: labctl died; the bench is safe" in process.stderr.read()
    assert took_s < 5 * SAFE_WITHIN_S


def test_who_ends_it_leaves_the_bench_safe(served, tmp_path):
    with lit(served, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert (process.returncode, served[1].state()["still_on"]) == (130, [])
    assert "watchdog" not in said


def test_nobody_else_has_the_bench_and_the_end_of_the_input_leaves_it_safe(served, tmp_path, labctl):
    wires, client = served
    with lit(served, tmp_path) as process:
        answer = labctl("run", "part", "--bench", str(wires), data=tmp_path / "other")
        assert answer.code == 1
        assert re.search(r"is in use by .*: labctl hand --bench", answer.err)
        assert "the line pump is high" in client.state()["still_on"]
        process.stdin.close()
        said = process.stderr.read()
    assert (process.returncode, said, client.state()["still_on"]) == (0, "", [])
    with held(wires):
        answer = labctl("hand", "--bench", str(wires), "set green_laser.on on")
    assert answer.code == 1
    assert "is in use by" in answer.err
