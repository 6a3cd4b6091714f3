"""Whatever is at the other end of the output, the program ends with a code and without a traceback."""

import os
import subprocess
import sys

import pytest
from support.stored_run import store_a_run


@pytest.fixture
def data(tmp_path):
    store_a_run(tmp_path)
    return tmp_path


def program(*arguments, **changed):
    environment = {**os.environ, **changed.pop("environment", {})}
    command = [sys.executable, "-m", "labctl", *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, **changed)


@pytest.mark.parametrize("encoding", ["ascii", "koi8-r", "cp1252", "utf-8"])
def test_what_an_encoding_lacks_is_replaced(data, encoding):
    environment = {"PYTHONIOENCODING": encoding}
    arguments = ("run", "odmr", "--simulated", "--seed", "1", "--data", str(data))
    with program(*arguments, environment=environment, stdout=subprocess.PIPE) as done:
        out, err = done.communicate()
    assert done.returncode == 0, err
    assert {"ascii": "+-", "koi8-r": "+-", "cp1252": "±", "utf-8": "±"}[encoding] in out.decode(encoding)


def test_a_reader_that_leaves_gets_no_traceback(data):
    with program("runs", "--data", str(data), stdout=subprocess.PIPE) as done:
        done.stdout.close()
        err = done.stderr.read()
    assert err == b""
    assert done.returncode in (0, 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")  # noqa: PTH110
def test_an_output_that_is_full_is_said(data):
    with open("/dev/full", "wb") as full, program("runs", "--data", str(data), stdout=full) as done:  # noqa: PTH123
        err = done.stderr.read()
    assert err.startswith(b"labctl: there is no room for what is written (")
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes it")
def test_no_output_at_all_is_none(data):
    command = f"{sys.executable} -m labctl runs --data {data} >&-"
    done = subprocess.run(command, shell=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_dumb_terminal_gets_lines(monkeypatch):
    from labctl.report.progress import Lines, progress

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    with progress() as heard:
        assert isinstance(heard.__self__, Lines)


@pytest.mark.parametrize("run", ["12345678901234567890123", "9" * 5000, "1.5"])
@pytest.mark.parametrize("command", [("show",), ("export", "--to", "x.nc"), ("resume",)])
def test_no_number_of_a_run_is_too_long_for_a_sentence(labctl, command, run):
    answer = labctl(*command, run)
    assert (answer.code, answer.err[:7]) == (2, "labctl:")


def test_the_latest_run_is_one_that_is_no_part(labctl, tmp_path):
    assert labctl("run", "toy", "--simulated").code == 0
    assert labctl("show", "latest").out.startswith("run 1: toy")
    assert labctl("export", "latest", "--to", str(tmp_path / "x.csv")).out.startswith("run 1:")
    nothing = labctl("show", "latest", data=tmp_path / "nothing")
    assert (nothing.code, nothing.err.startswith("labctl: No runs in")) == (2, True)
