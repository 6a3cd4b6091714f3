"""The watchdog makes the bench safe when labctl is killed or hangs, and keeps quiet when it ends by itself."""

import getpass
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from labctl.bench.heartbeat import READY
from labctl.bench.lock import held
from tools.trials import served_bench
from tools.trials.served_bench import until

STATION = Path(__file__).parents[2] / "station.yaml"
HELD = "main_a is 0.045455 A"
"""The field of an odmr."""
SAFE_WITHIN_S = 2.0
"""Of wall time, on a machine that has time; tests share theirs."""


@pytest.fixture
def served(tmp_path):
    """A bench served by another process, paced so that light is on for a while: (its wires file, its client)."""
    with served_bench.served(tmp_path, pace=20.0) as there:
        yield there


def shines(client) -> bool:
    return any("is high" in what or "emits" in what for what in client.state()["still_on"])


def measuring(wires, tmp_path, *more):
    command = [sys.executable, "-m", "labctl", "run", "odmr", "--bench", str(wires), "--data", str(tmp_path / "data")]
    command += more
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def test_a_killed_run_leaves_no_laser_on(served, tmp_path):
    wires, client = served
    with measuring(wires, tmp_path) as labctl:
        until(lambda: shines(client))
        labctl.kill()
        took_s = until(lambda: not client.state()["still_on"])
        said = labctl.stderr.read()
    assert took_s < 5 * SAFE_WITHIN_S
    assert "labctl watchdog: labctl died; the bench is safe, read back: the pulse lines are low" in said


def test_a_magnet_that_shall_be_held_keeps_its_field(served, tmp_path):
    wires, client = served
    station = tmp_path / "station.yaml"
    station.write_text(STATION.read_text(encoding="utf-8").replace("{magnet: ramped}", "{magnet: held}"))
    with measuring(wires, tmp_path, "--station", str(station)) as labctl:
        until(lambda: shines(client) and HELD in client.state()["still_on"])
        labctl.kill()
        until(lambda: client.state()["still_on"] == [HELD])
        said = labctl.stderr.read()
    assert client.state()["still_on"] == [HELD]
    assert "labctl died; the bench is safe, read back: the pulse lines are low" in said


def test_a_run_that_ends_by_itself_needs_no_watchdog(served, tmp_path):
    wires, client = served
    with measuring(wires, tmp_path) as labctl:
        until(lambda: shines(client))
        labctl.send_signal(signal.SIGTERM)
        said = labctl.stderr.read()
    assert labctl.returncode == 130
    assert "labctl watchdog" not in said
    assert client.state()["still_on"] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process and let it go on")
def test_a_run_that_hangs_is_ended(served, tmp_path):
    wires, client = served
    with measuring(wires, tmp_path) as labctl:
        until(lambda: shines(client))
        labctl.send_signal(signal.SIGSTOP)
        until(lambda: not client.state()["still_on"])
        said = labctl.stderr.read()
    assert labctl.returncode == -signal.SIGKILL
    assert "labctl hung and was ended; the bench is safe" in said


@contextmanager
def watching(wires, tmp_path):
    """A watchdog as labctl starts it, when it is ready; it watches this process."""
    command = [sys.executable, "-m", "labctl", "guard", "--pid", str(os.getpid()), "--bench", str(wires)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, "--data", str(tmp_path / "data")], text=True, **pipes) as watchdog:
        assert watchdog.stdout.readline() == READY
        yield watchdog


def test_a_bench_that_is_let_go_of_later_than_the_pipe_is_made_safe_then(served, tmp_path):
    """The system closes what a killed process had in an order of its own."""
    wires, _ = served
    with watching(wires, tmp_path) as watchdog:
        with held(wires):
            watchdog.stdin.close()
            time.sleep(1.0)
            assert watchdog.poll() is None
        said = watchdog.stderr.read()
    assert watchdog.returncode == 0
    assert "labctl died; the bench is safe, read back" in said


def test_a_bench_that_somebody_else_has_is_said_not_to_be_safe(served, tmp_path):
    wires, _ = served
    with held(wires), watching(wires, tmp_path) as watchdog:
        watchdog.stdin.close()
        said = watchdog.stderr.read()
    assert watchdog.returncode == 1
    assert "labctl watchdog: NOT SAFE: labctl died, and " in said
    assert f"is in use by {getpass.getuser()}" in said
    assert "key switches" in said
