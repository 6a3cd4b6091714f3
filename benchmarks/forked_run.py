"""One run of `labctl`, forked at every call that shall have a fault: a case costs what comes after it, not before.

The child has the fault; the parent goes on to the next call without. A child whose bench, by the twin's own account, is
set for the next play as it was without the fault, and that has then heard from the instrument again, is over: what
follows is what follows without the fault. Any other child goes on to the end of the run and is judged by that.
"""

import faulthandler
import json
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import simulated_instruments.bench as twins
from labctl.data.writing.run_writer import Store
from labctl.run.drawing import Drawing
from simulated_instruments.faults.injector import Injector
from simulated_instruments.faults.kinds import Call
from simulated_instruments.faults.script import Fault
from tools.trials.faulted_run import Experiment, Seen, Watch, code_of, in_short, one_fault, seen_after, verdict
from tools.trials.loopback import Loopback

HEARD: Final = 4
"""Calls to the instrument after its fault until a child that is set right is over."""
PLAYS: Final = 12
"""Or so many plays."""
AGAIN: Final = 20
"""Plays that a run which was suspended measures again at most: those behind its last look at the bench."""
_PAUSE_S: Final = 0.005
_FRAME: Final = re.compile(r'File ".*?/((?:labctl|sequences|instruments|simulated_instruments)/.*?)", line (\d+)')


class Forks(Injector):
    """Counts calls, and forks the process at those that shall have a fault."""

    def __init__(
        self, clock: Any, wanted: Mapping[int, Sequence[str]], jobs: int, limit_s: float, watch: Watch
    ) -> None:
        """wanted: number of a call of the bench -> kinds. limit_s: wall time of a child."""
        super().__init__(clock, (), keep_calls=not wanted)
        self._wanted, self._jobs, self._limit_s, self._watch = wanted, jobs, limit_s, watch
        self.plays: list[str] = []
        """How the bench was set for each play."""
        self.expected: Sequence[str] = ()
        self.case: tuple[Call, str] | None = None
        """Of a child."""
        self.texts: Mapping[int, str] = {}
        self.until_s = float("inf")
        self.for_s: float | None = None
        self._running: dict[int, tuple[float, Path]] = {}
        self._since = (0, 0)
        self._set_right = False

    def begin(self, instrument: str, text: str) -> tuple[Call, Fault | None]:
        """As of every injector; the fault comes in the child."""
        call, fault = super().begin(instrument, text)
        if self.case is None and time.monotonic() < self.until_s and self.texts.get(call.overall) == text:
            for kind in self._wanted.get(call.overall, ()):
                if self._forked(call, kind):
                    return call, one_fault(kind, instrument, 1, self.for_s)
        return call, fault

    def playing(self, setting: str) -> None:
        """The twin is about to play."""
        self.plays.append(setting)
        if self.case is None:
            return
        began, calls = self._since
        if len(self.plays) == began + 1:
            again = AGAIN if self._watch.was_suspended else 1
            self._set_right = setting in self.expected[max(began - again, 0) : began + 1]
        heard = self.count_of(self.case[0].instrument) - calls
        if self._set_right and (heard >= HEARD or len(self.plays) > began + PLAYS):
            done = any(not entry.effect for entry in self.log)
            self.tell("recovered" if done else "not reached", f"set right, {len(self.plays) - began} plays later")

    def tell(self, outcome: str, said: str) -> None:
        """Leave the child."""
        assert self.case is not None
        call, kind = self.case
        Path("told").write_text(json.dumps([call.overall, kind, outcome, said]))
        os._exit(0)

    def _forked(self, call: Call, kind: str) -> bool:
        """True in the child."""
        self.wait(self._jobs - 1)
        folder = Path("..") / f"{call.overall}_{kind}"
        shutil.copytree(".", folder, ignore=shutil.ignore_patterns("out", "err", "told", "plot*"))
        sys.stdout.flush()
        sys.stderr.flush()
        if pid := os.fork():
            self._running[pid] = (time.monotonic(), folder)
            return False
        self._running.clear()
        self.case, self._since = (call, kind), (len(self.plays), self.count_of(call.instrument))
        try:
            _move_to(folder)
        except Exception:
            (folder / "err").write_text(traceback.format_exc())
            os._exit(1)
        faulthandler.cancel_dump_traceback_later()
        faulthandler.dump_traceback_later(0.9 * self._limit_s, file=2)
        return True

    def wait(self, most: int = 0) -> None:
        """Until at most so many children are left; those that hang are ended."""
        while len(self._running) > most:
            for pid, (began_s, folder) in list(self._running.items()):
                hangs = time.monotonic() > began_s + self._limit_s
                if hangs:
                    os.kill(pid, signal.SIGKILL)
                if os.waitpid(pid, 0 if hangs else os.WNOHANG)[0]:
                    del self._running[pid]
                    self._collect(folder, hangs, time.monotonic() - began_s)
            time.sleep(_PAUSE_S)

    def _collect(self, folder: Path, hung: bool, wall_s: float) -> None:
        overall, _, kind = folder.name.partition("_")
        told = folder / "told"
        died = [int(overall), kind, "traceback", _read(folder / "err")]
        heard = json.loads(told.read_text()) if told.exists() else died
        if hung:
            heard[2:] = ["hang", hung_in(folder / "err")]
        with Path("../told.jsonl").open("a") as file:
            file.write(json.dumps([*heard, wall_s]) + "\n")
        shutil.rmtree(folder, ignore_errors=True)


