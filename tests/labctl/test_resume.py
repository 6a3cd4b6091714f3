"""An interrupted run is continued: what was counted is kept and the rest is measured, as if nothing had happened."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from labctl.bench.connect import Choice, opened_bench
from labctl.bench.continuation import continuation
from labctl.common.refusals import Refusal
from labctl.config.station_file import read_station
from labctl.data.acquisitions import Block, blocks_of
from labctl.data.reader import one_run, points
from labctl.plans.catalogue import ENTRIES, entry
from labctl.run.events import Counted
from labctl.run.replay import NotedClock, Replay, RunClock
from labctl.run.resumption import STALE_S
from sequences.pulses.program import Program
from sequences.results import Progress
from sequences.routines.bench.measure import measure

STATION = read_station(Path(__file__).parents[2] / "station.yaml")
ODMR = entry("odmr")


def stopped_behind(plays):
    """A listener that ends the run as Ctrl-C would, when so many plays have been counted."""
    left = iter(range(plays - 1))

    def hear(news):
        if isinstance(news.event, Counted) and next(left, None) is None:
            raise KeyboardInterrupt

    return hear


def run(data, seed=1, plays=None, interrupted=None, experiment=ODMR, plan=None):
    """On a twin that is switched on for it; with `plays` it is interrupted behind so many."""
    listeners = (stopped_behind(plays),) if plays else ()
    with opened_bench(Choice(True, seed=seed), STATION, data) as bench:
        before = interrupted.on(bench.store.label, bench.record) if interrupted else None
        return bench.run(experiment, plan or experiment.plan(), listeners, interrupted=before).run, before


def test_the_continued_run_is_the_unbroken_one_as_far_as_it_was_counted(tmp_path):
    unbroken, _ = run(tmp_path / "unbroken")
    broken, _ = run(tmp_path, plays=25)
    assert (broken.status, len(blocks_of(tmp_path, 1))) == ("aborted", 25)
    resumed, before = run(tmp_path, seed=2, interrupted=continuation(tmp_path, "1"))
    assert resumed.status == "completed"
    assert before.replay.taken == 25
    assert one_run(tmp_path, resumed.run_id).record["resumes"] == 1
    first, later = (points(folder, k).values for folder, k in ((tmp_path / "unbroken", 1), (tmp_path, 2)))
    shared = len(points(tmp_path, 1).values["signal"])
    for name in ("frequency_hz", "signal"):
        np.testing.assert_array_equal(first[name][:shared], later[name][:shared])
    assert not np.array_equal(first["signal"][shared : shared + 5], later["signal"][shared : shared + 5])
    pulls = (np.array(resumed.result["resonances_hz"]) - np.array(unbroken.result["resonances_hz"])) / np.hypot(
        resumed.result["resonances_err_hz"], unbroken.result["resonances_err_hz"]
    )
    assert np.all(np.abs(pulls) < 4.0)
    assert resumed.photons == sum(block.signal + block.reference for block in blocks_of(tmp_path, 2))


def test_a_continued_run_can_be_interrupted_and_continued(tmp_path):
    run(tmp_path, plays=10)
    again, _ = run(tmp_path, seed=2, plays=25, interrupted=continuation(tmp_path, "1"))
    assert again.status == "aborted"
    last, before = run(tmp_path, seed=3, interrupted=continuation(tmp_path, "2"))
    assert (last.status, before.replay.taken) == ("completed", 25)


def test_other_plays_end_the_replay_and_the_bench_measures(tmp_path):
    run(tmp_path, plays=25)
    found = continuation(tmp_path, "1")
    blocks = [*found.blocks[:6], replace(found.blocks[6], digest="another"), *found.blocks[7:]]
    resumed, before = run(tmp_path, seed=2, interrupted=replace(found, blocks=tuple(blocks)))
    assert (resumed.status, before.replay.taken) == ("completed", 6)


def test_settings_that_differ_end_the_replay(tmp_path):
    run(tmp_path, plays=12)
    block = blocks_of(tmp_path, 1)[-1]
    bench = block.settings["bench"]
    assert Replay([block], {}).answer(block.digest, block.repeats, bench) is block
    for other in (bench["carrier_hz"] + 1.0, None):
        replay = Replay([block], {})
        assert replay.answer(block.digest, block.repeats, {**bench, "carrier_hz": other}) is None
        assert replay.over


def test_the_plays_before_a_failure_are_not_trusted(tmp_path):
    run(tmp_path, plays=25)
    kept = continuation(tmp_path, "1").blocks
    assert len(kept) == 25
    with opened_bench(Choice(True, seed=1), STATION, tmp_path) as bench:
        count = iter(range(12))

        def darken(news):
            if isinstance(news.event, Counted) and next(count, None) is None:
                bench.lab.green_laser.write("l0")

        failed = bench.run(ODMR, ODMR.plan(), (darken,)).run
    assert failed.status == "failed"
    assert "green_laser" in failed.message
    trusted = continuation(tmp_path, str(failed.run_id)).blocks
    dropped = blocks_of(tmp_path, failed.run_id)[len(trusted) :]
    assert sum(block.ended_s - block.began_s for block in dropped) > 2.0
    assert len(trusted) >= 5


@pytest.mark.parametrize(("number", "why"), [("one", "is no run"), ("9", "There is no run 9")])
def test_what_is_no_run_is_refused(tmp_path, number, why):
    with pytest.raises(Refusal, match=why):
        continuation(tmp_path, number)


def test_a_complete_run_and_another_bench_are_refused(tmp_path):
    run(tmp_path)
    with pytest.raises(Refusal, match="is complete"):
        continuation(tmp_path, "1")
    run(tmp_path, plays=5)
    with pytest.raises(Refusal, match=r"was measured on 'simulated default .*continue it there"):
        continuation(tmp_path, "2").on("bench station", {})


def test_a_twin_that_would_count_the_same_photons_again_is_refused(tmp_path):
    run(tmp_path, plays=5)
    with pytest.raises(Refusal, match=r"would count the same photons again: open it with --seed 2"):
        run(tmp_path, interrupted=continuation(tmp_path, "1"))
    with opened_bench(Choice(True, seed=1), STATION, tmp_path) as bench:
        first = bench.run(ODMR, ODMR.plan(), (stopped_behind(5),)).run
        before = continuation(tmp_path, str(first.run_id)).on(bench.store.label, bench.record)
        assert bench.run(ODMR, ODMR.plan(), interrupted=before).run.status == "completed"


def test_time_stands_while_plays_are_answered_and_goes_on_behind_the_last():
    told = ([3.0, 5.0], [], [])
    blocks = [Block(1, k, 1, "toy", "any", 1, 0, 0, 0.0, 0.0, {"times_s": t, "bench": {}}) for k, t in enumerate(told)]
    replay = Replay(blocks, {})
    clock = RunClock(SimpleNamespace(now=lambda: 1000.0), replay, gap_s=60.0)
    noted_clock = NotedClock(clock)
    assert clock.now() == 5.0  # when the run began: the first play began when the time had been asked for
    for time_s in told[0]:
        assert noted_clock.now() == time_s
    for block in blocks:
        assert noted_clock.now() == clock.now() == 5.0
        assert replay.answer("any", 1, {}) is block
    assert noted_clock.now() == clock.now() == 65.0


def test_what_is_played_to_bring_the_field_back_is_not_what_the_run_plays_next(tmp_path, monkeypatch):
    def align(lab, _plan):
        measure(lab, Program("dark", lab.wiring.tick_ns).then(1000).then(1000, "gate_signal"), 1000, may_be_dark=True)
        yield Progress(1.0, "aligned")

    with opened_bench(Choice(True, seed=1), STATION, tmp_path) as bench:
        learn(bench.calibration, np.zeros(3))
        bench.run(ODMR, ODMR.plan(), (stopped_behind(25),))
    unbroken, _ = run(tmp_path / "unbroken")
    monkeypatch.setitem(ENTRIES, "align", replace(ENTRIES["align"], function=align, columns=()))
    with opened_bench(Choice(True, seed=2), STATION, tmp_path) as bench:
        before = replace(continuation(tmp_path, "1").on(bench.store.label, bench.record), gap_s=2.0 * STALE_S)
        resumed = bench.run(ODMR, ODMR.plan(), interrupted=before).run
    assert (resumed.status, before.replay.taken) == ("completed", 25)
    again = blocks_of(tmp_path, resumed.run_id)
    assert [block.program for block in again].index("dark") == 0  # before anything is played again, and once
    assert [block.program for block in again].count("dark") == 1
    assert [_played(block) for block in again[1:26]] == [_played(block) for block in blocks_of(tmp_path, 1)]
    for block, expected in zip(again[26:32], blocks_of(tmp_path / "unbroken", unbroken.run_id)[25:31], strict=True):
        assert block.program == expected.program
        assert abs(block.signal - expected.signal) < 6.0 * (block.signal + expected.signal) ** 0.5


def _played(block):
    return block.digest, block.repeats, block.signal, block.reference, block.began_s, block.ended_s, block.settings


def learn(calibration, currents_a):
    for name, value in zip(("x", "y", "main"), currents_a, strict=True):
        calibration.put(f"field.{name}_a", float(value), 1e-6)
