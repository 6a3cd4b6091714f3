"""A run that is watched: it waits in the dark between two plays, tells every play and count, and keeps its estimate."""

import os
import signal
import threading

import pytest
from support.observed import PLAYS, PROGRAM, REPEATS, glowing, opened

from instruments.pulse_generator import LONGEST_PLAY_S
from labctl.common.signals import Interrupts
from labctl.data.reader import one_run, points
from labctl.run.events import Counted, Playing
from labctl.run.pause import Pause
from sequences.results import Begin, End, Estimate, Point, Progress
from tools.trials.wired import is_dark

LOOK_S = 0.3


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as made:
        yield made


class Pausing:
    """Begins a pause after so many plays, looks at the bench that waits, and then does something in another thread."""

    def __init__(self, bench, after, then):
        self.pause = Pause(self.told)
        self.bench, self.after, self.then = bench, after, then
        self.words, self.seen, self.run_event = [], None, ()

    def hear(self, run_event):
        """A listener of the run."""
        if isinstance(run_event.event, Counted) and len(self.bench.events_of(Counted)) == self.after:
            self.pause.begin()

    def told(self, waits):
        self.words.append(waits)
        if waits:
            self.seen = self.bench.levels
            pump = 1 << self.bench.lab.wiring.lines["pump"]
            self.dimmed = self.bench.shine(self.bench.twin.levels) / self.bench.shine(pump)
            before = len(self.bench.run_events)
            threading.Timer(LOOK_S, self.look, [before]).start()

    def look(self, before):
        """After a while: has anything happened meanwhile?"""
        self.run_event = (before, len(self.bench.run_events))
        self.later = self.bench.twin.levels
        self.then()


def test_a_closed_gate_stops_before_the_next_play_in_the_dark_and_then_the_run_goes_on(bench):
    pause = Pausing(bench, 2, lambda: pause.pause.end())
    ended = bench.run(pause=pause.pause, listeners=(pause.hear,))
    assert pause.words == [True, False]
    assert pause.seen == (0, 0)
    assert pause.dimmed < 1e-3  # the laser stays on: only what leaks through the closed AOM reaches the sample
    assert pause.later == 0
    assert pause.run_event[0] == pause.run_event[1]
    kinds = [type(run_event.event) for run_event in bench.run_events[: pause.run_event[0]]]
    assert (kinds.count(Playing), kinds.count(Counted)) == (2, 2)
    assert (ended.status, len(bench.events_of(Counted))) == ("completed", PLAYS)
    assert is_dark(bench.found)


def test_a_run_that_waited_finds_the_same_as_one_that_did_not(tmp_path):
    with opened(tmp_path / "waits") as bench:
        pause = Pausing(bench, 3, lambda: pause.pause.end())
        waited = bench.run(pause=pause.pause, listeners=(pause.hear,))
    with opened(tmp_path / "does not") as bench:
        straight = bench.run()
    assert pause.words == [True, False]
    assert waited.result == straight.result
    assert waited.points["signal"].tolist() == straight.points["signal"].tolist()
    assert waited.result["photons"] > 1000


def test_every_play_and_every_count_is_told_with_its_numbers(bench):
    ended = bench.run()
    assert bench.events_of(Playing) == [Playing(PROGRAM, REPEATS)] * PLAYS
    counted = bench.events_of(Counted)
    signals = [point.values["signal"] for point in bench.events_of(Point)]
    assert [counts.signal for counts in counted] == signals
    assert all(counts.reference > 0.5 * counts.signal for counts in counted)
    assert [counts.duration_s for counts in counted] == pytest.approx([REPEATS * 200e-6] * PLAYS)
    photons = sum(counts.signal + counts.reference for counts in counted)
    assert ended.photons == one_run(bench.folder, ended.run_id).outcome["photons"] == photons
    one = [Playing, Counted, Point, Estimate, Progress]
    assert [type(run_event.event) for run_event in bench.run_events] == [Begin, *one * PLAYS, End]


def test_a_long_play_is_told_piece_by_piece_each_a_place_to_wait(bench):
    repeats = round(2.5 * LONGEST_PLAY_S / (PROGRAM.duration_ns * 1e-9))
    pause = Pausing(bench, 1, lambda: pause.pause.end())
    bench.run(lambda lab: glowing(lab, repeats, 1), pause.pause, (pause.hear,))
    played = [play.repeats for play in bench.events_of(Playing)]
    assert len(played) == 3
    assert sum(played) == repeats
    assert sum(counts.duration_s for counts in bench.events_of(Counted)) == pytest.approx(2.5 * LONGEST_PLAY_S)
    assert sum(counts.signal for counts in bench.events_of(Counted)) == bench.events_of(Point)[0].values["signal"]
    assert pause.words == [True, False]
    assert pause.seen == (0, 0)
    assert pause.dimmed < 1e-3


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
def test_ctrl_c_ends_a_run_that_waits_and_its_estimate_is_kept(bench):
    with Interrupts() as interrupts:
        pause = Pausing(bench, 2, lambda: os.kill(os.getpid(), signal.SIGINT))
        ended = bench.run(pause=pause.pause, listeners=(pause.hear,), interrupts=interrupts)
    assert (ended.status, ended.result, pause.words) == ("aborted", None, [True])
    assert is_dark(bench.found)
    assert bench.lab.pulse_generator.levels() == 0
    stored = one_run(bench.folder, ended.run_id)
    assert stored.status == "aborted"
    assert stored.outcome["estimate"] == dict(bench.events_of(Estimate)[-1].values)
    kept = points(bench.folder, ended.run_id).values["signal"]
    assert stored.outcome["estimate"]["photons"] == kept.sum()
    assert len(kept) == 2


def test_without_an_estimate_none_is_stored(bench):
    def silent(_lab):
        yield Progress(0.5)

    ended = bench.run(silent)
    assert "estimate" not in one_run(bench.folder, ended.run_id).outcome
