"""labctl on a bench that another process serves: the same numbers, a safe end, and a bench that outlives its client."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from instruments.ni_card import NICard
from simulated_instruments.served.client import ServedBench
from simulated_instruments.served.wires import WiresFile, read_wires

HOME = Path(__file__).parents[2]
ODMR = ("odmr", "--set", "target_khz=50", "--reveal", "--json")
SHINES_AND_PLAYS = """
import sys, time
import pyvisa
from instruments.ni_card import NICard
from instruments.pulse_generator import PulseGenerator
from pathlib import Path
from simulated_instruments.served.client import ServedBench
from simulated_instruments.served.wires import read_wires
wires = read_wires(Path(sys.argv[1]))
green = pyvisa.ResourceManager("@py").open_resource(wires.addresses["ASRL3::INSTR"])
green.write_termination, green.read_termination = "\\r", "\\r\\n"
assert (green.query("p 0.0500"), green.query("@cobas 0"), green.query("l1")) == ("OK", "OK", "OK")
ServedBench(wires).sleep(300.0)  # its head warms up
pulses = PulseGenerator("pulses", NICard("card", "Dev1", wires.ni_target))
pulses.load(((1, 1), (1, 0)) * 50)
pulses.start(1_000_000)
print("playing", flush=True)
time.sleep(60.0)
"""
"""A client that lights the green laser and plays on the pump's line, and would not stop."""


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Python with these arguments; it is gone in the end."""
    started = subprocess.Popen([sys.executable, *arguments], cwd=HOME, stdout=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether it is so before so many seconds are over."""
    until_s = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < until_s:
        time.sleep(0.05)
    return so


@contextmanager
def served(folder: Path, left: WiresFile | None = None) -> Iterator[SimpleNamespace]:
    """A bench in a process of its own: its file, its process, and the other end of its control port.

    left: what a bench that was there before has left in the file.
    """
    file = folder / "bench.json"
    with process("-m", "simulated_instruments", "--serve", "--file", str(file), "--seed", "3") as bench:
        assert within(30.0, lambda: file.exists() and read_wires(file) != left)
        with closing(ServedBench(read_wires(file))) as twin:
            yield SimpleNamespace(file=file, process=bench, twin=twin)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served")) as found:
        yield found


def test_a_run_over_the_ports_is_the_run_in_this_process_and_ends_safe(labctl, bench):
    there = labctl("run", *ODMR, "--bench", str(bench.file))
    assert there.code == 0, there.err
    assert bench.twin.state()["still_on"] == []
    here = labctl("run", *ODMR, "--simulated", "--seed", "3")
    same = ("result", "truth", "photons", "lab_time_s", "counting_s")
    assert {key: there.json[key] for key in same} == {key: here.json[key] for key in same}


def test_check_finds_every_instrument(labctl, bench):
    answer = labctl("check", "--bench", str(bench.file), "--json")
    assert answer.code == 0, answer.err
    assert all(finding["ok"] for finding in answer.json)
    assert {finding["address"] for finding in answer.json} >= {"ASRL4::INSTR", "Dev1"}


def test_a_killed_client_leaves_the_bench_as_it_was_and_another_can_end_it(bench):
    with process("-c", SHINES_AND_PLAYS, str(bench.file)) as client:
        assert client.stdout.readline() == "playing\n"
        client.kill()
        client.wait()
    assert bench.twin.state()["still_on"] == ["the green laser emits 50 mW", "the line pump is high"]
    bench.twin.sleep(1.0)
    card = NICard("other_card", "Dev1", bench.twin.wires.ni_target)
    card.reset()
    card.close()
    assert bench.twin.state()["still_on"] == ["the green laser emits 50 mW"]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--seed", "3"), "--seed was chosen when the bench of --bench was started: leave it out"),
        (("--pace", "2", "--simulated"), "--pace was chosen when"),
        (("--sample", "any.yaml"), "--sample was chosen when"),
    ],
)
def test_what_was_chosen_at_the_start_cannot_be_chosen_again(labctl, bench, more, complaint):
    answer = labctl("run", "toy", "--bench", str(bench.file), *more)
    assert (answer.code, answer.out) == (2, "")
    assert complaint in answer.err


def test_an_address_that_the_served_bench_lacks_is_not_searched_elsewhere(labctl, bench, tmp_path):
    station = tmp_path / "station.yaml"
    station.write_text((HOME / "station.yaml").read_text().replace("192.168.10.23", "192.168.10.99"))
    answer = labctl("check", "--bench", str(bench.file), "--station", str(station))
    assert answer.code == 1
    assert (
        "microwave at TCPIP0::192.168.10.99::inst0::INSTR does not answer (LookupError: there is no such" in answer.err
    )


def test_a_serial_port_by_its_path_is_that_of_its_role(labctl, bench, tmp_path):
    station = tmp_path / "station.yaml"
    station.write_text((HOME / "station.yaml").read_text().replace("ASRL3::INSTR", "ASRL/dev/ttyUSB0::INSTR"))
    answer = labctl("check", "--bench", str(bench.file), "--station", str(station))
    assert (answer.code, "Cobolt 0532" in answer.out) == (0, True)


@pytest.mark.parametrize("content", [None, "{}", '{"control": "10.0.0.1:80"}'])
def test_a_file_that_tells_of_no_bench_is_refused_with_the_remedy(labctl, tmp_path, content):
    file = tmp_path / "none.json"
    if content is not None:
        file.write_text(content)
    answer = labctl("run", "toy", "--bench", str(file))
    assert (answer.code, answer.out) == (2, "")
    assert f"python -m simulated_instruments --serve --file {file}" in answer.err


def test_a_file_that_a_killed_bench_left_is_refused_and_written_anew(labctl, tmp_path):
    with served(tmp_path) as killed:
        killed.process.kill()
        killed.process.wait()
    assert killed.file.exists()
    answer = labctl("run", "toy", "--bench", str(killed.file))
    assert (answer.code, answer.out) == (2, "")
    assert f"{killed.file}: the bench that it tells of is gone; start one with: python -m sim" in answer.err
    with served(tmp_path, left=killed.twin.wires) as again:
        assert again.twin.is_there()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path, number):
    with served(tmp_path) as bench:
        bench.process.send_signal(number)
        assert bench.process.wait(timeout=10.0) == 0
        assert not bench.file.exists()


def test_a_bench_that_is_gone_is_said_of_every_instrument(labctl, bench, tmp_path):
    file = tmp_path / "gone.json"
    gone = dict.fromkeys(bench.twin.wires.addresses, "TCPIP0::127.0.0.1::1::SOCKET")
    file.write_text(bench.twin.wires.model_copy(update={"addresses": gone}).model_dump_json())
    answer = labctl("check", "--bench", str(file))
    assert answer.code == 1
    for instrument in ("main_supply", "trim_x", "microwave", "green_laser", "aom", "sprout"):
        assert f"{instrument} at " in answer.err
