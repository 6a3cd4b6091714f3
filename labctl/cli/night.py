"""`labctl message`: whether whoever shall be told of runs is told. Opens no instrument."""

from typing import Annotated

import typer

Words = Annotated[str, typer.Argument(metavar="TEXT", help="What is sent.")]


def message(text: Words = "This is a test: messages of labctl arrive here.") -> None:
    """Send a message on every way that your settings name.

    So you see whether messages arrive before a night relies on them.
    """
    from labctl.common.paths import settings_file
    from labctl.common.refusals import BenchFault, Refusal
    from labctl.config.user_settings import user_settings
    from labctl.messages.messenger import sent_now
    from labctl.messages.ways import Message

    done = sent_now(user_settings().messages, Message("labctl: a test", text))
    if not done:
        raise Refusal(f"Messages are off: {settings_file()} names no webhook, no mail and no command")
    for name, why in done.items():
        if not why:
            typer.echo(f"sent by {name}")
    if faults := [why for why in done.values() if why]:
        raise BenchFault(faults)
