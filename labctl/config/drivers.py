"""The drivers that station.yaml names: found, and given only arguments that they know. Opens nothing."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final

from labctl.common.refusals import known
from labctl.config.values import address_problem, value_faults

_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
PACKAGES: Final = ("instruments.", "qcodes.instrument_drivers.", "qcodes_contrib_drivers.drivers.")
"""Beginnings of the names of drivers that everybody has; others are in packages of the user."""
OURS: Final[Mapping[str, str]] = {
    "qcodes.instrument_drivers.yokogawa.YokogawaGS200": "instruments.trim_source.GS200",
    "qcodes_contrib_drivers.drivers.LighthousePhotonics.Lighthouse_Photonics_Sprout_G.LighthousePhotonicsSproutG": (
        "instruments.sprout.SproutG"
    ),
}
"""A driver that is not ours -> our class upon it, which is opened in its place: older station files name the first.
"""
FORBIDDEN: Final = ("visalib", "pyvisa_sim_file")
"""Arguments of drivers that load a library, of which a station file has none to choose."""
NI_DEVICE: Final = re.compile(r"[A-Za-z]\w*")
"""A device name as NI MAX shows it."""


def driver(type_name: str) -> type[Any]:
    """The driver class of a dotted name. Raises ImportError or AttributeError.

    Importing runs what is imported: only a package of drivers, or a module that is no part of Python and whose source
    defines a class of this name. That is read before anything runs.
    """
    type_name = opened_as(type_name)
    if not type_name.startswith(PACKAGES) and not _defines_class(type_name):
        raise ImportError(
            f"drivers are in {', '.join(package.rstrip('.') for package in PACKAGES)}, or in a module of your own that "
            "Python finds and that defines a class of this name"
        )
    module, _, name = type_name.rpartition(".")
    found = getattr(_module(module), name)
    if not _is_driver(found):
        raise AttributeError(f"{name} is not the class of an instrument")
    return found  # type: ignore[no-any-return]


def opened_as(type_name: str) -> str:
    """The dotted name of what is opened for the one that station.yaml says."""
    return OURS.get(type_name, type_name)


def _defines_class(type_name: str) -> bool:
    """Whether a module outside Python's own library has a class of this name in its source. Imports nothing."""
    *modules, name = type_name.split(".")
    if not modules or not all(map(str.isidentifier, modules)) or modules[0] in sys.stdlib_module_names:
        return False
    places, found = None, None
    for k in range(1, len(modules) + 1):
        if (found := PathFinder.find_spec(".".join(modules[:k]), places)) is None:
            return False
        places = found.submodule_search_locations
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        return False
    try:
        tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body)


def _module(name: str) -> Any:
    """Raises ImportError, whatever goes wrong: a library that is not there, a vendor's that cannot be loaded."""
    try:
        return import_module(name)
    except ImportError:
        raise
    except Exception as error:
        raise ImportError(f"{type(error).__name__}: {error}") from error


def _is_driver(found: Any) -> bool:
    from qcodes.instrument import Instrument

    return isinstance(found, type) and issubclass(found, Instrument)


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
        yield from _parameter_faults(entry)
        yield from _address_faults(found, entry.get("address"))


def _classes_beside(type_name: str) -> str:
    module, _, name = type_name.rpartition(".")
    classes = [n for n, c in vars(_module(module)).items() if _is_driver(c) and c.__module__ == module]
    return known(name, [n for n in classes if not n.startswith("_")] or ["nothing"])


def _argument_faults(found: type[Any], entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    init, takes = entry.get("init") or {}, arguments(found)
    if not isinstance(init, dict):
        return
    for key in init:
        if key in FORBIDDEN:
            yield "init", f"{key!r} is not for a station file: remove it; VISA's library is this computer's own"
        elif key not in takes:
            yield "init", f"{found.__name__} takes no argument {key!r}; {known(str(key), takes)}"
    if (port := entry.get("port")) is not None and "port" not in takes:
        yield "port", f"{found.__name__} takes no port, not {port!r}: remove it"
    for problem in value_faults(found, init):
        yield "init", problem
    for key in _needed(found):
        if key != "address" and key not in init:
            yield "init", f"{found.__name__} needs the argument {key!r} under init"


def _parameter_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Opening an instrument sets nothing, for whoever opens it may only want to look."""
    for section in ("parameters", "add_parameters"):
        settings = entry.get(section)
        for name, options in settings.items() if isinstance(settings, dict) else ():
            if isinstance(options, dict) and "initial_value" in options:
                yield section, f"{name} has an initial_value: remove it; opening an instrument sets and lights nothing"


def _address_faults(found: type[Any], address: Any) -> Iterator[tuple[str, str]]:
    if "address" not in arguments(found):
        if address is not None:
            yield "address", f"{found.__name__} is put together from other instruments and has no address; remove it"
    elif not isinstance(address, str):
        yield "address", f"{found.__name__} needs an address"
    elif is_visa(found) and (problem := address_problem(address)):
        yield "address", f"{address!r} is no VISA resource name ({problem}), like TCPIP0::192.168.10.21::inst0::INSTR"
    elif is_ni(found) and not NI_DEVICE.fullmatch(address):
        yield "address", f"{address!r} is no NI device name, like Dev1"
