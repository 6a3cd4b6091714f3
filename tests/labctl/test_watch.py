"""A watch asks every instrument again and again from its own thread, survives what fails, and changes no run."""

import threading
import time
from types import SimpleNamespace

from labctl.bench import monitor
from labctl.bench.monitor import Watch
from labctl.bench.station import Wires, opened
from labctl.config.station_file import read_station
from sequences.pulses.library import cw_odmr
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure
from simulated_instruments.bench import Bench
from tools.trials.wired import STATION, Kept, sample

FAST_S = 0.01
PLAYS = 8


def idle():
    """A station without instruments."""
    return SimpleNamespace(file=SimpleNamespace(instruments={}), silent={}, instruments={})


def test_it_asks_until_it_is_closed():
    heard, third = [], threading.Event()

    def told(found):
        heard.append((found, threading.current_thread().name))
        if len(heard) == 3:
            third.set()

    with Watch(idle(), told, FAST_S):
        assert third.wait(5.0)
    after = len(heard)
    assert set(heard) == {((), "watch")}
    assert not any(thread.name == "watch" for thread in threading.enumerate())
    time.sleep(5 * FAST_S)
    assert len(heard) == after


def test_a_listener_that_fails_does_not_end_it(caplog):
    calls, again = [], threading.Event()

    def told(_):
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("the listener is broken")
        again.set()

    with Watch(idle(), told, FAST_S):
        assert again.wait(5.0)
    assert "Watching the bench failed; it goes on" in caplog.text


def test_what_answered_is_told_while_others_keep_the_round_waiting(monkeypatch):
    """An instrument that takes long makes nothing else look old; the others are not told twice."""
    answers, told, slow = [], [], threading.Event()

    def asked(_station, name):
        if name == "slow":
            assert slow.wait(5.0)
        answers.append(name)
        return SimpleNamespace(instrument=name, verdict="on")

    def heard(found):
        told.append([one.instrument for one in found])
        slow.set()

    monkeypatch.setattr(monitor, "condition", asked)
    monkeypatch.setattr(monitor, "LATE_S", 0.0)
    station = SimpleNamespace(file=SimpleNamespace(instruments=dict.fromkeys(("quick", "slow", "last"))))
    with Watch(station, heard, 600.0):
        assert slow.wait(5.0)
        until(lambda: [name for part in told for name in part] == ["quick", "slow", "last"])


def until(happens):
    end_s = time.monotonic() + 5.0
    while not happens():
        assert time.monotonic() < end_s
        time.sleep(FAST_S)


def counts(is_watched):
    """Photons of a seeded run, and how often the bench was asked meanwhile."""
    heard = []
    with (
        Bench(sample(), 7) as bench,
        opened(read_station(STATION), Wires(bench.visalib, bench.ni_target, bench.clock)) as station,
    ):
        lab = station.lab(Kept())

        def glow():
            with controls.left_safe(lab):
                controls.pump(lab)
                found = [measure(lab, cw_odmr(100), 500) for _ in range(PLAYS)]
                return [(one.signal, one.reference) for one in found]

        if not is_watched:
            return glow(), heard
        asked = threading.Event()

        def told(found):
            heard.append(found)
            asked.set()

        with Watch(station, told, FAST_S):
            assert asked.wait(10.0)
            return glow(), heard


def test_asking_changes_no_photon_of_a_seeded_run():
    alone, _ = counts(is_watched=False)
    watched, heard = counts(is_watched=True)
    assert len(heard) >= 2
    assert not any(one.verdict == "silent" for found in heard for one in found)
    assert watched == alone
    assert sum(signal for signal, _ in alone) > 0
