"""Plays on a card that fails now and then, at any of a play's calls: the counts are those of whole plays, or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

import numpy as np
import pytest

from instruments.common import ni_line
from instruments.ni_card import CardFault
from instruments.pulse_generator import PulseGenerator
from labctl.bench.station import Wires, opened
from labctl.config.station_file import read_station
from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import SequenceError
from sequences.routines.bench import controls
from sequences.routines.bench.measure import PLAYS, measure
from simulated_instruments.bench import Bench
from simulated_instruments.faults.script import Fault
from tools.trials.wired import STATION, Kept, sample

pytestmark = pytest.mark.system

KINDS = ("refused", "unavailable", "cut_off", "slow", "reset")
REPEATS, MEASURED = 200, 90
OPENING, EVERY = 60, 101
"""Calls until the bench is open and lit, at most; calls between two faults. A play has a dozen, a fresh start forty."""
STEERED_V = 0.25


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ni_line, "CALL_S", 0.3)
    monkeypatch.setattr(ni_line, "BEGINNING_S", 2.0)
    monkeypatch.setattr(ni_line, "PAUSE_S", 0.01)


@contextmanager
def lit(faults: list[Fault]) -> Iterator[tuple[Lab, Bench]]:
    """A bench with light on the sample and a steered beam."""
    with Bench(sample(), 3, faults=faults) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as station:
            lab = station.lab(Kept())
            station.instruments["ni_card"].write_analog({"ao0": STEERED_V})
            lab.green_laser.power_mw(5.0)
            lab.green_laser.emission(True)
            controls.pump(lab)
            yield lab, bench


def test_every_count_is_that_of_a_whole_play() -> None:
    """Photons of a play and a half would be twenty standard deviations off; what the faults do cost is time."""
    kinds = cycle(KINDS)
    faults = [Fault(kind=next(kinds), instrument="ni_card", call=OPENING + EVERY * k) for k in range(30)]
    with lit(faults) as (lab, bench):
        counts = np.array([measure(lab, cw_odmr(100), REPEATS).reference for _ in range(MEASURED)])
        assert {injected.kind for injected in bench.injector.log} == set(KINDS)
        assert len(bench.injector.log) >= 2 * len(KINDS)
        pulls = (counts - counts.mean()) / np.sqrt(counts.mean())
        assert np.abs(pulls).max() < 4.5
        assert bench.twin.levels == 0
        assert bench.twin.knobs.steering_v == (STEERED_V, 0.0)  # a reset takes it to 0 V: it is set again


def test_a_card_that_fails_time_after_time_ends_the_run_with_its_name_and_low_lines() -> None:
    faults = [Fault(kind="refused", instrument="ni_card", matching="StartTask", call=4, times=9 * PLAYS)]
    with lit(faults) as (lab, bench):
        measure(lab, cw_odmr(100), REPEATS)
        with pytest.raises(CardFault, match=r"ni_card: .* failed: .*Is the card there") as caught:
            measure(lab, cw_odmr(100), REPEATS)
        assert caught.value.instrument == "ni_card"
        assert bench.twin.levels == 0


@pytest.mark.parametrize("call", ["StartTask", "StopTask", "WaitUntilTaskDone"])
def test_a_call_that_never_returns_is_given_up_and_the_play_repeated(call: str) -> None:
    with lit([Fault(kind="stuck", instrument="ni_card", matching=call, call=3)]) as (lab, bench):
        counts = np.array([measure(lab, cw_odmr(100), REPEATS).reference for _ in range(4)])
        assert [injected.kind for injected in bench.injector.log] == ["stuck"]
        assert np.ptp(counts) < 6 * np.sqrt(counts.mean())


def stopped(_pulses: PulseGenerator) -> None:
    raise KeyboardInterrupt


def test_an_operator_who_stops_a_play_is_heard_even_if_the_card_fails_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with lit([]) as (lab, bench):
        monkeypatch.setattr(PulseGenerator, "wait", stopped)
        with pytest.raises(KeyboardInterrupt):
            measure(lab, cw_odmr(100), REPEATS)
        assert bench.twin.levels == 0


def reads(kind: str, call: int, times: int = 1) -> Fault:
    """What befalls some readings of a counter; a sound play has four, two of the signal counter first."""
    return Fault(kind=kind, instrument="ni_card", matching="ReadCounter", call=call, times=times)


def counted(*faults: Fault, gated: bool = True) -> list[tuple[int, int]]:
    with lit(list(faults)) as (lab, bench):
        counts = [measure(lab, cw_odmr(100), REPEATS, gated) for _ in range(3)]
        assert [injected.effect for injected in bench.injector.log] == [""] * sum(fault.times for fault in faults)
        return [(one.signal, one.reference) for one in counts]


@pytest.mark.parametrize("kind", ["fewer_counts", "no_counts"])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("gated", [True, False])
def test_counts_that_got_lost_on_the_way_are_read_again(kind: str, call: int, gated: bool) -> None:
    assert counted(reads(kind, call), gated=gated) == counted(gated=gated)


def test_readings_that_never_agree_are_not_believed_and_the_play_is_repeated() -> None:
    every_other = [reads("fewer_counts", call) for call in (2, 4)]
    sound = np.array(counted())
    again = np.array(counted(*every_other))
    assert np.abs((again - sound) / np.sqrt(2 * sound)).max() < 4.5
    assert (again[0] != sound[0]).all()  # other photons: it was played anew


def test_a_detector_that_sees_nothing_under_the_pump_is_named() -> None:
    with lit([reads("no_counts", 1, times=100)]) as (lab, _):
        with pytest.raises(SequenceError, match=r"photon_counter counted nothing at all in 0\.36 s under the pump"):
            measure(lab, cw_odmr(100), 10 * REPEATS)
        assert measure(lab, cw_odmr(100), 10 * REPEATS, may_be_dark=True).signal == 0
        closed = Program("closed", 100).then(100_000, "pump")
        assert measure(lab, closed, 10 * REPEATS).signal == 0
        assert measure(lab, cw_odmr(100), 10).signal == 0  # too short to tell
