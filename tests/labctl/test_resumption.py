"""A long break: the field is brought back before anything is played again, and the experiment notices nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from labctl.bench.connect import Choice, opened_bench
from labctl.bench.continuation import continuation
from labctl.bench.session import Interrupted, OpenBench
from labctl.config.station_file import read_station
from labctl.data.acquisitions import Block, blocks_of
from labctl.data.calibration import CalibrationStore
from labctl.data.reader import children, one_run
from labctl.data.writing.recorder import Ended
from labctl.plans.catalogue import ENTRIES
from labctl.run.events import Counted, Listener, News
from labctl.run.past_calibration import KnownThen
from labctl.run.replay import RESUMING, Replay, kept_blocks
from labctl.run.resumption import STALE_S
from labctl.run.settings import noted
from sequences.core.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Column, Point, Progress, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure

STATION = read_station(Path(__file__).parents[2] / "station.yaml")
RESONANCE_A = ((0.04, 0.06, 0.9), (0.041, 0.059, 0.901), (0.0425, 0.0585, 0.9015))
"""Before each break, and behind the last one."""
PLAYS = 12
FIRST = 5
"""Of them, before the first break."""
COLUMNS = (Column("play", "play", ""), Column("main_a", "main coil", "A", ("play",)))


@dataclass(frozen=True)
class WanderPlan:
    """Nothing to choose."""


def asked_a(play: int) -> Any:
    """Where it takes the magnet."""
    return np.array([0.01, 1e-3 * play, 0.1 + 1.7e-3 * play])


def wander(lab: Lab, _plan: WanderPlan) -> Stream[dict[str, float]]:
    """Turns every knob between two plays, by all that an experiment may decide by: clock, calibration, currents."""
    program = Program("wandering", lab.wiring.tick_ns).then(2000, "pump").then(1000, "pump", "gate_signal")
    with controls.left_safe(lab):
        lab.magnet.switch_on()
        photons = 0
        for k in range(PLAYS):
            if k not in (FIRST - 1, FIRST + 1, FIRST + 2):  # it also stands still, before and behind a break
                x, y, main = asked_a(k)
                lab.magnet.ramp_to((x, y, main))
            field = lab.calibration.get("field.main_a")
            assert field is not None
            lab.clock.sleep(3.0)
            hz = 30e6 + 1e7 * lab.magnet.currents()[2] + 1e6 * field.value + 10.0 * lab.clock.now() + photons
            controls.carrier(lab, hz, -10.0)
            controls.shift_coil(lab, 0.01 + 1e-3 * k)
            controls.pump(lab, 0.1 + 0.01 * k)
            photons += measure(lab, program, 100_000).signal
            lab.calibration.put("wander.photons", photons, 1.0)
            yield Point({"play": float(k), "main_a": lab.magnet.currents()[2]})
    return {"photons": float(photons)}


class Aligning:
    """An alignment of the tests: looks at the light once, and finds the resonance where it is by now."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, lab: Lab, _plan: Any) -> Stream[None]:
        self.times += 1
        with controls.left_safe(lab):
            lab.magnet.switch_on()
            lab.magnet.ramp_to(RESONANCE_A[self.times])
            measure(lab, Program("aligning", lab.wiring.tick_ns).then(1000, "gate_signal"), 1000, may_be_dark=True)
            learn(lab.calibration, RESONANCE_A[self.times])
            yield Progress(1.0, "aligned")


@pytest.fixture
def aligning(monkeypatch: pytest.MonkeyPatch) -> Aligning:
    made = Aligning()
    for name, plan, function, columns in (("wander", WanderPlan, wander, COLUMNS), ("align", WanderPlan, made, ())):
        monkeypatch.setitem(ENTRIES, name, experiment(name, plan, function, columns))
    return made


def experiment(name: str, plan: Any, function: Any, columns: Any) -> Any:
    calibrates = ("field",) if name == "align" else ()
    return SimpleNamespace(name=name, plan=plan, function=function, columns=columns, calibrates=calibrates, figure="")


def learn(calibration: Any, currents_a: tuple[float, float, float]) -> None:
    for name, value in zip(("x", "y", "main"), currents_a, strict=True):
        calibration.put(f"field.{name}_a", value, 1e-6)


