"""The application: runs the experiments of `sequences` on the bench of station.yaml, and keeps what they find.

- `cli`: the command line: one function a command.
- `gui`: the live window: PyQt5, PyQt6 or PySide6 through pyqtgraph.
- `notebook`: labctl in Python and in notebooks: a bench, its runs, and stored data.
- `unwired`: a lab whose roles are played by the twin in this process, for statistics.
- `bench`: the bench: opened, locked, watched, and ready for runs.
- `report`: what a person reads: progress, tables, plans in words, reports as files.
- `messages`: messages to people: that a run has ended, failed or is suspended.
- `stored_runs`: runs that are stored: found again, summarised, compared, explained.
- `run`: one run from its begin to its end: driven, recorded, paused, resumed after a break.
- `hand`: the bench set by hand: its controls, within limits and interlocks, and the count rate.
- `config`: station.yaml and the user's settings, read and checked before anything is opened.
- `safety`: limits before a run, interlocks during it, and the safe state after it.
- `plans`: what can be run, and plans: from texts, or from a stored run.
- `predictions`: what a pair would show, and how long that takes: no lab, no bench.
- `figures`: one figure per run, drawn from what the run recorded and concluded; nothing here measures or fits.
- `data`: runs on disk, in QCoDeS datasets that anyone can read; and what runs have learned, the calibration.
- `common`: what every room of labctl uses: errors in words, paths, signals, the log.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labctl.notebook.open_bench import RunFailed as RunFailed
    from labctl.notebook.open_bench import open_bench as open_bench
    from labctl.notebook.open_data import open_data as open_data

_PLACES = {
    "open_bench": "labctl.notebook.open_bench",
    "RunFailed": "labctl.notebook.open_bench",
    "open_data": "labctl.notebook.open_data",
}
"""What `import labctl` offers; its modules are loaded when it is asked for."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'labctl' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_PLACES]
