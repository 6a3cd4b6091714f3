"""`labctl guard`: watches a labctl that runs the bench, and makes the bench safe if that one dies or hangs.

It opens nothing while the other lives: serial ports have one owner. Its drivers are loaded by then.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labctl.bench import watchdog_status
from labctl.bench.heartbeat import BEAT, BYE, READY
from labctl.bench.watchdog_status import State
from labctl.cli.options import DATA, STATION, BenchFile, Data, Station

if TYPE_CHECKING:
    from labctl.bench.station import Wires
    from labctl.config.station_file import StationFile
    from labctl.safety.safe_state import Step

LOG: Final = logging.getLogger(__name__)
HUNG_S: Final = 10.0
FREED_S: Final = 10.0
"""A process that dies lets go of its pipe and of the bench in any order, and on a busy machine not at once."""
KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
END: Final = ""
_BY_HAND: Final = "Turn the lasers off by their key switches"


def guard(
    pid: Annotated[int, typer.Option(help="Process to watch.")],
    bench: BenchFile = None,
    station: Station = STATION,
    data: Data = DATA,
    patience: Annotated[float, typer.Option(help="Without a sign of life for so many seconds, it hangs.")] = HUNG_S,
) -> None:
    """Make the bench safe if the labctl that runs it dies or hangs (labctl starts this itself)."""
    from labctl.bench.connect import Choice, sole
    from labctl.bench.connect import bench as reached
    from labctl.common.log import log_into
    from labctl.common.refusals import BenchFault
    from labctl.config.station_file import read_station

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # they are for the other
    log_into(data)
    file, choice = read_station(station), Choice(False, bench=bench)
    with reached(choice, file) as connection:
        _load(connection.wires)
        say = partial(watchdog_status.write, choice.owned(file.path) or file.path, pid)
        say("watching")
        sys.stdout.write(READY)
        sys.stdout.flush()
        if not (why := _watch(pid, patience)):
            watchdog_status.forget(choice.owned(file.path) or file.path, pid)
            return
        say("making safe")
        try:
            with sole(choice, file.path, FREED_S):  # nobody shall take it while it shines
                code = _rescued(file, connection.wires, why, say)
        except BenchFault as fault:
            say("not safe", f"{fault}. {_BY_HAND}")
            _shout(f"labctl guard: NOT SAFE: labctl {why}, and {fault}. {_BY_HAND}")
            raise typer.Exit(1) from None
        except Exception as error:
            say("not safe", f"{type(error).__name__}: {error}. {_BY_HAND}")
            raise
        raise typer.Exit(code)


def _load(wires: "Wires") -> None:
    """All that takes time later, and touches no instrument."""
    import pyvisa

    from labctl.bench import station  # noqa: F401  # loaded for later
    from labctl.safety import safe_state  # noqa: F401  # loaded for later

    with contextlib.suppress(Exception):  # it is told when it matters
        pyvisa.ResourceManager(wires.visalib or "")


def _watch(pid: int, patience_s: float) -> str:
    """Return when the other says goodbye, with nothing; or when it no longer has the bench, with the reason.

    Its end closes the pipe, whatever ended it.
    """
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()
    try:
        while (word := heard.get(timeout=patience_s)) == BEAT:
            pass
        return "" if word == BYE else "died"
    except queue.Empty:
        os.kill(pid, KILL)  # no two may hold the instruments
    while heard.get() != END:
        pass
    return "hung and was ended"


def _listen(heard: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        heard.put(line)
    heard.put(END)


def _rescued(file: "StationFile", wires: "Wires", why: str, say: Callable[[State, str], None]) -> int:
    """Make the bench safe and say what could not be confirmed; the exit code."""
    LOG.error("labctl %s; making the bench safe", why)
    steps = _made_safe(file, wires)
    unsafe = [step for step in steps if step.fault]
    for step in unsafe:
        _shout(f"labctl guard: NOT SAFE: {step}")
    if unsafe:
        say("not safe", "; ".join(map(str, unsafe)))
    else:
        found = "; ".join(step.what for step in steps)
        say("safe", found)
        _shout(f"labctl guard: labctl {why}; the bench is safe, read back: {found}")
    return 1 if unsafe else 0


def _made_safe(file: "StationFile", wires: "Wires") -> "list[Step]":
    from labctl.bench.station import OpenStation
    from labctl.safety.safe_state import light_first, make_safe

    station = OpenStation(file, wires, light_first(file.built_on), _darken)
    try:
        return make_safe(station.switches(), file.ramps_magnet)
    finally:
        station.close()


def _darken(_name: str, instrument: Any) -> None:
    """What the other left playing would go on; a reset closes all gates. If it fails, the safe state says so."""
    if hasattr(instrument, "end_play"):
        with contextlib.suppress(Exception):
            instrument.end_play()


def _shout(text: str) -> None:
    """Into the log, and onto the terminal if there still is one."""
    LOG.error("%s", text)
    with contextlib.suppress(OSError):
        typer.echo(text, err=True)
