"""The whole bench: on, off, and on again."""

import subprocess
import sys

import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from simulated_instruments.__main__ import main
from simulated_instruments.bench import SimulatedBench
from simulated_instruments.sample import load_sample

SUPPLY = "TCPIP0::192.168.10.21::inst0::INSTR"


def asked(bench: SimulatedBench, query: str) -> str:
    handle = pyvisa.ResourceManager(bench.visalib).open_resource(SUPPLY)
    assert isinstance(handle, MessageBasedResource)
    handle.write_termination = handle.read_termination = "\n"
    reply = handle.query(query)
    handle.close()
    return reply


def test_two_benches_in_a_row_start_fresh() -> None:
    live = "SENS1:VOLT:PROT 21;:SOUR1:FUNC:MODE CURR;:SOUR1:CURR 0.9;:OUTP1 1;:OUTP1?"
    with SimulatedBench(load_sample()) as first:
        assert asked(first, live) == "1"
        first.clock.sleep(10.0)
        assert first.twin.setpoints.main_a == 0.9
    with SimulatedBench(load_sample()) as second:
        assert second.twin.setpoints.main_a == 0.0
        assert second.clock.now() == 0.0
        assert asked(second, ":OUTP1?;:SOUR1:CURR?") == "0;+0.00000000E+00"


def test_the_bench_says_where_it_listens() -> None:
    with SimulatedBench(load_sample(), seed=3) as bench:
        host, port = bench.ni_target.split(":")
        assert (host, bench.visalib.endswith("station_sim.yaml@sim")) == ("127.0.0.1", True)
        assert int(port) > 0


def test_from_a_shell_it_runs_until_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    assert main(["--seed", "3"], wait=ctrl_c) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NI gRPC device server at 127.0.0.1:")
    assert f"  {SUPPLY}" in lines
    assert "Ctrl-C ends it." in lines


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--seed", "-1"], "not a whole number"),
        (["--sample", "missing.yaml"], "cannot be read"),
        (["--sample", "laboratory"], "laboratory: neither a file nor one of the samples lab, natural, paper"),
        (["--faults", "missing.yaml"], "cannot be read"),
        (["--serve", "--pace", "0"], "not a number above 0"),
        (["--serve", "--pace", "nan"], "not a number above 0"),
    ],
)
def test_what_cannot_be_started_says_why(arguments: list[str], complaint: str) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "simulated_instruments", *arguments], capture_output=True, text=True, check=False
    )
    assert process.returncode == 2
    assert complaint in process.stderr
