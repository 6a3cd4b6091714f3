"""A served bench with a pace: what a caller who is not labctl sees of time that flows by itself."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import nidaqmx
import pytest
from nidaqmx.constants import LineGrouping
from support.serving import AOM, GREEN, SPROUT, opened, served_in

from simulated_instruments.__main__ import main
from simulated_instruments.bench import FOLLOWS_S


class Watch:
    """Laboratory time as a caller's own clock bounds it, for a bench that he has seen to be on."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._before_s = self._after_s = time.monotonic()

    def mark(self, did: Callable[[], object]) -> None:
        """Something that begins while it is done."""
        self._before_s = time.monotonic()
        did()
        self._after_s = time.monotonic()

    def read(self, ask: Callable[[], Any]) -> tuple[Any, float, float]:
        """What is answered, and the least and the most laboratory time since the mark at which it was."""
        least_s = time.monotonic() - self._after_s
        answer = ask()
        return answer, least_s * self._pace, (time.monotonic() - self._before_s) * self._pace


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so: what follows the time by itself looks every FOLLOWS_S, or later on a busy computer."""
    until_s = time.monotonic() + 50 * FOLLOWS_S
    while not is_so() and time.monotonic() < until_s:
        time.sleep(0.1 * FOLLOWS_S)
    return is_so()


def test_a_ramp_runs_while_nobody_waits(tmp_path: Path) -> None:
    with served_in(tmp_path, pace=20.0) as bench:
        source, watch = opened(bench, "USB0::0x0B21::0x0039::91U112233::INSTR"), Watch(20.0)
        source.write(
            ":SOUR:FUNC CURR;RANG 0.2;:OUTPUT 1;:PROG:INT 20;SLOP 20;REP 0;EDIT:STAR;:SOUR:LEV 0.2;:PROG:EDIT:END"
        )
        watch.mark(lambda: source.query(":PROG:RUN;*OPC?"))
        time.sleep(0.4)
        amps, least_s, most_s = watch.read(lambda: float(source.query(":SOUR:LEV?")))
        assert least_s >= 8.0
        assert min(0.2, 0.01 * least_s) - 1e-5 <= amps <= 0.01 * most_s + 1e-5
        twin = bench._bench.twin
        assert soon(lambda: twin.setpoints.trim_x_a >= amps), "the coil does not follow without the source being asked"
        source.close()


def test_a_laser_warms_up_while_nobody_waits(tmp_path: Path) -> None:
    with served_in(tmp_path, pace=100.0) as bench:
        laser, watch = opened(bench, SPROUT, "\r", "\r"), Watch(100.0)
        laser.query("POWER SET=0.50")
        watch.mark(lambda: laser.query("OPMODE=ON"))
        mode, least_s, most_s = watch.read(lambda: laser.query("OPMODE?"))
        while mode == "OPMODE=WARMUP":
            assert least_s < 30.0
            mode, least_s, most_s = watch.read(lambda: laser.query("OPMODE?"))
        assert (mode, most_s >= 30.0) == ("OPMODE=ON", True)
        twin = bench._bench.twin
        assert soon(lambda: twin.setpoints.depletion_w == 0.5)
        laser.close()


def test_a_monitor_counts_the_light_of_the_moment(tmp_path: Path) -> None:
    """A static write opens the AOM, a free counter runs: photons come as long as the laser shines."""
    with served_in(tmp_path, pace=20.0) as bench:
        green, aom, watch = opened(bench, GREEN, "\r", "\r\n"), opened(bench, AOM, "\r", "\n\r"), Watch(20.0)
        assert [green.query(order) for order in ("p 0.0500", "@cobas 0", "l1")] == ["OK"] * 3
        aom.query("L1D22.00I0O1")
        options = nidaqmx.GrpcSessionOptions(grpc.insecure_channel(bench.wires.ni_target), "")
        with nidaqmx.Task(grpc_options=options) as lines, nidaqmx.Task(grpc_options=options) as counter:
            lines.do_channels.add_do_chan("Dev1/port0/line0:7", line_grouping=LineGrouping.CHAN_FOR_ALL_LINES)
            lines.write(0)
            counter.ci_channels.add_ci_count_edges_chan("Dev1/ctr0").ci_count_edges_term = "/Dev1/PFI8"
            counter.start()
            bench._bench.clock.sleep(120.0)  # the crystals come to temperature
            assert counter.read() == 0, "lines that rest low let no light through"
            watch.mark(lambda: lines.write(1))
            rates = []
            for _ in range(3):
                time.sleep(0.2)
                photons, least_s, most_s = watch.read(counter.read)
                rates.append((photons / most_s, photons / least_s))
            lowest, highest = max(low for low, _ in rates), min(high for _, high in rates)
            assert 1e3 < lowest <= highest * 1.05
            green.query("l0")
            seen = counter.read()
            time.sleep(0.2)
            dark_cps = (counter.read() - seen) / (0.2 * 20.0)
            assert dark_cps < 0.05 * lowest
        green.close()
        aom.close()


@pytest.mark.parametrize(
    ("pace", "says"),
    [
        ([], "Laboratory time stands still until somebody waits"),
        (["--pace", "2.5"], "Laboratory time flows by itself: 2.5 s of it every second."),
    ],
)
def test_the_banner_says_whether_time_flows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pace: list[str], says: str
) -> None:
    assert main(["--serve", "--file", str(tmp_path / "bench.json"), *pace], wait=lambda: None) == 0
    assert says in capsys.readouterr().out
