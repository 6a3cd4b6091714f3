"""A run whose process was killed: all but the block in flight is on disk, and the next to write there marks it."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from support.made_up import STATION

from labctl.data.acquisitions import blocks_of
from labctl.data.reader import all_runs, one_run, points
from labctl.data.writer_lock import FOLDER, Presence, is_writing
from labctl.data.writing.interrupted_runs import STATUS
from labctl.data.writing.run_writer import Store

WRITE = """
import sys, time
from pathlib import Path
from instruments.common.clock import WallClock
from labctl.data.writing.recorder import Book
from labctl.data.calibration import CalibrationStore
from labctl.data.writing.run_writer import Store
from sequences.results import Column
folder = Path(sys.argv[1])
clock = WallClock()
columns = (Column("volt", "voltage", "V"),)
book = Book(Store(folder, "a bench"), CalibrationStore(folder, "a bench", clock), clock)
book.begin("toy", {}, columns)
book.add({"volt": 1.0})
book.begin("part", {}, columns)
for k in range(3):
    book.playing("flash", "0123456789abcdef", 10, {})
    book.counted(5, 2, 0.5)
    book.add({"volt": float(k)})
    book.estimate({"slope": float(k)})
print("written", flush=True)
time.sleep(60)
"""


COUNT = (
    WRITE.partition("for k in range(3):")[0].replace('book.begin("part", {}, columns)', "")
    + """
for k in range(10**9):
    book.playing("flash", "0123456789abcdef", 10, {})
    book.counted(k, 2, 0.5)
    print("block", k, flush=True)
    book.add({"volt": float(k)})
    print("point", k, flush=True)
"""
)
"""Counts for ever, and says of every block and every point when it is kept."""


@pytest.fixture
def writer(tmp_path):
    """Another process in the middle of a run with a part."""
    command = [sys.executable, "-c", WRITE, str(tmp_path)]
    with subprocess.Popen(command, cwd=STATION.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "written\n"
        yield process
        process.kill()


def opened(folder):
    with closing(Store(folder, "a bench")):
        pass


def statuses(folder):
    return [(run.sequence, run.status) for run in all_runs(folder)]


def test_a_killed_run_is_marked_when_its_folder_is_next_written(tmp_path, writer):
    writer.kill()
    writer.wait()
    assert statuses(tmp_path) == [("toy", "unfinished"), ("part", "unfinished")]  # reading marks nothing
    opened(tmp_path)
    assert statuses(tmp_path) == [("toy", STATUS), ("part", STATUS)]
    whole, part = all_runs(tmp_path)
    assert part.parent_id == whole.run_id
    assert (whole.outcome["points"], whole.outcome["blocks"], whole.outcome["photons"]) == (1, 3, 21)
    assert (part.outcome["points"], part.outcome["blocks"], part.outcome["photons"]) == (3, 3, 21)
    assert part.outcome["message"] == "its process ended without a word: 3 points and 3 blocks are kept"
    assert part.outcome["estimate"] == {"slope": 2.0}
    assert [block.signal for block in blocks_of(tmp_path, 1)] == [5, 5, 5]
    assert points(tmp_path, 2).values["volt"].tolist() == [0.0, 1.0, 2.0]
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_run_of_a_process_that_lives_is_not_interrupted(tmp_path, writer):
    assert writer.poll() is None
    opened(tmp_path)
    assert statuses(tmp_path) == [("toy", "running"), ("part", "running")]


def test_runs_of_one_s_own_are_not_interrupted(tmp_path):
    with closing(Store(tmp_path, "a bench")) as store:
        store.begin("toy", (), {})
        opened(tmp_path)
        assert statuses(tmp_path) == [("toy", "running")]
    opened(tmp_path)
    assert statuses(tmp_path) == [("toy", STATUS)]


def test_a_run_that_ended_stays_as_it_ended(tmp_path):
    with closing(Store(tmp_path, "a bench")) as store:
        store.begin("toy", (), {}).end({"status": "failed", "message": "the shutter"})
    opened(tmp_path)
    assert one_run(tmp_path, 1).outcome == {"status": "failed", "message": "the shutter"}


@pytest.mark.parametrize("name", ["../1-2", "none", None, 7, ""])
def test_a_presence_that_is_none(tmp_path, name):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / "1-2.lock").touch()
    assert not is_writing(tmp_path, name)
    assert (tmp_path / "1-2.lock").exists()


def test_a_presence_ends_with_its_owner(tmp_path):
    presence = Presence(tmp_path)
    assert is_writing(tmp_path, presence.name)
    presence.close()
    assert not is_writing(tmp_path, presence.name)


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of other systems")
def test_a_killed_labctl_keeps_every_block_but_that_in_flight(labctl, tmp_path):
    data = tmp_path / "data"
    command = [sys.executable, "-m", "labctl", "run", "odmr", "--simulated", "--seed", "3", "--pace", "20"]
    environment = {**os.environ, "LABCTL_DATA": str(data)}
    with subprocess.Popen(command, cwd=STATION.parent, env=environment, stderr=subprocess.PIPE) as process:
        blocks = _wait_for_blocks(data, process)
        process.kill()
        process.communicate()
    kept = blocks_of(data, 1)
    assert len(kept) >= blocks >= 5
    assert [block.number for block in kept] == list(range(len(kept)))
    assert len(points(data, 1).values) > 0
    assert labctl("run", "part", "--simulated", "--json").code == 0
    (listed,) = [run for run in labctl("runs", "--json").json if run["run_id"] == 1]
    assert listed["status"] == STATUS
    shown = labctl("show", "1").out
    assert f"{len(kept)} blocks are kept" in shown
    assert "interrupted" in labctl("runs").out


@pytest.mark.parametrize("after_s", [0.05, 0.37])
def test_nothing_that_was_kept_is_lost_wherever_the_process_is_killed(tmp_path, after_s):
    told = told_until_killed(tmp_path, after_s)
    opened(tmp_path)
    assert [block.signal for block in blocks_of(tmp_path, 1)][: told["block"] + 1] == list(range(told["block"] + 1))
    assert len(blocks_of(tmp_path, 1)) - told["block"] in (1, 2)
    kept = points(tmp_path, 1).values["volt"].tolist()[1:]
    assert kept == [float(k) for k in range(len(kept))]
    assert len(kept) - told["point"] in (1, 2)
    found = one_run(tmp_path, 1).outcome
    assert (found["status"], found["blocks"], found["points"]) == (STATUS, len(blocks_of(tmp_path, 1)), len(kept) + 1)
    with closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def told_until_killed(folder, after_s):
    """The last block and the last point that a writer said were kept, when it was killed so long after its first."""
    command = [sys.executable, "-c", COUNT, str(folder)]
    with subprocess.Popen(command, cwd=STATION.parent, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline()]
        threading.Timer(after_s, process.kill).start()
        lines += process.stdout
    return {line.split()[0]: int(line.split()[1]) for line in lines if line.endswith("\n")}


def _wait_for_blocks(data, process):
    until_s = time.monotonic() + 60.0
    while time.monotonic() < until_s:
        assert process.poll() is None, process.stderr.read()
        try:
            with closing(sqlite3.connect(f"file:{data / 'runs.db'}?mode=ro", uri=True)) as other:
                (found,) = other.execute("SELECT count(*) FROM labctl_blocks").fetchone()
        except sqlite3.OperationalError:
            found = 0
        if found >= 5:
            return found
        time.sleep(0.1)
    pytest.fail("nothing was counted")
