"""Commands that a person is told to run: each with the bench, the station and the data that it was said about."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, Self, TypeVar

from labctl.common.refusals import BenchFault, Refusal

P = ParamSpec("P")
R = TypeVar("R")
DATA: Final = Path("data")
STATION: Final = Path("station.yaml")
"""What the commands take if nothing else is given."""
DATA_VARIABLE: Final = "LABCTL_DATA"
_TWIN: Final = ("simulated", "sample", "seed", "pace", "bench", "faults", "station")
_TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("run", "sweep", "check", "gui", "hand"), (*_TWIN, "data")),
    # a run goes on with other photons than those that it has counted, and its faults were those of that night
    "resume": tuple(name for name in (*_TWIN, "data") if name not in ("seed", "faults")),
    **dict.fromkeys(("runs", "show", "export", "pause", "stop"), ("data",)),
    **dict.fromkeys(("note", "tag", "star", "compare", "explain", "report", "disk", "log"), ("data",)),
}
"""Command -> those of the options that it takes."""
_SAID: Final = re.compile(
    r"(?P<tick>`?)(?P<command>labctl (?:(?P<run>run) (?:[a-z]\w*|SEQUENCE)"
    r"|(?P<one>resume|show|export|pause|stop|note|tag|star|compare|explain|report) (?:\d+|RUN|latest)"
    r"|(?P<other>runs(?: --repair)?|check|gui|disk|log|hand)))"
    r"(?![\w-])(?! --(?:simulated|bench|station|data|repair))(?=(?P<after> \w)?)"
)


@dataclass(frozen=True)
class About:
    """What is spoken of, as the options of a command line say it."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Name of an option -> its value, empty for a switch; what is as by default is left out."""

    @classmethod
    def given(cls, options: Mapping[str, Any]) -> Self:
        """Of what a command was given: name of its option -> value."""
        usual = {"data": None if DATA_VARIABLE in os.environ else DATA, "station": STATION}
        kept = {name: options.get(name) for name in (*_TWIN, "data")}
        said = {name: value for name, value in kept.items() if value not in (None, False, usual.get(name))}
        return cls({name: "" if value is True else _number(value) for name, value in said.items()})

    @classmethod
    def of_run(cls, record: Mapping[str, Any], data: Path) -> Self:
        """Of a stored run. record: what it keeps of its beginning."""
        kept = record.get("options")
        options = {str(k): str(v) for k, v in kept.items()} if isinstance(kept, Mapping) else {}
        return cls({**options, **cls.given({"data": data}).options})

    @property
    def bench(self) -> dict[str, str]:
        """What a run keeps of it: everything but the data folder, which may be moved."""
        return {name: value for name, value in self.options.items() if name != "data"}

    def command(self, *words: str) -> str:
        """'labctl run odmr --simulated': the words, then the options, as a shell of this system reads it."""
        return joined(["labctl", *words, *self._words(words[0])])

    def run(self, sequence: str, settings: Mapping[str, str]) -> str:
        """The command of a run. settings: dotted key of its plan -> text."""
        chosen = [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
        return self.command("run", sequence, *chosen)

    def sweep(self, sequence: str, settings: Mapping[str, str], overs: Iterable[str]) -> str:
        """The command of a sweep. overs: 'key=values' texts."""
        chosen = [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
        return self.command("sweep", sequence, *(word for over in overs for word in ("--over", over)), *chosen)

    def in_words(self, text: str) -> str:
        """The same text; commands in it that do not say so yet say what they are about."""
        return _SAID.sub(self._addressed, text)

    def within(self, value: Any) -> Any:
        """The same for every text in lists and mappings."""
        if isinstance(value, str):
            return self.in_words(value)
        if isinstance(value, Mapping):
            return {key: self.within(one) for key, one in value.items()}
        return [self.within(one) for one in value] if isinstance(value, list) else value

    def _words(self, command: str) -> list[str]:
        said = [(f"--{name}", self.options[name]) for name in _TAKEN[command] if name in self.options]
        return [word for option, value in said for word in ((option, value) if value else (option,))]

    def _addressed(self, found: "re.Match[str]") -> str:
        name = (found["run"] or found["one"] or found["other"]).split()[0]
        if not (options := self._words(name)):
            return found[0]
        tick = "" if found["tick"] or not found["after"] else "`"  # words that follow are none of the command's
        return f"{found['tick']}{tick}{found['command']} {joined(options)}{tick}"


def addressed(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose refusals name commands with the options that it was given itself."""

    @wraps(command)
    def called(*values: P.args, **options: P.kwargs) -> R:
        about = About.given({**options, "bench": options.get("served"), "faults": options.get("script")})
        try:
            return command(*values, **options)
        except Refusal as refusal:
            raise Refusal(map(about.in_words, refusal.faults)) from refusal
        except BenchFault as fault:
            raise BenchFault(map(about.in_words, fault.faults)) from fault

    return called


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def joined(words: Iterable[str]) -> str:
    """Words as one line, as cmd and PowerShell read it on Windows, as a POSIX shell elsewhere."""
    return subprocess.list2cmdline(list(words)) if sys.platform == "win32" else shlex.join(words)