class Seen:
    """The bench behind every play, as it is and not as an experiment sees it; stops a run behind so many plays."""

    def __init__(self, bench: OpenBench, plays: int, of: str) -> None:
        self._bench, self._left, self._of = bench, plays, of
        self.currents_a: list[Any] = []
        self.settings: list[Any] = []
        self.lab_times_s: list[tuple[int, float]] = []

    def __call__(self, news: News) -> None:
        self.lab_times_s.append((news.depth, news.lab_time_s))
        if isinstance(news.event, Counted) and news.sequence == self._of:
            self.currents_a.append(self._bench.lab.magnet.currents())
            self.settings.append(noted(self._bench.lab))
            if (left := self._left - len(self.settings)) == 0:
                raise KeyboardInterrupt
            assert left > 0


def run(
    data: Path, seed: int, plays: int = PLAYS + 1, resumes: int | None = None, gap_s: float = 0.0, of: str = "wander"
) -> tuple[Ended, Interrupted | None, Seen]:
    """Begun, or continued after so long a break; interrupted behind so many plays."""
    with opened_bench(Choice(True, seed=seed), STATION, data) as bench:
        before = None
        if resumes is None:
            learn(bench.calibration, RESONANCE_A[0])
        else:
            before = continuation(data, str(resumes)).on(bench.store.label, bench.record)
            before = replace(before, gap_s=before.gap_s + gap_s)
        seen = Seen(bench, plays, of)
        found = ENTRIES["wander"]
        return bench.run(found, WanderPlan(), (seen,), interrupted=before).run, before, seen


def own(data: Path, run_id: int) -> list[Block]:
    return [block for block in blocks_of(data, run_id) if RESUMING not in block.settings]


def counts(blocks: Any) -> list[Any]:
    return [(block.digest, block.repeats, block.signal, block.reference, block.settings["bench"]) for block in blocks]


def walk(breaks: int) -> Any:
    """Of the resonance, in the latest break."""
    return np.array(RESONANCE_A[breaks]) - np.array(RESONANCE_A[breaks - 1])


def test_the_field_is_brought_back_first_and_all_else_is_as_it_was(tmp_path: Path, aligning: Aligning) -> None:
    _, _, first = run(tmp_path, 1, FIRST)
    resumed, before, again = run(tmp_path, 2, resumes=1, gap_s=2 * STALE_S)
    assert before is not None
    assert (resumed.status, resumed.message, before.replay.taken, aligning.times) == ("completed", "", FIRST, 1)
    assert [part.sequence for part in children(tmp_path, resumed.run_id)] == ["align"]
    everything = blocks_of(tmp_path, resumed.run_id)
    assert [block.program for block in everything] == ["aligning"] + ["wandering"] * PLAYS
    assert counts(everything[1 : 1 + FIRST]) == counts(blocks_of(tmp_path, 1))
    assert again.settings[:FIRST] == first.settings
    for k in range(FIRST + 1):  # the first play that is not on disk included
        then_a = first.currents_a[k] if k < FIRST else asked_a(k)
        np.testing.assert_allclose(again.currents_a[k], then_a + walk(1), atol=2e-6)


def test_time_and_calibration_are_those_of_then_and_behind_the_break_those_of_now(
    tmp_path: Path, aligning: Aligning
) -> None:
    run(tmp_path, 1, FIRST)
    resumed, _, seen = run(tmp_path, 2, resumes=1, gap_s=2 * STALE_S)
    apart_s, later_s = ([time_s for depth, time_s in seen.lab_times_s[2:] if depth == of] for of in (1, 0))
    assert apart_s == sorted(apart_s)
    assert later_s == sorted(later_s)
    assert 0.0 <= apart_s[0] < apart_s[-1] < 2 * STALE_S < later_s[-1]
    blocks = own(tmp_path, resumed.run_id)
    (aligned,) = (block for block in blocks_of(tmp_path, resumed.run_id) if RESUMING in block.settings)
    assert aligning.times == 1
    assert blocks[FIRST - 1].ended_s + 2 * STALE_S < aligned.began_s < blocks[FIRST].began_s
    assert blocks[FIRST].began_s < aligned.ended_s + 60.0
    assert resumed.lab_time_s > blocks[-1].ended_s
    behind = blocks[FIRST + 1].settings["bench"]["carrier_hz"] - blocks[FIRST].settings["bench"]["carrier_hz"]
    walked_main_a = RESONANCE_A[1][2] - RESONANCE_A[0][2]
    passed_s = blocks[FIRST + 1].settings["times_s"][0] - blocks[FIRST].settings["times_s"][0]
    known = 1e6 * walked_main_a + 1e7 * walked_main_a  # by calibration and by currents, both of now
    assert behind == pytest.approx(known + 10.0 * passed_s + blocks[FIRST].signal, abs=30.0)


