"""What an instrument must be able to do for its role, asked of its driver's class before anything is opened.

A driver makes its parameters when it is opened, so of a class one knows only what its source says: names that are
nowhere in it are lacking for sure. Whoever has opened it asks the instrument itself.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final, get_type_hints

from instruments.interface.fitness import members_of
from instruments.interface.roles import CurrentSource
from labctl.common.refusals import known
from labctl.config.drivers import PACKAGES, driver
from labctl.config.schema import NO_CHANNEL
from sequences.core.lab import ROLES

_KNOWN: Final[dict[type[Any], frozenset[str]]] = {}
_SHARED: Final = ("builtins", "abc", "typing", "qcodes")
"""Beginnings of the modules whose classes all instruments share."""


def supplies_of(coils: Mapping[str, str]) -> tuple[str, ...]:
    """The instruments whose channels feed these coils."""
    return tuple(dict.fromkeys(channel.partition(".")[0] for channel in coils.values()))


def needs_of(name: str, coils: Mapping[str, str]) -> tuple[str, ...]:
    """All that is asked of the instrument of this name. coils: pulsed coil -> the channel that feeds it."""
    needs = members_of(ROLES[name]) if name in ROLES else ()
    for channel in coils.values():
        root, _, part = channel.partition(".")
        needs += _members(CurrentSource, part) if root == name else ()
    return tuple(dict.fromkeys(needs))


def _members(role: type[Any], part: str) -> tuple[str, ...]:
    """What is asked of a part of an instrument, or of itself if the part has no name."""
    return tuple(f"{part}.{member}".lstrip(".") for member in members_of(role))


def coil_faults(
    entries: Mapping[str, Any], coils: Mapping[str, str], said: Container[str]
) -> Iterator[tuple[str, str]]:
    """Pulsed coils that nothing can feed: (coil, sentence). said: those whose channel the file names itself."""
    for coil, channel in coils.items():
        supply, _, part = channel.partition(".")
        if coil in said and entries and supply not in entries:
            yield coil, f"wiring.coils.{coil} is fed by {supply!r}; {known(supply, list(entries))}"
        found = class_of(entries.get(supply))
        if not found or not (lacking := lacks(found, _members(CurrentSource, part))):
            continue
        if not part:
            yield coil, f"wiring.coils.{coil} {NO_CHANNEL} {channel!r}: {found.__name__} lacks {', '.join(lacking)}"
        else:
            yield coil, f"{channel!r} ({found.__name__}) cannot feed the {coil} coil: it lacks {', '.join(lacking)}"


def role_faults(entries: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Entries of `instruments` whose drivers cannot do their roles: (instrument, key, sentence)."""
    for name, entry in entries.items():
        found = class_of(entry)
        if found and name in ROLES and (lacking := lacks(found, members_of(ROLES[name]))):
            words = f"it lacks {', '.join(lacking)}, which the experiments use: take a driver that has them"
            yield name, "type", f"{found.__name__} cannot be the {name}: {words}"
        if found:
            yield from ((name, "parameters", words) for words in _parameter_faults(found, entry))
        for key, role, target in _references(found, entry):
            root, _, part = target.partition(".")
            other = class_of(entries.get(root))
            if other and (problem := _unfit(other, role, part)):
                yield name, "init", f"{target!r} ({other.__name__}) cannot be its {key}: {problem}"


def _unfit(driver_class: type[Any], role: type[Any], part: str) -> str:
    """Why an instrument, or a part of it, cannot be what another one is built on; empty if it can."""
    if not members_of(role):  # a class, not a list of what is needed
        return "" if part or issubclass(driver_class, role) else f"it is no {role.__name__}"
    lacking = lacks(driver_class, _members(role, part))
    return f"it lacks {', '.join(lacking)}" if lacking else ""


def _parameter_faults(found: type[Any], entry: Mapping[str, Any]) -> Iterator[str]:
    settings = entry.get("parameters")
    for parameter, options in settings.items() if isinstance(settings, Mapping) else ():
        if lacks(found, (str(parameter),)):
            yield f"{found.__name__} has no parameter {parameter!r}: remove it"
        elif not isinstance(options, Mapping):
            yield f"{parameter} must be a mapping of QCoDeS's options, like {{limits: 0,1}}, not {options!r}"


def lacks(driver_class: type[Any], members: tuple[str, ...]) -> list[str]:
    """Those that the class, by its source, cannot have. Of a part whose class is not known, the part alone is asked."""
    missing: list[str] = []
    for member in members:
        part, _, rest = member.rpartition(".")
        if part and part not in _names(driver_class):
            missing.append(part)
        elif not part:
            missing += [] if rest in _names(driver_class) else [rest]
        elif (inner := _part(driver_class, part)) is not None and rest not in _names(inner):
            missing.append(member)
    return list(dict.fromkeys(missing))


def _references(driver_class: type[Any] | None, entry: Any) -> Iterator[tuple[str, type[Any], str]]:
    """What an instrument is built on: (key under init, what is asked of it, the name that station.yaml gives)."""
    init = entry.get("init") if isinstance(entry, Mapping) else None
    for key, role in getattr(driver_class, "built_on", {}).items():
        if isinstance(init, Mapping) and isinstance(target := init.get(key), str):
            yield key, role, target


def class_of(entry: Any) -> type[Any] | None:
    """None where the type itself is at fault: that is told elsewhere."""
    type_name = entry.get("type") if isinstance(entry, Mapping) else None
    try:
        return driver(type_name) if isinstance(type_name, str) and "." in type_name else None
    except (ImportError, AttributeError):
        return None


def _names(driver_class: type[Any]) -> frozenset[str]:
    """`_read_names`, once for a class."""
    if driver_class not in _KNOWN:
        _KNOWN[driver_class] = _read_names(driver_class)
    return _KNOWN[driver_class]


def _read_names(driver_class: type[Any]) -> frozenset[str]:
    """Every name that an instance may have: of its classes, and all that their sources mention as text or as self.x."""
    found = {"parameters", *dir(driver_class)}  # every instrument of QCoDeS has these once it is made
    for base, tree in _sources(driver_class):
        found |= set(getattr(base, "__annotations__", {}))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
    return frozenset(found)


def _sources(driver_class: type[Any]) -> Iterator[tuple[type[Any], ast.AST]]:
    """The classes that belong to drivers, not those of QCoDeS that all instruments share."""
    for base in driver_class.__mro__:
        if base.__module__.startswith(PACKAGES) or base.__module__.partition(".")[0] not in _SHARED:
            yield base, ast.parse(textwrap.dedent(inspect.getsource(base)))


def _part(driver_class: type[Any], name: str) -> type[Any] | None:
    """The class of a channel, by an annotation or by the call that makes it."""
    for base, tree in _sources(driver_class):
        try:
            hint = get_type_hints(base).get(name)
        except (NameError, TypeError):  # hints for a type checker only
            hint = None
        if isinstance(hint, type):
            return hint
        for node in ast.walk(tree):
            match node:
                case ast.Call(args=[ast.Constant(value=str(text)), ast.Call(func=ast.Name(id=made)), *_]) if (
                    text == name
                ):
                    found = getattr(sys.modules[base.__module__], made, None)
                    return found if isinstance(found, type) else None
    return None