def run_forking(
    experiment: Experiment,
    folder: Path,
    wanted: Mapping[int, Sequence[str]],
    normal: "Normal | None" = None,
    jobs: int = 1,
    limit_s: float = 300.0,
    until_s: float = float("inf"),
    for_s: float | None = None,
) -> tuple[Forks, Seen]:
    """Run it in this process, and fork where wanted. normal: the run without faults, None in that one.

    Never returns in a child: that leaves its outcome in the folder's told.jsonl by way of the parent.
    """
    (folder / "run").mkdir(parents=True)
    os.chdir(folder / "run")
    _into_files()
    made: list[Forks] = []
    watch = Watch((), keep_calls=False)
    watch.install()
    watched = twins.Bench

    class Forkable(watched):  # type: ignore[misc, valid-type]
        def __init__(self, sample: Any, seed: int | None, pace: float | None, *_: Any) -> None:
            super().__init__(sample, seed, pace)
            self.injector = Forks(self.clock, wanted, jobs, limit_s, watch)
            self.injector.until_s, self.injector.for_s = until_s, for_s
            if normal is not None:
                self.injector.expected = normal.plays
                self.injector.texts = {call.overall: call.text for call in normal.calls}
            made.append(self.injector)
            self._ni = Loopback(self.twin, self.injector)
            played = self.twin.play

            def play(pattern: Any, tick_s: float, repeats: int, windows: Any) -> list[int]:
                self.injector.playing(_setting(self.twin.knobs, pattern, repeats))
                return list(played(pattern, tick_s, repeats, windows))

            setattr(self.twin, "play", play)  # noqa: B010  # an instance's own

    vars(twins)["Bench"] = Forkable
    setattr(Drawing, "expect", lambda *_: None)  # noqa: B010  # figures are no matter of faults, and take seconds
    setattr(Drawing, "part", lambda *_: None)  # noqa: B010
    setattr(Drawing, "whole", lambda *_: {})  # noqa: B010
    _keep_no_log()
    code = code_of(experiment.arguments(Path("data")))
    sys.stdout.flush()
    sys.stderr.flush()
    seen = seen_after(code, watch, Path())
    forks = made[0]
    if forks.case is not None and normal is not None:
        outcome = verdict(seen, False, forks.case[0].instrument, normal.seen.result or {})
        forks.tell(outcome, in_short(seen, "to the end"))
    forks.wait()
    return forks, seen