def test_a_run_with_a_break_in_it_is_played_again_as_it_was_and_continued_behind_another_one(
    tmp_path: Path, aligning: Aligning
) -> None:
    run(tmp_path, 1, FIRST)
    run(tmp_path, 2, FIRST + 4, resumes=1, gap_s=2 * STALE_S)
    last, before, seen = run(tmp_path, 3, resumes=2, gap_s=2 * STALE_S)
    assert before is not None
    assert (last.status, before.replay.taken, aligning.times) == ("completed", FIRST + 4, 2)
    assert counts(own(tmp_path, last.run_id)[: FIRST + 4]) == counts(own(tmp_path, 2))
    np.testing.assert_allclose(seen.currents_a[FIRST + 4], asked_a(FIRST + 4) + walk(2), atol=2e-6)


@pytest.mark.parametrize(("plays", "of"), [(1, "align"), (2, "wander")])
def test_a_run_that_is_stopped_before_it_came_to_where_it_was_can_be_continued_with_all_that_was_counted(
    tmp_path: Path, aligning: Aligning, plays: int, of: str
) -> None:
    run(tmp_path, 1, FIRST)
    stopped, _, _ = run(tmp_path, 2, plays, resumes=1, gap_s=2 * STALE_S, of=of)
    assert stopped.status == "aborted"
    found = continuation(tmp_path, str(stopped.run_id))
    assert counts(found.blocks) == counts(blocks_of(tmp_path, 1))
    assert found.blocks[-1].settings["unix_s"] == blocks_of(tmp_path, 1)[-1].settings["unix_s"]  # as long ago as it is
    resumed, before, _ = run(tmp_path, 3, resumes=stopped.run_id, gap_s=2 * STALE_S)
    assert before is not None
    assert (resumed.status, before.replay.taken, aligning.times) == ("completed", FIRST, 2)


def test_what_was_counted_before_a_break_stays_trusted_when_the_rest_fails(tmp_path: Path, aligning: Aligning) -> None:
    run(tmp_path, 1, FIRST)
    with opened_bench(Choice(True, seed=2), STATION, tmp_path) as bench:
        before = continuation(tmp_path, "1").on(bench.store.label, bench.record)

        def darken(news: News) -> None:
            if isinstance(news.event, Counted) and before.replay.over:
                bench.lab.green_laser.write("l0")

        heard: tuple[Listener, ...] = (darken,)
        failed = bench.run(ENTRIES["wander"], WanderPlan(), heard, interrupted=before).run
    assert (failed.status, aligning.times) == ("failed", 0)
    assert len(own(tmp_path, failed.run_id)) > FIRST
    assert counts(kept_blocks(tmp_path, one_run(tmp_path, failed.run_id))) == counts(blocks_of(tmp_path, 1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CalibrationStore]:
    clock: Any = SimpleNamespace(now=lambda: 0.0)
    made = CalibrationStore(tmp_path, "a bench", clock)
    for key in "abc":
        made.put(key, 1.0, 2.0)
    made.put_covariance("abc", np.array([[4.0, 1.0, 0.5], [1.0, 4.0, 0.25], [0.5, 0.25, 4.0]]))
    return made


def test_values_vary_together_as_they_did_then(store: CalibrationStore) -> None:
    then = KnownThen(Replay([any_block()], store.all(), store.covariances()), store)
    store.put("a", 5.0, 7.0)
    assert then.covariance("cb").tolist() == [[4.0, 0.25], [0.25, 4.0]]
    assert then.covariance("ab").tolist() == [[4.0, 1.0], [1.0, 4.0]]
    then.put("b", 3.0, 1.0)
    assert then.covariance("abc").tolist() == [[4.0, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 4.0]]
    assert store.get("b") != then.get("b")


def test_what_the_run_had_learned_does_not_replace_what_was_found_since(store: CalibrationStore) -> None:
    replay = Replay([], store.all(), store.covariances())
    then = KnownThen(replay, store)
    then.renewed = {"a"}
    then.put("a", 8.0, 1.0)
    then.put("b", 9.0, 1.0)
    assert [known.value for known in (store.get("a"), store.get("b")) if known] == [1.0, 9.0]
    assert [known.value for known in (then.get("a"), then.get("b")) if known] == [8.0, 9.0]
    replay.over = True
    assert [known.value for known in (then.get("a"), then.get("b")) if known] == [1.0, 9.0]


def any_block() -> Block:
    return Block(1, 0, 1, "toy", "any", 1, 0, 0, 0.0, 0.0, {"times_s": [], "bench": {}})
