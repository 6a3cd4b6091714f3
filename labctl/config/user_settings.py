"""The user's own settings: who is told of runs, and how. They belong to no bench, and hold no secrets.

What is secret (a webhook's address, a password) stands in an environment variable, which the file names.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labctl.common.paths import settings_file
from labctl.common.refusals import Refusal, known
from labctl.common.value_errors import sentence

Occasion = Literal["completed", "failed", "aborted", "suspended", "alarm"]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Words = Annotated[str, Field(min_length=1)]
_SECRETS: Final = ("password", "url", "token", "secret")
_HIDDEN: Final = ("webhook", "mail", "command", "url_variable", "password_variable")
"""Where somebody may have written a secret by mistake: what stands there is not repeated."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Webhook(_Section):
    """A web address that takes a message as JSON."""

    url_variable: Variable
    """The environment variable that holds the address, which is as good as a password."""
    text_key: Words = "text"
    """Under this key the message is sent; Slack and Mattermost want 'text', Discord 'content'."""


class Mail(_Section):
    """A mail server."""

    server: Words
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    """Empty: the server asks for no password."""
    password_variable: Variable | None = None
    sender: Words
    to: Annotated[tuple[Words, ...], Field(min_length=1)]


class Messages(_Section):
    """When a message is sent, and on which ways."""

    on: tuple[Occasion, ...] = ("completed", "failed", "suspended", "alarm")
    webhook: Webhook | None = None
    mail: Mail | None = None
    command: Annotated[tuple[Words, ...], Field(min_length=1)] | None = None
    """A program and its arguments; it gets the subject as last argument, and the message on stdin."""


class Alarm(_Section):
    """Limits of a reading beyond which somebody shall know."""

    instrument: Words
    """As in station.yaml."""
    reading: Words
    """Its name, as `labctl check -v` shows it."""
    least: Annotated[float | None, Field(allow_inf_nan=False)] = None
    most: Annotated[float | None, Field(allow_inf_nan=False)] = None


class UserSettings(_Section):
    """The whole file."""

    messages: Messages = Messages()
    log_every_s: Annotated[float, Field(ge=1, le=3600)] | None = None
    """Wall time between two rounds of the log of the bench; None: there is none, unless it is asked for."""
    alarms: tuple[Alarm, ...] = ()


def user_settings(file: Path | None = None) -> UserSettings:
    """The settings of whoever runs the program; the defaults, which send nothing, if there is no file.

    Raises Refusal listing everything that is wrong with it.
    """
    path = file or settings_file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return UserSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path} cannot be read ({error}). Mend it, or move it away: then no messages are sent") from None
    try:
        return UserSettings.model_validate(YAML(typ="safe", pure=True).load(text) or {})
    except YAMLError as error:  # all of its words would repeat the line
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Refusal(f"{path} is no YAML{where}: {getattr(error, 'problem', None) or type(error).__name__}") from None
    except ValidationError as error:
        raise Refusal(f"{path}: {_fault(detail)}" for detail in error.errors()) from None


def _fault(detail: Any) -> str:
    place, last = ".".join(map(str, detail["loc"])), str(detail["loc"][-1]) if detail["loc"] else ""
    if detail["type"] == "missing":
        return f"{place} must be given"
    if detail["type"] == "extra_forbidden" and last in _SECRETS:
        return f"{place}: secrets are in no file: put it into an environment variable, and name that: {last}_variable"
    if detail["type"] == "extra_forbidden":
        return f"{place}: there is no such setting; {known(last, _keys(detail['loc']))}"
    if last in ("url_variable", "password_variable"):
        return f"{place} must be the name of an environment variable, which holds the secret; it stands in no file"
    if any(part in _HIDDEN for part in detail["loc"]) and detail["type"].endswith(("_type", "_parsing")):
        return f"{place} {sentence(detail).rpartition(', not ')[0]}"
    return f"{place} {sentence(detail)}"


def _keys(place: tuple[Any, ...]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {"messages": Messages, "webhook": Webhook, "mail": Mail, "alarms": Alarm}
    inner = [sections[part] for part in place[:-1] if part in sections]
    return list((inner[-1] if inner else UserSettings).model_fields)
