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
from urllib.error import HTTPError

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
    url = _secret(webhook.url_variable, "webhook.url_variable")
    content = json.dumps({webhook.text_key: f"{message.subject}\n{message.body}"}).encode()
    if not (url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and " " not in url):
        raise ValueError(f"what {webhook.url_variable} holds is no address of the web")
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S):
            pass
    except HTTPError as error:
        raise OSError(f"the server answered with code {error.code}") from None  # its words may hold an address
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
            _log_in(server, mail)
        server.send_message(made)


def _log_in(server: smtplib.SMTP, mail: Mail) -> None:
    """An error says no word of the server's, nor of Python's: they may repeat what was sent."""
    password = _secret(mail.password_variable, "mail.password_variable") if mail.password_variable else ""
    try:
        server.login(mail.user, password)
    except smtplib.SMTPResponseException as error:
        raise OSError(f"{mail.server} does not let {mail.user} in (code {error.smtp_code})") from None
    except (smtplib.SMTPException, ValueError) as error:
        raise OSError(f"{mail.server} does not let {mail.user} in ({type(error).__name__})") from None


def _command(command: tuple[str, ...], message: Message) -> None:
    text = f"{message.subject}\n{message.body}\n"
    try:
        done = subprocess.run([*command, message.subject], input=text.encode(), capture_output=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:  # its words hold all arguments
        raise TimeoutError(f"{command[0]} did not end within {PATIENCE_S:g} s") from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise OSError(f"{command[0]} ended with code {done.returncode}: {said}")


def _secret(variable: str, setting: str) -> str:
    """What the variable holds. Its name is not said: somebody may have written the secret there."""
    if not (value := os.environ.get(variable, "")):
        raise LookupError(f"the environment variable that messages.{setting} names is not set")
    return value
