"""The command line: one function a command, in the modules beside it. What is heavy is imported when a command runs."""

from typing import Annotated

import typer

from labctl.cli import check, compare, gui, hand, night, pause_stop, remarks, report, run, runs, sweep, watchdog
from labctl.cli.predictions import predict
from labctl.common.commands import addressed

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Run the two-qubit entanglement engine on NV centres: real bench, or --simulated.",
)


def _say_version(asked: bool) -> None:
    if asked:
        from labctl.data.provenance import git_commit, versions

        commit = (git_commit() or {}).get("commit", "")
        typer.echo(f"labctl {versions().get('labctl', '(not installed)')}{f', commit {commit[:12]}' if commit else ''}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


app.command("check")(addressed(check.check))
app.command("run", cls=run.WithKeys)(addressed(run.run))
app.command("sweep", cls=run.WithKeys)(addressed(sweep.sweep))
app.command("resume")(addressed(run.resume))
app.command("pause")(addressed(pause_stop.pause))
app.command("stop")(addressed(pause_stop.stop))
app.command("watchdog", hidden=True)(watchdog.watchdog)
app.command("guard", hidden=True)(watchdog.watchdog)  # its name before 0.1.0
app.command("hand")(addressed(hand.hand))
app.command("gui")(addressed(gui.gui))
app.command("runs")(addressed(runs.runs))
app.command("show")(addressed(runs.show))
app.command("export")(addressed(runs.export))
app.command("compare")(addressed(compare.compare))
app.command("explain")(addressed(compare.explain))
app.command("report")(addressed(report.report))
app.command("bug-report")(addressed(report.bug_report))
app.command("log")(addressed(night.log))
app.command("disk")(addressed(night.disk))
app.command("message")(addressed(night.message))
app.command("note")(addressed(remarks.note))
app.command("tag")(addressed(remarks.tag))
app.command("star")(addressed(remarks.star))
app.add_typer(predict.app, name="predict", short_help="Predict the engine from the paper's equations.")
