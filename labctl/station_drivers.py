"""The drivers that station.yaml names: found, and given only arguments that they know. Opens nothing."""

import inspect
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from labctl.refusals import known

_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
NI_DEVICE: Final = re.compile(r"[A-Za-z]\w*")
"""A device name as NI MAX shows it."""


def driver(type_name: str) -> type[Any]:
    """The driver class of a dotted name. Raises ImportError or AttributeError."""
    module, _, name = type_name.rpartition(".")
    found = getattr(import_module(module), name)
    if not isinstance(found, type):
        raise AttributeError(f"{name} is not a class")
    return found


def _constructors(driver_class: type[Any]) -> Iterator[list[inspect.Parameter]]:
    """The parameters of its constructor, then of those that it hands arguments on to."""
    for base in driver_class.__mro__:
        if (constructor := vars(base).get("__init__")) is None:
            continue
        parameters = [p for p in inspect.signature(constructor).parameters.values() if p.name not in ("self", "name")]
        yield parameters
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return


def arguments(driver_class: type[Any]) -> tuple[str, ...]:
    """What its constructor takes besides the name, through all the classes that it hands arguments on to."""
    named = (p for parameters in _constructors(driver_class) for p in parameters if p.kind in _NAMED)
    return tuple(dict.fromkeys(p.name for p in named))


def _needed(driver_class: type[Any]) -> list[str]:
    """Arguments without a default; those of its bases are its own affair."""
    return [p.name for p in next(_constructors(driver_class), []) if p.kind in _NAMED and p.default is p.empty]


def is_visa(driver_class: type[Any]) -> bool:
    """Does it speak through VISA?"""
    from qcodes.instrument import VisaInstrument

    return issubclass(driver_class, VisaInstrument)


def is_ni(driver_class: type[Any]) -> bool:
    """Does it open an NI device, on this computer or through a gRPC device server?"""
    return "grpc_target" in arguments(driver_class)


def driver_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with an instrument's entry, as (key, sentence)."""
    if not isinstance(type_name := entry.get("type"), str) or "." not in type_name:
        return
    try:
        found = driver(type_name)
    except ImportError as error:
        yield (
            "type",
            f"the driver {type_name} cannot be loaded ({error}). Is the name right, and the package installed?",
        )
    except AttributeError:
        yield "type", f"there is no driver {type_name}; {_classes_beside(type_name)}"
    else:
        yield from _argument_faults(found, entry)
        yield from _address_faults(found, entry.get("address"))


def _classes_beside(type_name: str) -> str:
    module, _, name = type_name.rpartition(".")
    classes = [n for n, c in vars(import_module(module)).items() if isinstance(c, type) and c.__module__ == module]
    return known(name, [n for n in classes if not n.startswith("_")] or ["nothing"])


def _argument_faults(found: type[Any], entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    init, takes = entry.get("init") or {}, arguments(found)
    if not isinstance(init, dict):
        return
    for key in init:
        if key not in takes:
            yield "init", f"{found.__name__} takes no argument {key!r}; {known(str(key), takes)}"
    for key in _needed(found):
        if key != "address" and key not in init:
            yield "init", f"{found.__name__} needs the argument {key!r} under init"


def _address_faults(found: type[Any], address: Any) -> Iterator[tuple[str, str]]:
    if "address" not in arguments(found):
        if address is not None:
            yield "address", f"{found.__name__} is put together from other instruments and has no address; remove it"
    elif not isinstance(address, str):
        yield "address", f"{found.__name__} needs an address"
    elif is_visa(found) and (problem := _visa_problem(address)):
        yield "address", f"{address!r} is no VISA resource name ({problem}), like TCPIP0::192.168.10.21::inst0::INSTR"
    elif is_ni(found) and not NI_DEVICE.fullmatch(address):
        yield "address", f"{address!r} is no NI device name, like Dev1"


def _visa_problem(address: str) -> str:
    from pyvisa.rname import InvalidResourceName, ResourceName

    try:
        ResourceName.from_string(address)
    except (InvalidResourceName, ValueError) as error:
        return " ".join(str(error).split())
    return ""
