"""The command line: one function a command, in the modules cli_*. What is heavy is imported when a command runs."""

from typing import Annotated

import typer

from labctl import (
    cli_check,
    cli_compare,
    cli_guard,
    cli_gui,
    cli_live,
    cli_predict,
    cli_remarks,
    cli_report,
    cli_run,
    cli_runs,
)
from labctl.commands import addressed

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


app.command("check")(addressed(cli_check.check))
app.command("run", cls=cli_run.WithKeys)(addressed(cli_run.run))
app.command("resume")(addressed(cli_run.resume))
app.command("pause")(addressed(cli_live.pause))
app.command("stop")(addressed(cli_live.stop))
app.command("guard", hidden=True)(cli_guard.guard)
app.command("gui")(addressed(cli_gui.gui))
app.command("runs")(addressed(cli_runs.runs))
app.command("show")(addressed(cli_runs.show))
app.command("export")(addressed(cli_runs.export))
app.command("compare")(addressed(cli_compare.compare))
app.command("explain")(addressed(cli_compare.explain))
app.command("report")(addressed(cli_report.report))
app.command("bug-report")(addressed(cli_report.bug_report))
app.command("note")(addressed(cli_remarks.note))
app.command("tag")(addressed(cli_remarks.tag))
app.command("star")(addressed(cli_remarks.star))
app.add_typer(cli_predict.app, name="predict", short_help="Predict the engine from the paper's equations.")
