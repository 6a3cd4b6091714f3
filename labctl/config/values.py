"""The values of a station file, tried against what the drivers that take them say of them. Opens nothing."""

import ipaddress
import json
import keyword
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation

from labctl.common.value_errors import sentence
from labctl.config.schema import REFERENCES

_HIGHEST_GPIB: Final = 30
_DOTTED: Final = re.compile(r"[\d.]+")


def name_problem(name: str) -> str:
    """Why an instrument cannot have this name; empty if it can."""
    from qcodes.station import Station

    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        return "is no name for an instrument: use letters, digits and _ (not at the beginning), and no digit first"
    if hasattr(Station, f"load_{name}"):
        return "is a name that QCoDeS needs for itself: choose another"
    return ""


def value_faults(driver_class: type[Any], init: Mapping[str, Any]) -> Iterator[str]:
    """Arguments under `init` whose values the driver's constructor does not take, a sentence each."""
    hints = _hints(driver_class)
    for key, value in init.items():
        if key in reference_keys(driver_class):
            if not isinstance(value, str):
                yield f"{key} must be the name of an instrument or of its channel, not {value!r}"
        elif key in hints:
            yield from (f"{key} {problem}" for problem in _problems(hints[key], value))


def reference_keys(driver_class: type[Any] | None) -> frozenset[str]:
    """Arguments that name another instrument: a driver that is built on some says so in `built_on`."""
    return frozenset((*REFERENCES, *getattr(driver_class, "built_on", ())))


def address_problem(address: str) -> str:
    """Why VISA can open nothing under this resource name; empty if it may."""
    from pyvisa.rname import InvalidResourceName, ResourceName

    try:
        found = ResourceName.from_string(address)
    except (InvalidResourceName, ValueError) as error:
        return " ".join(str(error).split())
    host, gpib = str(getattr(found, "host_address", "")), str(getattr(found, "primary_address", ""))
    if _DOTTED.fullmatch(host) and not _is_ip(host):
        return f"{host} is no IP address"
    port = str(getattr(found, "port", "0"))
    if not port.isdigit() or int(port) > 65535:
        return f"{port} is no port number"
    if gpib.isdigit() and int(gpib) > _HIGHEST_GPIB:
        return f"GPIB addresses end at {_HIGHEST_GPIB}"
    return ""


def canonical(address: Any) -> Any:
    """One way of writing a VISA address, of the several that mean the same; anything else as it is."""
    from pyvisa.rname import InvalidResourceName, to_canonical_name

    try:
        return to_canonical_name(address) if isinstance(address, str) else address
    except (InvalidResourceName, ValueError):
        return address


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _hints(driver_class: type[Any]) -> dict[str, Any]:
    """Argument -> its type, through all constructors; what only a type checker can resolve is left out."""
    found: dict[str, Any] = {}
    for base in reversed(driver_class.__mro__):
        if (constructor := vars(base).get("__init__")) is None:
            continue
        for name, hint in getattr(constructor, "__annotations__", {}).items():
            alone = SimpleNamespace(__annotations__={name: hint})
            with suppress(NameError, TypeError, SyntaxError, AttributeError):
                found[name] = get_type_hints(alone, constructor.__globals__, include_extras=True)[name]
    return found


def _problems(hint: Any, value: Any) -> list[str]:
    """As JSON and strictly: a list may be a tuple, but neither a truth value nor a text is a number."""
    try:
        TypeAdapter(hint).validate_json(json.dumps(value), strict=True)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, TypeError):
        return []  # a type that only the driver understands
    except ValidationError as error:
        found = sorted(error.errors(), key=lambda detail: detail["type"] != "literal_error")
        return list({_place(detail): _said(detail) for detail in found}.values())  # of what may be of two kinds, one
    return []


def _place(detail: Any) -> str:
    return "".join(f"[{part}]" for part in detail["loc"] if isinstance(part, int))


def _said(detail: Any) -> str:
    if detail["type"] == "missing":
        return f"{_place(detail)} is missing: give it a value"
    hint = ". YAML reads true and false as truth values: put quotes around a text" if _is_truth(detail) else ""
    return f"{_place(detail)} {sentence(detail)}{hint}".lstrip()


def _is_truth(detail: Any) -> bool:
    return isinstance(detail["input"], bool) and detail["type"] != "bool_type"