def _keep_no_log() -> None:
    """A child writes through what its parent opened, and SQLite knows files by what they were when it opened them: a
    reader of the copy would take itself for the last one and delete the log into which the child goes on to write.
    """
    opened = Store.__init__

    def open_(store: Store, *arguments: Any) -> None:
        opened(store, *arguments)
        store.connection.execute("PRAGMA journal_mode = MEMORY")

    setattr(Store, "__init__", open_)  # noqa: B010


def _setting(knobs: Any, pattern: Any, repeats: int) -> str:
    """What the twin was set to, light to a part in a thousand: a laser that warms up depends on time."""
    told = [f"{value:.3g}" if name.endswith("_w") else repr(value) for name, value in sorted(vars(knobs).items())]
    return sha256("|".join([*told, str(repeats)]).encode() + pattern.tobytes()).hexdigest()


def _read(file: Path) -> str:
    return (file.read_text()[-2000:] if file.exists() else "") or "it died"


def hung_in(file: Path) -> str:
    """Lines of this project on the main thread's stack, innermost first, as it was dumped before the end."""
    frames = _FRAME.findall(file.read_text().rpartition("hread 0x")[2])
    return " < ".join(f"{name}:{line}" for name, line in frames[:8])


def _into_files() -> None:
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)


def _move_to(folder: Path) -> None:
    """Let all that is open in this folder be what was copied into the other one."""
    here, there = Path.cwd(), folder.resolve()
    for number in _numbers():
        name = str(Path(f"/proc/self/fd/{number}").readlink())
        if name.startswith(f"{here}/data/") and (copy := there / Path(name).relative_to(here)).exists():
            _reopen(number, copy)
    os.chdir(there)
    _into_files()


def _numbers() -> Iterable[int]:
    return [int(file.name) for file in list(Path("/proc/self/fd").iterdir()) if file.exists()]


def _reopen(number: int, copy: Path) -> None:
    flags = int(re.search(r"flags:\s+(\d+)", Path(f"/proc/self/fdinfo/{number}").read_text())[1], 8)  # type: ignore[index]
    place = os.lseek(number, 0, os.SEEK_CUR)
    file = os.open(copy, flags & (os.O_ACCMODE | os.O_APPEND))
    os.lseek(file, place, os.SEEK_SET)
    os.dup2(file, number, inheritable=False)
    os.close(file)


def in_a_process(act: Callable[[], object], folder: Path) -> Any:
    """What `act` returns in a process forked for it, by way of a file; None if it died."""
    file = folder / f"{len(list(folder.iterdir()))}.pickle"
    process = multiprocessing.get_context("fork").Process(target=lambda: file.write_bytes(pickle.dumps(act())))
    process.start()
    process.join()
    return pickle.loads(file.read_bytes()) if file.exists() else None


@dataclass(frozen=True)
class Normal:
    """The run without faults."""

    calls: tuple[Call, ...]
    plays: tuple[str, ...]
    seen: Seen


def normal_run(experiment: Experiment, folder: Path) -> Normal | None:
    """Without faults; None if it died."""

    def run() -> Normal:
        forks, seen = run_forking(experiment, folder / "normal", {})
        return Normal(tuple(forks.calls), tuple(forks.plays), seen)

    return in_a_process(run, folder)  # type: ignore[no-any-return]


def told(experiment: Experiment, folder: Path, wanted: Mapping[int, Sequence[str]], normal: Normal, **how: Any) -> Any:
    """Run it again, forked where wanted: (number of the call, kind, outcome, what was said, wall time) of each."""
    in_a_process(lambda: run_forking(experiment, folder / "sweep", wanted, normal, **how)[1].code, folder)
    file = folder / "sweep" / "told.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
