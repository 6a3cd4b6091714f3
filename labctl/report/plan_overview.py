"""What `labctl run` shows without running: the experiments, the keys of a plan, and a plan's course."""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from labctl.config.station_file import StationFile
    from sequences.core.experiment import Experiment
    from sequences.pulses.program import Program


def show_list(as_json: bool) -> None:
    """All experiments with a line each, and why any of another package is left out."""
    from labctl.plans.catalogue import ENTRIES

    if as_json:
        typer.echo(json.dumps(ENTRIES.described()))
    else:
        for name, description in ENTRIES.described().items():
            typer.echo(f"{name:12} {description}")
    for why in ENTRIES.refused.values():
        typer.echo(f"labctl: {why}", err=True)


def show_keys(entry: "Experiment", as_json: bool) -> None:
    """The keys of a plan: default, range, unit, meaning."""
    from labctl.plans.parse import keys_of

    if as_json:
        shown = [
            {"key": k.name, "default": _shown(k.default), "range": k.limits, "unit": k.unit, "help": k.help}
            for k in keys_of(entry.plan)
        ]
        typer.echo(json.dumps(shown))
        return
    typer.echo(keys_text(entry), nl=False)


def keys_text(entry: "Experiment") -> str:
    """The same as lines of text."""
    from rich.table import Table

    from labctl.plans.parse import keys_of
    from labctl.report.tables import console

    table = Table(box=None, pad_edge=False)
    for heading in ("key", "default", "range", "unit", "meaning"):
        table.add_column(heading)
    for key in keys_of(entry.plan):
        table.add_row(key.name, value_words(_shown(key.default)), key.limits or "-", key.unit or "-", key.help)
    screen = console()
    with screen.capture() as text:
        screen.print(table)
    return text.get()


def check_limits(entry: "Experiment", plan: Any, file: "StationFile") -> None:
    """Raises Refusal if the plan, or a program that it is sure to play, asks for what station.yaml does not allow."""
    from labctl.common.refusals import Refusal
    from labctl.safety.limits import programs_beyond

    if faults := file.bounds().faults(plan):
        raise Refusal(f"--set {fault} ({file.path})" for fault in faults)
    if faults := programs_beyond(entry.parts(plan, file.wiring()), file.limits(), file.paths()):
        raise Refusal(f"{fault} ({file.path})" for fault in faults)


def show_dry_run(entry: "Experiment", plan: Any, file: "StationFile", as_json: bool) -> None:
    """Plan, expected duration, and the pulse programs that the experiment can tell beforehand."""
    from labctl.data.serialise import plain
    from labctl.plans.catalogue import needed
    from labctl.plans.parse import known_keys
    from labctl.report.progress import clock_words
    from labctl.safety.limits import used
    from sequences.core.experiment import forecast_s
    from sequences.pulses.timeline import as_text

    duration_s = forecast_s(plan)
    parts = entry.parts(plan, file.wiring())
    programs: list[Program] = [program for _, played in parts for program in played]
    limits = used(parts, file.limits(), file.paths())
    needs = [one.name for one in needed(entry)]
    if as_json:
        course = [{"name": p.name, "duration_ns": p.duration_ns, "timeline": as_text(p)} for p in programs]
        shown = {"sequence": entry.name, "plan": plain(plan), "duration_s": duration_s, "programs": course}
        shown["limits"] = [vars(one) for one in limits]
        shown["needs"] = needs
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"{entry.name}: {entry.description}")
    keys = known_keys(entry.plan)
    for name, value in flat(plain(plan)):
        typer.echo(f"  {name} = {value_words(value, keys[name].help)}")
    typer.echo("expected duration: " + ("not known beforehand" if duration_s is None else clock_words(duration_s)))
    if needs:
        typer.echo(f"needs what these have calibrated: {', '.join(needs)}")
    for program in programs:
        typer.echo(as_text(program))
    if limits:
        typer.echo("of the limits across instruments, at most in any of these programs:")
    for one in limits:
        typer.echo(f"  {one.words}")


def flat(plan: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Dotted key and value of every leaf of a plan."""
    for name, value in plan.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def value_words(value: Any, meaning: str = "") -> str:
    """A value of a plan; of an empty list also what the help of its key says that none means."""
    if value != []:
        return str(value)
    says = re.search(r"\bnone: ([^.;]+)", meaning)
    return f"none: {says[1]}" if says else "none"


def _shown(default: Any) -> Any:
    from labctl.data.serialise import plain

    return "(must be given)" if default is dataclasses.MISSING else plain(default)
