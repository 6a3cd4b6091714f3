"""A bench in Python: `with labctl.open_bench(simulated=True) as bench: run = bench.run("odmr", field_mt=5)`.

The same lock, limits, guardian, record and safe end as on the command line.
"""

import atexit
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from labctl.bench.connect import Choice, opened_bench
from labctl.common.refusals import BenchFault, Refusal, gathered
from labctl.notebook.cell_output import told
from labctl.notebook.open_data import Data, StoredRun

if TYPE_CHECKING:
    from labctl.run.runner import Outcome
    from sequences.core.experiment import Experiment


class RunFailed(BenchFault):
    """A run ended before it had a result. `run` holds what it measured."""

    def __init__(self, faults: str, run: StoredRun) -> None:
        super().__init__(faults)
        self.run = run


class Bench:
    """An open bench. Leave its `with` block, or call `close`, and it is safe; so it is when Python ends."""

    def __init__(self, choice: Choice, station: Path, data: Path) -> None:
        from labctl.common.log import log_into
        from labctl.config.station_file import read_station

        log_into(data)
        self._file, _ = gathered(lambda: read_station(station), choice.check)
        self._about = choice.about(self._file.path, data)
        self.data = Data(data)
        """All runs of its data folder."""
        self._opened = ExitStack()
        self._bench = self._opened.enter_context(opened_bench(choice, self._file, data, _say))
        self._bench.interrupts.patient = True
        self._is_open = True
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bench safe. To close it twice is no fault."""
        if self._is_open:
            self._is_open = False
            atexit.unregister(self.close)
            self._opened.close()

    @property
    def label(self) -> str:
        """The name of the bench, which its runs and calibrations keep."""
        return self._bench.store.label

    @property
    def calibration(self) -> dict[str, dict[str, Any]]:
        """What runs have learned about this bench: key -> value, error, run_id, time."""
        return self._bench.calibration.all()

    def run(self, sequence: str = "", *, like: int | None = None, quiet: bool = False, **keys: Any) -> StoredRun:
        """Run an experiment to its end. keys: of its plan; the others are as by default.

        like: number of a stored run whose plan is taken instead of the defaults. quiet: tell no progress. A key with a
        dot is given as `**{"hold.every_s": 60}`. Interrupting the cell ends the run before its next play, twice at
        once; what was measured is kept, and the bench is safe. Raises Refusal before anything is switched on, RunFailed
        if the run fails, KeyboardInterrupt if it is stopped.
        """
        from labctl.plans.catalogue import entry
        from labctl.plans.from_stored_run import likeness
        from labctl.report.plan_overview import check_limits

        if not self._is_open:
            raise Refusal("The bench is closed. Open it again: labctl.open_bench(…)")
        before = None if like is None else likeness(self.data.folder, str(like), sequence)
        found = before.entry if before else entry(sequence)
        plan = plan_with(found, before.texts if before else {}, keys)
        check_limits(found, plan, self._file)
        return self._ended(self._measured(found, plan, quiet))

    def _measured(self, found: "Experiment", plan: Any, quiet: bool) -> "Outcome":
        from labctl.bench.controlled_run import obeying
        from labctl.data.writing.database_writer import NotBegun

        bench = self._bench
        try:
            # a notebook takes the signals to itself between two cells
            with bench.interrupts, obeying(bench, self._about, _say) as (gate, orders), told(quiet) as listener:
                return bench.run(found, plan, (orders.heard, listener), gate)
        except NotBegun as error:
            raise BenchFault(map(self._about.in_words, error.faults)) from None

    def _ended(self, outcome: "Outcome") -> StoredRun:
        run = StoredRun(self.data.folder, outcome.run.run_id)
        for step in outcome.unsafe:
            _say(f"NOT SAFE: {step}")
        why = self._about.in_words(outcome.run.message)
        if outcome.run.status == "aborted":
            raise KeyboardInterrupt(f"run {run.run_id} was stopped; what it measured is kept")
        if outcome.run.status != "completed":
            raise RunFailed(f"{run.sequence} {outcome.run.status}: {why} (run {run.run_id})", run)
        return run

    def __repr__(self) -> str:
        return f"{self.label}, {'open' if self._is_open else 'closed'}; {self.data!r}"


def open_bench(
    *,
    simulated: bool = False,
    sample: str | Path | None = None,
    seed: int | None = None,
    pace: float | None = None,
    served: str | Path | None = None,
    station: str | Path = "station.yaml",
    data: str | Path = "data",
) -> Bench:
    """Open a bench: the real one of station.yaml, the digital twin, or a twin that another process serves.

    sample, seed, pace: of the twin. served: file that tells where it is (`--bench` on the command line). Raises Refusal
    or BenchFault if it cannot be opened.
    """
    paths = (None if one is None else Path(one) for one in (sample, served))
    return Bench(Choice(simulated, next(paths), seed, pace, next(paths)), Path(station), Path(data))


def plan_with(found: "Experiment", texts: Mapping[str, str], keys: Mapping[str, Any]) -> Any:
    """The plan with these texts, then these values. Raises Refusal listing every fault."""
    from labctl.data.serialise import plain
    from labctl.plans.parse import plan_of, texts_of

    try:
        given = texts_of(plain(keys))
    except TypeError as error:
        raise Refusal(f"{found.name}: {error}") from None
    plan, faults = plan_of(found.plan, {**texts, **given})
    if faults:
        raise Refusal(
            f"{found.name}: {f'{fault.key}: ' if fault.key in given else ''}{fault.words}" for fault in faults
        )
    return plan


def _say(words: str) -> None:
    print(f"labctl: {words}", flush=True)
