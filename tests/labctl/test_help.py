"""What the program says of itself: help, version, completion, and what Ctrl-C leads to."""

import io
import os
import signal
import subprocess
import sys

import pytest
from support.made_up import STATION

from labctl.__main__ import main
from labctl.cli.run import say_aside
from labctl.plans.parse import keys_of
from labctl.report.progress import progress
from labctl.run.events import RunEvent
from sequences.odmr import OdmrPlan
from sequences.results import Begin


def said(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert end.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [(), ("predict",)])
def test_every_command_is_listed_with_a_whole_sentence(capsys, command):
    lines = said(capsys, *command, "--help").partition("Commands:")[2].split("\n")
    listed = [line for line in lines if line.strip()]
    assert len(listed) >= 3
    for line in listed:
        assert line.endswith(".")
        assert not line.endswith(("...", "Fig."))


@pytest.mark.parametrize("arguments", [("run", "odmr", "--help"), ("run", "--help", "--simulated", "odmr")])
def test_the_help_of_a_sequence_tells_its_keys(capsys, arguments):
    out = said(capsys, *arguments)
    for key in keys_of(OdmrPlan):
        assert key.name in out
    assert "0.5 to 500" in out
    assert "kHz" in out
    assert "Keys of" not in said(capsys, "run", "--help")


def test_the_version_and_the_completion_are_there(capsys):
    assert said(capsys, "--version").startswith("labctl ")
    assert "--install-completion" in said(capsys, "--help")
    environment = {**os.environ, "_LABCTL_COMPLETE": "complete_bash", "COMP_WORDS": "labctl run to", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "labctl"], env=environment, capture_output=True, text=True, cwd=STATION.parent
    )
    assert done.stdout.split() == ["tomography"]


@pytest.mark.parametrize("columns", [24, 60, 200])
def test_what_ctrl_c_leads_to_is_said_whole_over_the_bar(monkeypatch, columns):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    sentence = "stopping before the next play; Ctrl-C again stops at once"
    with progress() as on_event:
        on_event(RunEvent(1, "odmr", 0, Begin("odmr", None), 0.0))
        say_aside(sentence)
    assert sentence in " ".join(screen.getvalue().split())


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
def test_a_run_that_was_stopped_says_how_to_go_on(tmp_path):
    command = [sys.executable, "-m", "labctl", "run", "odmr", "--simulated", "--pace", "40", "--data", str(tmp_path)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=STATION.parent
    ) as run:
        for line in run.stderr:
            if "%" in line:
                break
        os.kill(run.pid, signal.SIGINT)
        _, err = run.communicate(timeout=120)
    assert run.returncode == 130
    assert "labctl: stopping before the next play; Ctrl-C again stops at once" in err
    assert err.splitlines()[-1].endswith(f"labctl resume 1 --simulated --pace 40 --data {tmp_path}")
