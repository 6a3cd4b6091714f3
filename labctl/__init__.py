"""The application: runs the experiments of `sequences` on the bench of station.yaml, and keeps what they find.

In reading order: `cli`, the command line, with one module for each group of commands: `cli_check`, `cli_run` (and
`cli_plan`, what it shows without running), `cli_runs`, `cli_live`, `cli_predict`, `cli_gui`; `cli_guard`, the guardian,
a process that makes the bench safe when the one that runs it is killed or hangs, `heartbeat`, which starts it and keeps
it quiet, and `guardian_word`, what it says; `cli_options` that they share, and `cli_bench`, the door to the simulation;
`gui`, the live window. From file to lab: `station_model` what station.yaml may contain, `station_values` what a value
may be, `station_drivers` the drivers that it names, `station_roles` what each must be able to do, `station_pulses`
whether pulse source and counter fit the wiring, `station_file` the
file read and checked, `station` the instruments opened, `silence` why some were not, `bench` with all that a run needs;
`check` asks who answers, `condition` what each does, and `watch` says so all the time; `unwired` is a lab on the twin
without wires, for statistics over many runs, and no command asks for it. From plan to data: `catalogue` of what can be
run, `plans` from `--set`, `runner` drives one sequence and tells its `news`, `gate` is where it pauses, `orders` what
other processes ask of it, `limits` what a plan may ask for, `safety` what is switched off and in which order, `data`
how runs are kept, `figures` drawn from them, and `drawing`, the process that does so beside the run. After an
interruption: `continuation` finds what there is of a run, `resumption` brings the bench back, `replay` plays the run
again from disk, `journal` notes what that takes, the bench's `settings` among it, and `known_then` is the calibration
of then. When something holds the bench: `interlocks` finds what, `suspension` waits until it is gone. On the screen:
`progress` while a run goes on, `tables` of results. `predict` the paper's Fig. 3, `survival` what a real diamond leaves
of it, `paper` its baths and its formulas, `two_baths` any polarisations, with `cli_survival`, `cli_paper` and the
numbers that they are asked for (`cli_numbers`). Beneath all: `refusals` and `faults` in words, `interrupts` Ctrl-C
where it may fall, `lock` who has the bench, `commands` that a person is told to run, `log` what the screen need not
show, `places` what belongs to its user, `output` what a console can show.

Runs that are stored: `concluded` says in one line what came out of each, `finding` finds them again, `likeness` takes
the plan of one. `comparison` puts several beside one another, their results by `result_rows`, their benches by
`settings_then`; `explanation` says what the numbers of a result are. The commands are in `cli_remarks`, what people say
of runs, in `cli_compare`, and in `cli_report`: `report` writes runs as one `page` of HTML, `bug_report` what is needed
to find a fault.

In Python: `notebook` opens a bench, `cell_output` tells how its runs go, `opened_data` reads stored runs, `quantities`
are the numbers of a result with their units. `obeying` is a run that other processes can pause and stop.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labctl.notebook import RunFailed as RunFailed
    from labctl.notebook import open_bench as open_bench
    from labctl.opened_data import open_data as open_data

_PLACES = {"open_bench": "labctl.notebook", "RunFailed": "labctl.notebook", "open_data": "labctl.opened_data"}
"""What `import labctl` offers; its modules are loaded when it is asked for."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'labctl' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_PLACES]
