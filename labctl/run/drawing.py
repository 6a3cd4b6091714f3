"""The figures of a run and its parts, saved beside the data. Those of the parts are drawn while the run goes on.

A figure takes half a second of computing, and an engine run has some twenty: another process draws them. It is there
already when a run that lasts has ended, and has loaded what it draws with. A figure that cannot be drawn is logged and
missing; `labctl show RUN --figure` draws it again from the data.
"""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from importlib import import_module
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock, Thread, Timer
from typing import Any, Final

from labctl.data.writing.recorder import Ended
from labctl.figures import How, drawn, how
from sequences.core.discovery import EXPERIMENTS

LOG: Final = logging.getLogger(__name__)
PATIENCE_S: Final = 60.0
"""For the last figures, once the run is over."""
LASTING_S: Final = 3.0
"""A run that ends before draws its figure itself: it would wait longer for another process to begin."""


class Drawing:
    """The figures of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool: ProcessPoolExecutor | None = None
        self._starting = Lock()
        self._lasting = Timer(LASTING_S, self._prepare)
        self._lasting.daemon = True
        self._drawn: list[tuple[Ended, Path, Callable[[], bool]]] = []

    def part(self, run: Ended) -> None:
        """A part of the run has ended: have its figure drawn meanwhile."""
        if (what := _what(run)) is not None:
            file = self._file(run)
            self._drawn.append((run, file, self._elsewhere(partial(save, *what, file))))

    def whole(self, run: Ended) -> dict[int, Path]:
        """Draw the run itself, and wait for those of its parts: run -> figure, where there is one."""
        self._lasting.cancel()
        if self._lasting.is_alive():
            self._lasting.join()  # it may just have begun to prepare
        if (what := _what(run)) is not None:
            file = self._file(run)
            last: Callable[[], bool] = partial(save, *what, file)
            self._drawn.append((run, file, last if self._pool is None else self._elsewhere(last)))
        kept = {one.run_id: path for one, path, done in self._drawn if _kept(one, path, done)}
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        return kept

    def expect(self, sequence: str) -> None:
        """A run begins that will have a figure."""
        if _is_drawn(sequence):
            self._lasting.start()

    def _prepare(self) -> None:
        with suppress(Exception):  # a process that cannot be had is missed when something is to be drawn
            self._process().submit(_loaded)

    def _elsewhere(self, saved: Callable[[], bool]) -> Callable[[], bool]:
        """Begin to draw it in the other process, or else in this one when it is asked for."""
        try:
            future = self._process().submit(saved)
        except Exception as error:  # whatever is wrong with the process, the run does not end by a figure
            LOG.warning("No other process draws: %s", error)
            return saved
        return partial(_awaited, future, saved)

    def _process(self) -> ProcessPoolExecutor:
        with self._starting:
            if self._pool is None:
                # spawn: a fork would inherit the threads of gRPC in an undefined state
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_attended)
            return self._pool

    def _file(self, run: Ended) -> Path:
        return self._folder / f"run-{run.run_id:05d}-{run.sequence}.png"


def save(way: How, points: Mapping[str, Any], result: Mapping[str, Any], file: Path) -> bool:
    """Draw a figure into a file; False if there is nothing to draw."""
    if (figure := drawn(way, points, result)) is None:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    return True


def shown(run: Ended) -> dict[str, Any]:
    """What a figure is drawn from besides the points."""
    return {**(run.result or {}), "children": [part.as_dict() for part in run.children]}


def _kept(run: Ended, file: Path, saved: Callable[[], bool]) -> bool:
    """Was it drawn? Then the run's record says where."""
    try:
        if not saved():
            return False
        run.recording.annotate({**run.outcome(), "figure": f"{file.parent.name}/{file.name}"})
    except Exception:
        LOG.exception("The figure of run %s (%s) could not be drawn", run.run_id, run.sequence)
        return False
    return True


def _awaited(future: "Future[bool]", saved: Callable[[], bool]) -> bool:
    """From the other process; from this one if that died."""
    try:
        return future.result(PATIENCE_S)
    except BrokenExecutor:
        return saved()


def _what(run: Ended) -> tuple[How, Mapping[str, Any], dict[str, Any]] | None:
    """What its figure is drawn from; None if it has none."""
    way = how(run.sequence, run.result or {}) if _is_drawn(run.sequence) else None
    return None if way is None else (way, run.points, shown(run))


def _is_drawn(sequence: str) -> bool:
    """Whether runs of this experiment get a figure at their end; of one that is not known, nothing is."""
    return sequence in EXPERIMENTS and how(sequence, {}) is not None


def _loaded() -> None:
    """What every figure needs."""
    import_module("labctl.figures.style")


def _attended() -> None:
    """Ctrl-C goes to all processes of a terminal; the run that it aborts still wants its figures. One that is killed
    takes this process along, which would wait for its next figure for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    if (parent := parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)
