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
from labctl.run.pause import Gate
from sequences.results import Begin, End, Estimate, Point, Progress
from tools.trials.wired import is_dark

LOOK_S = 0.3


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as made:
        yield made


class Pause:
    """Closes a gate after so many plays, looks at the bench that waits, and then does something in another thread."""

    def __init__(self, bench, after, then):
        self.gate = Gate(self.told)
        self.bench, self.after, self.then = bench, after, then
        self.words, self.seen, self.news = [], None, ()

    def hear(self, news):
        """A listener of the run."""
        if isinstance(news.event, Counted) and len(self.bench.heard(Counted)) == self.after:
            self.gate.close()

    def told(self, waits):
        self.words.append(waits)
        if waits:
            self.seen = self.bench.levels
            pump = 1 << self.bench.lab.wiring.lines["pump"]
            self.dimmed = self.bench.shine(self.bench.twin.levels) / self.bench.shine(pump)
            before = len(self.bench.news)
            threading.Timer(LOOK_S, self.look, [before]).start()

    def look(self, before):
        """After a while: has anything happened meanwhile?"""
        self.news = (before, len(self.bench.news))
        self.later = self.bench.twin.levels
        self.then()


def test_a_closed_gate_stops_before_the_next_play_in_the_dark_and_then_the_run_goes_on(bench):
    pause = Pause(bench, 2, lambda: pause.gate.open())
    ended = bench.run(gate=pause.gate, listeners=(pause.hear,))
    assert pause.words == [True, False]
    assert pause.seen == (0, 0)
    assert pause.dimmed < 1e-3  # the laser stays on: only what leaks through the closed AOM reaches the sample
    assert pause.later == 0
    assert pause.news[0] == pause.news[1]
    kinds = [type(news.event) for news in bench.news[: pause.news[0]]]
    assert (kinds.count(Playing), kinds.count(Counted)) == (2, 2)
    assert (ended.status, len(bench.heard(Counted))) == ("completed", PLAYS)
    assert is_dark(bench.found)


def test_a_run_that_waited_finds_the_same_as_one_that_did_not(tmp_path):
    with opened(tmp_path / "waits") as bench:
        pause = Pause(bench, 3, lambda: pause.gate.open())
        waited = bench.run(gate=pause.gate, listeners=(pause.hear,))
    with opened(tmp_path / "does not") as bench:
        straight = bench.run()
    assert pause.words == [True, False]
    assert waited.result == straight.result
    assert waited.points["signal"].tolist() == straight.points["signal"].tolist()
    assert waited.result["photons"] > 1000


def test_every_play_and_every_count_is_told_with_its_numbers(bench):
    ended = bench.run()
    assert bench.heard(Playing) == [Playing(PROGRAM, REPEATS)] * PLAYS
    counted = bench.heard(Counted)
    signals = [point.values["signal"] for point in bench.heard(Point)]
    assert [counts.signal for counts in counted] == signals
    assert all(counts.reference > 0.5 * counts.signal for counts in counted)
    assert [counts.duration_s for counts in counted] == pytest.approx([REPEATS * 200e-6] * PLAYS)
    photons = sum(counts.signal + counts.reference for counts in counted)
    assert ended.photons == one_run(bench.folder, ended.run_id).outcome["photons"] == photons
    one = [Playing, Counted, Point, Estimate, Progress]
    assert [type(news.event) for news in bench.news] == [Begin, *one * PLAYS, End]


def test_a_long_play_is_told_piece_by_piece_each_a_place_to_wait(bench):
    repeats = round(2.5 * LONGEST_PLAY_S / (PROGRAM.duration_ns * 1e-9))
    pause = Pause(bench, 1, lambda: pause.gate.open())
    bench.run(lambda lab: glowing(lab, repeats, 1), pause.gate, (pause.hear,))
    played = [play.repeats for play in bench.heard(Playing)]
    assert len(played) == 3
    assert sum(played) == repeats
    assert sum(counts.duration_s for counts in bench.heard(Counted)) == pytest.approx(2.5 * LONGEST_PLAY_S)
    assert sum(counts.signal for counts in bench.heard(Counted)) == bench.heard(Point)[0].values["signal"]
    assert pause.words == [True, False]
    assert pause.seen == (0, 0)
    assert pause.dimmed < 1e-3


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
def test_ctrl_c_ends_a_run_that_waits_and_its_estimate_is_kept(bench):
    with Interrupts() as interrupts:
        pause = Pause(bench, 2, lambda: os.kill(os.getpid(), signal.SIGINT))
        ended = bench.run(gate=pause.gate, listeners=(pause.hear,), interrupts=interrupts)
    assert (ended.status, ended.result, pause.words) == ("aborted", None, [True])
    assert is_dark(bench.found)
    assert bench.lab.pulse_generator.levels() == 0
    stored = one_run(bench.folder, ended.run_id)
    assert stored.status == "aborted"
    assert stored.outcome["estimate"] == dict(bench.heard(Estimate)[-1].values)
    kept = points(bench.folder, ended.run_id).values["signal"]
    assert stored.outcome["estimate"]["photons"] == kept.sum()
    assert len(kept) == 2


def test_without_an_estimate_none_is_stored(bench):
    def silent(_lab):
        yield Progress(0.5)

    ended = bench.run(silent)
    assert "estimate" not in one_run(bench.folder, ended.run_id).outcome
