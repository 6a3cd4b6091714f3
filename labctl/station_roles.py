"""What an instrument must be able to do for its role, asked of its driver's class before anything is opened.

A driver makes its parameters when it is opened, so of a class one knows only what its source says: names that are
nowhere in it are lacking for sure. Whoever has opened it asks the instrument itself.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, get_type_hints

from labctl.refusals import known
from labctl.station_drivers import PACKAGES, driver

_COIL: Final = ("set_current", "setpoint_a", "source_current", "limit_a", "output", "is_on", "switch_on", "tripped",
                "check_standing")  # fmt: skip
SUPPLY_NEEDS: Final = (
    *(f"{part}.{member}" for part in ("ch1", "ch2") for member in _COIL),
    "is_too_hot",
    "forget_trip",
)
"""What is asked of an instrument that feeds a pulsed coil, whatever its name: both of its channels trip alike."""
_CARD: Final = ("task", "release", "renew", "reset", "doing", "write_analog", "lines_move", "line_moves", "serve",
                "dismiss")  # fmt: skip
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "microwave": ("frequency", "amplitude_RF", "enable_RF", "is_locked", "check_standing"),
    "green_laser": ("emission", "power_mw", "measured_power_mw", "interlock_open", "fault", "clear_fault",
                    "check_standing"),
    "aom": (*(f"{part}.{member}" for part in ("pump", "doughnut") for member in ("gate", "output", "efficiency")),
            "check_standing"),
    "ni_card": _CARD,
    "pulse_generator": ("playable", "load", "start", "wait", "hold", "lower", "levels", "renew"),
    "photon_counter": ("arm", "read", "disarm", "renew", "inputs", "connect"),
    "magnet": ("switch_on", "currents", "ramp_to", "ramp_down", "ramped_to_a", "ramp_a_per_s", "sources", "limits_a",
               "coil_matrix_mt_per_a", "loads_ohm", "heat_limit_w"),
    "depletion_beam": ("power_mw", "steer", "position", "interlock_open", "steering_outputs", "check_standing"),
}  # fmt: skip
"""Role -> what experiments, safe state and looks ask of it, its parts after a dot."""
_SOURCE: Final = ("set_current", "setpoint_a", "limit_a", "is_on", "switch_on", "check_standing", "full_name")
REFERENCE_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "x": _SOURCE,
    "y": _SOURCE,
    "main": _SOURCE,
    "laser": ("output_mode", "output_power", "output_setpoint", "interlock_status"),
    "aom": ("gate", "output", "efficiency"),
    "card": _CARD,
    "source": ("start", "wait"),
}
"""Key under `init` -> what is asked of the instrument, or of its part, that it names."""
_KNOWN: Final[dict[type[Any], frozenset[str]]] = {}
_WRAPPED: Final = ("YokogawaGS200",)
"""Sources that the magnet speaks to in its own way."""


def supplies_of(coils: Mapping[str, str]) -> tuple[str, ...]:
    """The instruments whose channels feed these coils."""
    return tuple(dict.fromkeys(channel.partition(".")[0] for channel in coils.values()))


def needs_of(name: str, coils: Mapping[str, str]) -> tuple[str, ...]:
    """All that is asked of the instrument of this name. coils: pulsed coil -> the channel that feeds it."""
    return NEEDS.get(name, ()) + (SUPPLY_NEEDS if name in supplies_of(coils) else ())


def coil_faults(
    entries: Mapping[str, Any], coils: Mapping[str, str], said: Container[str]
) -> Iterator[tuple[str, str]]:
    """Pulsed coils that nothing can feed: (coil, sentence). said: those whose channel the file names itself."""
    for coil, channel in coils.items():
        supply, _, part = channel.partition(".")
        if coil in said and entries and supply not in entries:
            yield coil, f"wiring.coils.{coil} is fed by {supply!r}; {known(supply, list(entries))}"
        found = _class_of(entries.get(supply))
        if found and lacks(found, (f"{part}.set_current",)) and not lacks(found, SUPPLY_NEEDS):
            yield coil, f"{channel!r} ({found.__name__}) cannot feed the {coil} coil: it lacks {part}"


def role_faults(entries: Mapping[str, Any], coils: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Entries of `instruments` whose drivers cannot do their roles: (instrument, key, sentence)."""
    for name, entry in entries.items():
        found = _class_of(entry)
        if found and (lacking := lacks(found, needs_of(name, coils))):
            words = f"it lacks {', '.join(lacking)}, which the experiments use: take a driver that has them"
            yield name, "type", f"{found.__name__} cannot be the {name}: {words}"
        if found:
            yield from ((name, "parameters", words) for words in _parameter_faults(found, entry))
        for key, target in _references(entry):
            root, _, part = target.partition(".")
            other = _class_of(entries.get(root))
            if other is None or other.__name__ in _WRAPPED:
                continue
            if lacking := lacks(other, tuple(f"{part}.{m}".lstrip(".") for m in REFERENCE_NEEDS[key])):
                yield name, "init", f"{target!r} ({other.__name__}) cannot be its {key}: it lacks {', '.join(lacking)}"


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


def lacking(instrument: Any, needs: Iterable[str]) -> list[str]:
    """Of an instrument that is open: which of its needs it lacks."""
    return [member for member in needs if not _has(instrument, member)]


def _has(instrument: Any, member: str) -> bool:
    part, _, last = member.rpartition(".")
    owner = attrgetter(part)(instrument) if part and _has(instrument, part) else None if part else instrument
    if owner is None:
        return False
    # a property is not asked for its value: that may speak to the instrument
    return last in getattr(owner, "parameters", {}) or hasattr(type(owner), last) or last in dir(owner)


def _references(entry: Any) -> Iterator[tuple[str, str]]:
    init = entry.get("init") if isinstance(entry, Mapping) else None
    for key, target in init.items() if isinstance(init, Mapping) else ():
        if key in REFERENCE_NEEDS and isinstance(target, str):
            yield key, target


def _class_of(entry: Any) -> type[Any] | None:
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
    found = set(dir(driver_class))
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
        if f"{base.__module__}.".startswith(PACKAGES):
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
