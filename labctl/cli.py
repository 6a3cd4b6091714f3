"""The command line: one function a command, in the modules cli_*. What is heavy is imported when a command runs."""

import typer

from labctl import cli_check, cli_guard, cli_gui, cli_predict, cli_run, cli_runs
from labctl.commands import addressed

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Run the two-qubit entanglement engine on NV centres: real bench, or --simulated.",
)
app.command("check")(addressed(cli_check.check))
app.command("run")(addressed(cli_run.run))
app.command("resume")(addressed(cli_run.resume))
app.command("guard", hidden=True)(cli_guard.guard)
app.command("gui")(addressed(cli_gui.gui))
app.command("runs")(addressed(cli_runs.runs))
app.command("show")(addressed(cli_runs.show))
app.command("export")(addressed(cli_runs.export))
app.add_typer(cli_predict.app, name="predict")
