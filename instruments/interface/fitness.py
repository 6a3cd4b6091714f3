"""Whether an instrument fits a role: what a role asks for, and what an instrument lacks of it."""

from collections.abc import Iterable
from inspect import get_annotations
from operator import attrgetter
from typing import Any, Protocol

from instruments.interface.roles import Role


def members_of(role: type[Any]) -> tuple[str, ...]:
    """What an instrument must have for a role, in reading order; of a part that is a role itself, after a dot."""
    found: dict[str, None] = {}
    for base in role.__mro__:
        if not getattr(base, "_is_protocol", False) or base is Protocol:
            continue
        for name, member in (dict.fromkeys(get_annotations(base)) | dict(vars(base))).items():
            if name.startswith("_"):
                continue
            part = _part_of(member)
            found |= dict.fromkeys([f"{name}.{inner}" for inner in members_of(part)] if part else [name])
    return tuple(found)


def _part_of(member: Any) -> type[Any] | None:
    """The role of a part that a property leads to, if it is one whose members can be asked beforehand."""
    hint = getattr(member.fget, "__annotations__", {}).get("return") if isinstance(member, property) else None
    return hint if getattr(hint, "_is_protocol", False) and hint is not Role else None


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
