"""How a message is sent: a webhook, a mail, a command. Each raises an error if it cannot; none waits for long."""

import json
import os
import smtplib
import ssl
import subprocess
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from http.client import HTTPException
from typing import Final

from labctl.config.user_settings import Mail, Messages, Webhook

PATIENCE_S: Final = 10.0
"""For a server, or a program, that does not answer."""


@dataclass(frozen=True)
class Message:
    """What somebody shall know."""

    subject: str
    """One line: 'labctl: odmr failed (run 12)'."""
    body: str


Way = Callable[[Message], None]


def ways(messages: Messages) -> dict[str, Way]:
    """Name of each way that the settings name -> what sends on it."""
    found: dict[str, Way] = {}
    if messages.webhook:
        found["webhook"] = partial(_webhook, messages.webhook)
    if messages.mail:
        found["mail"] = partial(_mail, messages.mail)
    if messages.command:
        found["command"] = partial(_command, messages.command)
    return found


def _webhook(webhook: Webhook, message: Message) -> None:
    url = _secret(webhook.url_variable)
    content = json.dumps({webhook.text_key: f"{message.subject}\n{message.body}"}).encode()
    if not (url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and " " not in url):
        raise ValueError(f"what {webhook.url_variable} holds is no address of the web")
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S):
            pass
    except (ValueError, HTTPException) as error:  # their words may hold the address
        raise ValueError(f"what {webhook.url_variable} holds cannot be used ({type(error).__name__})") from None


def _mail(mail: Mail, message: Message) -> None:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = message.subject, mail.sender, ", ".join(mail.to)
    made.set_content(message.body)
    context = ssl.create_default_context()
    secure = partial(smtplib.SMTP_SSL, context=context) if mail.security == "tls" else smtplib.SMTP
    with secure(mail.server, mail.port, timeout=PATIENCE_S) as server:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, _secret(mail.password_variable) if mail.password_variable else "")
        server.send_message(made)


def _command(command: tuple[str, ...], message: Message) -> None:
    text = f"{message.subject}\n{message.body}\n"
    done = subprocess.run(
        [*command, message.subject], input=text, text=True, encoding="utf-8", capture_output=True, timeout=PATIENCE_S
    )
    if done.returncode:
        raise OSError(f"{command[0]} ended with code {done.returncode}: {' '.join(done.stderr.split())[:200]}")


def _secret(variable: str) -> str:
    if not (value := os.environ.get(variable, "")):
        raise LookupError(f"the environment variable {variable} is not set")
    return value
