"""`labctl hand`: the bench set by hand, line by line, with the lock, the limits and the watchdog of a run."""

import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from labctl.cli.options import (
    DATA,
    STATION,
    BenchFile,
    Data,
    Faults,
    Pace,
    Sample,
    Seed,
    Simulated,
    Station,
)

if TYPE_CHECKING:
    from labctl.bench.session import OpenBench
    from labctl.hand.spoken import Spoken

_LOOK_S: Final = 2.0
"""Wall time between two looks whether the bench is as it was set, while nobody says anything."""
_BETWEEN_S: Final = 0.2
"""Wall time between two points of what is watched without an end, at least: a twin's time costs none."""
_PROMPT: Final = "hand> "
_BEGINNING: Final = "The bench is yours. `help` lists the commands, `quit` leaves it safe"


def hand(
    lines: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND]...", help="Commands to be done, each in quotes; else they are read as lines."
        ),
    ] = None,
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    script: Faults = None,
    station: Station = STATION,
    data: Data = DATA,
) -> None:
    """Set the bench by hand, and see the count rate.

    It sets lasers, microwave, currents, steering and lines. It holds the bench until `quit`, the end of the input, or
    Ctrl-C, and leaves it safe. `help` lists the commands.
    What is read from a file or a pipe ends at the first command that fails.
    """
    from labctl.bench.connect import Choice, opened_bench
    from labctl.common.log import log_into
    from labctl.common.refusals import gathered
    from labctl.config.station_file import read_station
    from labctl.hand.words import check_all

    log_into(data)
    choice = Choice(simulated, sample, seed, pace, served, script)
    _, file, _ = gathered(choice.check, lambda: read_station(station), lambda: check_all(lines or ()))
    with opened_bench(choice, file, data, _say) as bench, _noted(data):
        if lines:
            _do(bench, data, lines)
        else:
            _listen(bench, data)


@contextmanager
def _noted(data: Path) -> Iterator[None]:
    """Into the log of the day goes when somebody had the bench."""
    from labctl.hand.day_log import DayLog

    log = DayLog(data)
    log.write("the bench is held by hand")
    try:
        yield
    finally:
        log.write("it is let go of, into its safe state")


def _do(bench: "OpenBench", data: Path, lines: Iterable[str]) -> None:
    """One command after the other; the first that fails ends it."""
    from labctl.hand.words import is_end

    obey = _obeying(bench, data, lambda: threading.Event().wait(_BETWEEN_S))
    for line in lines:
        if is_end(line):
            return
        obey(line)


def _listen(bench: "OpenBench", data: Path) -> None:
    """Lines until there is no more. Who types them hears what was wrong, and goes on."""
    from labctl.common.refusals import BenchFault, Refusal
    from labctl.hand.spoken import Spoken
    from labctl.hand.words import is_end

    is_typed = sys.stdin is not None and sys.stdin.isatty()
    spoken = Spoken(sys.stdin)
    obey = _obeying(bench, data, lambda: spoken.comes_within(_BETWEEN_S))
    if is_typed:
        typer.echo(_BEGINNING)
    while True:
        if is_typed:
            typer.echo(_PROMPT, nl=False)
        line = _next(spoken, lambda: obey(""))
        if line is None or is_end(line):
            return
        try:
            obey(line)
        except (Refusal, BenchFault) as error:
            if not is_typed:
                raise
            for fault in error.faults:
                typer.echo(fault)


def _next(spoken: "Spoken", look: Callable[[], None]) -> str | None:
    """The next line; the bench is looked at until it comes."""
    from labctl.common.refusals import BenchFault

    while True:
        try:
            return spoken.next(_LOOK_S)
        except queue.Empty:
            try:
                look()
            except BenchFault as fault:
                typer.echo("")
                for words in fault.faults:
                    typer.echo(words)


def _obeying(bench: "OpenBench", data: Path, interrupted: Callable[[], bool]) -> Callable[[str], None]:
    """Does a line, or with an empty one looks at the bench. A watchdog is told that this will not take for ever."""
    from labctl.hand.by_hand import ByHand
    from labctl.hand.day_log import DayLog
    from labctl.hand.words import Commands

    by_hand = ByHand(bench.lab, DayLog(data).write)
    commands = Commands(by_hand, interrupted)
    alive, rest = (bench.heartbeat.waits, bench.heartbeat.rest) if bench.heartbeat else (lambda: None, lambda: None)

    def obey(line: str) -> None:
        alive()
        try:
            by_hand.look()
            for answer in commands.obey(line):
                typer.echo(answer)
                alive()
        finally:
            rest()

    return obey


def _say(what: str) -> None:
    typer.echo(f"labctl: {what}", err=True)
