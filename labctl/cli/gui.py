"""`labctl gui`: the live window."""

import importlib
from functools import partial
from typing import Annotated, Final, Literal

import typer

from labctl.cli.options import DATA, STATION, BenchFile, Data, Faults, Pace, Sample, Seed, Simulated, Station

Theme = Annotated[
    Literal["system", "light", "dark"] | None,
    typer.Option(
        "--theme", help="Look of the window; default: as chosen last in View > Theme, at first the desktop's."
    ),
]
_NEEDED: Final = ("pyqtgraph", "pyqtgraph.Qt")


def gui(
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    script: Faults = None,
    station: Station = STATION,
    data: Data = DATA,
    theme: Theme = None,
) -> None:
    """Open the live window.

    It runs experiments, shows them, pauses and stops them, and opens what was run.
    """
    from labctl.bench.connect import Choice, opened_bench
    from labctl.common.log import log_into
    from labctl.common.refusals import gathered
    from labctl.config.station_file import read_station

    log_into(data)
    choice = Choice(simulated, sample, seed, pace, served, script)
    file, _ = gathered(lambda: read_station(station), choice.check)
    _check_qt()
    from labctl.gui.app import main

    opener, about = partial(opened_bench, choice, file, data), choice.about(station, data)
    raise typer.Exit(main(opener, file, data, about, theme, choice.owned(file.path)))


def _check_qt() -> None:
    """Raises Refusal naming what is missing; nothing else of labctl needs it."""
    from labctl.common.refusals import Refusal

    for name in _NEEDED:
        try:
            importlib.import_module(name)
        except Exception as error:  # pyqtgraph raises a bare Exception where there is no Qt
            raise Refusal(
                f"The window needs pyqtgraph and a Qt (PyQt5, PyQt6 or PySide6), and {name} cannot be imported: "
                f"{_first_line(error)}. `python tools/environment.py gui` installs and starts it, or: "
                'pip install "labctl[gui]"'
            ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
