"""One program for one bench: the second one is told who has it, and a dead one has it no more."""

import os
import subprocess
import sys
import time

import pytest
from support.made_up import STATION

from labctl.bench.lock import held, lock_file
from labctl.common.refusals import BenchFault

HOLD = """
import sys, time
from pathlib import Path
from labctl.bench.lock import held
with held(Path(sys.argv[-1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def station(tmp_path):
    file = tmp_path / "station.yaml"
    file.write_text(STATION.read_text(encoding="utf-8"), encoding="utf-8")
    return file


@pytest.fixture
def holder(station):
    """Another process that holds the bench."""
    code = [sys.executable, "-c", HOLD, "run", "engine", str(station)]
    with subprocess.Popen(code, cwd=STATION.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_program_is_told_who_has_the_bench(station, holder):
    with pytest.raises(BenchFault) as fault, held(station):
        pass
    words = str(fault.value)
    assert f"{station} is in use by" in words
    assert f"(pid {holder.pid}) since {time.strftime('%Y-')}" in words
    assert f": labctl run engine {station}. Wait until it ends" in words


@pytest.mark.usefixtures("holder")
def test_every_way_to_the_file_is_the_same_bench(station, tmp_path):
    link = tmp_path / "link.yaml"
    try:
        link.symlink_to(station)
    except OSError:
        pytest.skip("no symbolic links here")
    for path in (link, tmp_path / "state" / ".." / "station.yaml"):
        with pytest.raises(BenchFault, match="is in use by"), held(path):
            pass
    with held(tmp_path / "other.yaml"):
        pass


def test_a_killed_holder_lets_go(station, holder):
    holder.kill()
    holder.wait()
    with held(station):
        assert lock_file(station).with_suffix(".json").exists()
    assert not lock_file(station).with_suffix(".json").exists()


@pytest.mark.usefixtures("holder")
def test_a_holder_that_has_not_said_who_it_is(station):
    lock_file(station).with_suffix(".json").write_text("{")
    with pytest.raises(BenchFault, match="in use by another labctl"), held(station):
        pass


def test_the_bench_is_free_again_after_an_error(station):
    def fail():
        with held(station):
            raise TimeoutError("of something else")

    with pytest.raises(TimeoutError, match="something else"):
        fail()
    with held(station):
        pass


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_no_lock_where_nothing_can_be_written(station, state):
    state.mkdir(mode=0o500)
    with pytest.raises(BenchFault, match="cannot be locked"), held(station):
        pass


def test_a_file_in_the_place_of_the_folder_is_a_clear_fault(station, state):
    state.write_text("")
    with pytest.raises(BenchFault, match=r"cannot be locked.*can be written"), held(station):
        pass


@pytest.mark.parametrize("command", [("check",), ("run", "odmr")])
def test_no_command_opens_a_bench_that_another_has(labctl, station, holder, command):
    answer = labctl(*command, "--station", str(station))
    assert answer.code == 1
    assert f"(pid {holder.pid})" in answer.err


@pytest.mark.usefixtures("holder")
def test_every_command_has_a_twin_of_its_own(labctl, station):
    assert labctl("run", "part", "--simulated", "--station", str(station)).code == 0
