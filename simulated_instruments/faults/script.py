"""Faults as a list, and the file that holds one: strict about names and ranges, and about what belongs to what."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from ruamel.yaml.nodes import MappingNode, Node

from simulated_instruments.faults.kinds import CARD, KINDS, PASSING, RESOURCES, kinds_of
from simulated_instruments.yaml_text import NotYamlError, read_yaml

_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "mends_after": ("disconnect",),
    "for_s": ("slow", *PASSING),
    "code": ("refused",),
    "share": ("fewer_counts",),
    "text": ("replaced",),
    "channel": ("open_coil",),
}
"""What only some kinds have."""
_NAMES: Final = {resource: name for name, resource in RESOURCES.items()}
_ALL: Final = (*RESOURCES, CARD)

Count = Annotated[int, Field(ge=1, le=10**9)]


class FaultsError(ValueError):
    """A file of faults that cannot be used; the message says line, fault and remedy of each."""


class Fault(BaseModel):
    """One fault. Among the calls of `instrument` (of all, if none is named) that match, the `call`-th has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """One of faults.kinds."""
    instrument: str | None = None
    """Short name or VISA resource name."""
    matching: str | None = Field(default=None, max_length=200)
    """Regular expression that is found in the message, or in the name of the gRPC call."""
    call: Count = 1
    """Which of these calls, from 1."""
    times: Count = 1
    """How many of these calls in a row."""
    mends_after: Count | None = None
    """disconnect: failed messages after which the session works again by itself; None: once it is opened again."""
    for_s: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """Laboratory time. slow: until the answer (2 s). What can be over: until it is; None: it stays so."""
    code: Annotated[int, Field(ge=-(10**6), le=-1)] = -50401
    """refused: DAQmx's status code; a communications fault unless said otherwise."""
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """fewer_counts: of the counts that are left."""
    text: str = Field(default="", max_length=10_000)
    """replaced: the reply, without its end."""
    channel: Literal[1, 2] = 1
    """open_coil: of the supply."""

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"there is no fault {kind!r}; there are {', '.join(sorted(KINDS))}")
        return kind

    @field_validator("instrument")
    @classmethod
    def _short_name(cls, name: str | None) -> str | None:
        short = _NAMES.get(name or "", name)
        if short is not None and short not in _ALL:
            raise ValueError(f"there is no instrument {name!r}; there are {', '.join(_ALL)}")
        return short

    @field_validator("matching")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"{pattern!r} is no regular expression ({error}); put a backslash before . * ?") from None
        return pattern

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if self.instrument is not None and self.kind not in kinds_of(self.instrument):
            raise ValueError(
                f"{self.kind} cannot befall {self.instrument}; it can have {', '.join(kinds_of(self.instrument))}"
            )
        for option, kinds in _OPTIONS.items():
            if option in self.model_fields_set and self.kind not in kinds:
                raise ValueError(f"{option} belongs to {' and '.join(kinds)}, not to {self.kind}: remove it")
        return self

    def concerns(self, instrument: str, text: str) -> bool:
        """Is this call one of those that are counted for this fault?"""
        if self.instrument is not None:
            return instrument == self.instrument and self._matches(text)
        return self.kind in kinds_of(instrument) and self._matches(text) if self.matching else True

    def _matches(self, text: str) -> bool:
        return self.matching is None or re.search(self.matching, text) is not None


def load_faults(file: Path) -> tuple[Fault, ...]:
    """The faults of a YAML file: `faults:` and a list. Raises FaultsError naming all that is wrong, by line."""
    content, node = _read(file)
    if not isinstance(content, dict) or list(content) != ["faults"]:
        raise FaultsError(f"{file}, line 1: must have one key, `faults:`, and beneath it a list of faults")
    (key, nodes), entries = node.value[0], content["faults"]
    if not isinstance(entries, list):
        raise FaultsError(f"{file}, line {_line(key)}: must be a list; start every fault with `- kind:`")
    made, wrong = [], []
    for index, entry in enumerate(entries):
        try:
            made.append(Fault.model_validate(entry))
        except ValidationError as error:
            wrong += [f"{file}, line {_place(nodes.value[index], e)}: {_sentence(e)}" for e in error.errors()]
    if wrong:
        raise FaultsError("\n".join(wrong))
    return tuple(made)


def _read(file: Path) -> tuple[Any, Any]:
    """What a file holds, and where: its values and its nodes."""
    try:
        return read_yaml(file)
    except OSError as error:
        raise FaultsError(f"{file}: cannot be read ({error.strerror}). Check its name") from None
    except NotYamlError as error:
        raise FaultsError(f"{file}: not a YAML file: {error}") from None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _place(entry: Node, error: ErrorDetails) -> int:
    """Line of the key that is wrong, or of the fault as a whole."""
    wrong = str(error["loc"][0]) if error["loc"] else ""
    keys = [key for key, _ in entry.value] if isinstance(entry, MappingNode) else []
    return next((_line(key) for key in keys if key.value == wrong), _line(entry))


def _sentence(error: ErrorDetails) -> str:
    key = ".".join(map(str, error["loc"]))
    words = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "missing":
            words = "must be given"
        case "model_type":
            words = "must be a mapping; start it with `- kind:`"
        case "extra_forbidden":
            words = f"there is no such key; there are {', '.join(Fault.model_fields)}"
    return f"{key}: {words}" if key else words
