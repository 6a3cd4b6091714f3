"""station.yaml, read and checked: every fault at once, each with its line and what would be right. Opens nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from labctl.common.refusals import Refusal, known
from labctl.common.value_errors import range_of, sentence, unit_of
from labctl.config.drivers import driver_faults
from labctl.config.pulse_lines import pulse_faults
from labctl.config.roles import class_of, coil_faults, role_faults, supplies_of
from labctl.config.schema import MAGNET, ROLES, InstrumentSection, StationModel, fed, section_at
from labctl.config.values import canonical, name_problem, reference_keys
from labctl.safety.limits import Bounds
from sequences.core.station import Guesses, Limits, Paths, Wiring

Trail = tuple[str, ...]
_MOST_VALUES: Final = 10_000
_QUOTED: Final = 200
_BRACKET: Final = re.compile(r"[\[\]{}]")
_DEEPEST: Final = 50


@dataclass(frozen=True)
class Fault:
    """Something wrong at a place of the file."""

    path: Trail
    """Keys that lead there."""
    text: str


@dataclass(frozen=True)
class StationFile:
    """A station.yaml that holds together."""

    path: Path
    model: StationModel
    text: str = field(repr=False)
    """The file as it is, for the record of a run."""

    @property
    def instruments(self) -> dict[str, InstrumentSection]:
        """Name -> its entry."""
        return self.model.instruments

    def order(self, first: Sequence[str] = ()) -> list[str]:
        """The instruments, each after those that it is built on. first: those that come before others if they can."""
        order: list[str] = []
        waiting = sorted(self.instruments, key=lambda name: name not in first)
        while waiting:
            ready = next(n for n in waiting if self.built_on(n) <= set(order))
            order.append(ready)
            waiting.remove(ready)
        return order

    def built_on(self, name: str) -> set[str]:
        """The instruments that this one is put together from."""
        entry = self.instruments[name]
        return references(entry.init, class_of({"type": entry.type}))

    def limits(self) -> Limits:
        """The section `limits`."""
        return self.model.limits

    def bounds(self) -> Bounds:
        """What a plan is held to."""
        return Bounds(self.limits(), self.model.wiring.tick_ns)

    def paths(self) -> Paths:
        """The section `paths`."""
        return self.model.paths

    @property
    def ramps_magnet(self) -> bool:
        """Whether the magnet is without current at the end of the program; else it keeps its field."""
        return self.model.safe_state.magnet == "ramped"

    def guesses(self) -> Guesses:
        """The section `guesses`."""
        return self.model.guesses

    def wiring(self) -> Wiring:
        """The section `wiring`, of which an experiment sees lines and grid."""
        return self.model.wiring

    @property
    def coils(self) -> dict[str, str]:
        """Pulsed coil -> the channel that feeds it: main_supply.ch2."""
        return self.model.wiring.coils.model_dump()


def references(init: Mapping[str, Any], driver_class: type[Any] | None) -> set[str]:
    """The instruments that these `init` arguments of a driver name."""
    return {str(value).split(".")[0] for key, value in init.items() if key in reference_keys(driver_class)}


def read_station(path: Path) -> StationFile:
    """Read and check the file. Raises Refusal listing every fault: 'file:line: what is wrong, what would be right'."""
    text = _text(path)
    raw = _parsed(path, text)
    content, lines = _plain(raw), dict(_lines(raw))
    model, faults = _modelled(content)
    faults += [*_instrument_faults(content), *_wiring_faults(content)]
    if faults or model is None:
        placed = sorted({(_line(lines, fault.path), fault.text) for fault in faults})
        raise Refusal(f"{path}:{line}: {fault}" for line, fault in placed)
    return StationFile(path, model, text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{path}: cannot be read ({error.strerror}). Give a station file with --station") from None
    except UnicodeDecodeError as error:
        raise Refusal(f"{path}: is not a text file in UTF-8 ({error.reason} at byte {error.start})") from None


def _parsed(path: Path, text: str) -> CommentedMap:
    """The round-trip loader keeps lines and never builds Python objects."""
    if _depth(text) > _DEEPEST:
        raise Refusal(f"{path}: malformed YAML: more than {_DEEPEST} brackets within one another")
    try:
        raw = YAML(typ="rt", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise Refusal(f"{path}:{mark.line + 1 if mark else 1}: malformed YAML: {problem}") from None
    except Exception as error:  # a number too long, brackets too deep, and whatever tags with odd values lead to
        problem = " ".join(str(error).split())[:_QUOTED]
        raise Refusal(f"{path}: malformed YAML: {problem or type(error).__name__}") from None
    if not isinstance(raw, CommentedMap):
        raise Refusal(f"{path}:1: must be a mapping with the sections {', '.join(StationModel.model_fields)}")
    if _size(raw, {}) > _MOST_VALUES:
        raise Refusal(f"{path}: its aliases (*) unfold to more than {_MOST_VALUES} values; write them out")
    return raw


def _depth(text: str) -> int:
    """How many brackets are open at most: a parser's time grows with the square of that."""
    depths = accumulate((1 if sign in "[{" else -1 for sign in _BRACKET.findall(text)), initial=0)
    return max(depths)


def _size(node: Any, known: dict[int, int]) -> int:
    """How many values a node unfolds to, without unfolding it; one that holds itself has no end."""
    if not isinstance(node, CommentedMap | CommentedSeq):
        return 1
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1
        known[id(node)] = 1 + sum(_size(value, known) for value in (node.values() if isinstance(node, dict) else node))
    return known[id(node)]


def _plain(node: Any) -> Any:
    """Mappings, lists, numbers, texts and nothing: what a tag says to be anything else is a text."""
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return None if node is None else str(node)


def _lines(node: Any, path: Trail = ()) -> Iterator[tuple[Trail, int]]:
    """Where every key and every item is; ruamel knows none for what carries a tag."""
    if isinstance(node, CommentedMap):
        places, items = node.lc.data or {}, node.items()
    elif isinstance(node, CommentedSeq):
        places, items = node.lc.data or {}, enumerate(node)
    else:
        return
    for key, value in items:
        if key in places:
            yield (*path, str(key)), places[key][0] + 1
        yield from _lines(value, (*path, str(key)))


def _line(lines: Mapping[Trail, int], path: Trail) -> int:
    """Where this is, or where the mapping is that lacks it."""
    return next((lines[path[:k]] for k in range(len(path), 0, -1) if path[:k] in lines), 1)


# ---- faults of one key each ----------------------------------------------------------------------------------------


def _modelled(content: Any) -> tuple[StationModel | None, list[Fault]]:
    try:
        return StationModel.model_validate(content), []
    except ValidationError as error:
        return None, [_fault(detail) for detail in error.errors()]


def _fault(detail: Any) -> Fault:
    path = tuple(str(part) for part in detail["loc"])
    place, key = ".".join(path[:-1]) or "the station file", path[-1]
    if detail["type"] == "missing":
        return Fault(path, f"{place} lacks {key!r}{_wanted(path)}")
    if detail["type"] == "extra_forbidden":
        return Fault(path, f"{place} has no key {key!r}; {_known_at(path)}")
    return Fault(path, f"{'.'.join(path)} {sentence(detail)}")


def _known_at(path: Trail) -> str:
    section = section_at(path[:-1])
    return known(path[-1], list(section.model_fields)) if section else ""


def _wanted(path: Trail) -> str:
    section = section_at(path[:-1])
    if section is None or not (words := range_of(section.model_fields[path[-1]].metadata)):
        return ""
    return f": add a number, {words} {unit_of(path[-1])}".rstrip()


# ---- faults between keys -------------------------------------------------------------------------------------------


def _mapping(content: Any, *path: str) -> dict[str, Any]:
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def _instrument_faults(content: Any) -> Iterator[Fault]:
    entries = {name: entry for name, entry in _mapping(content, "instruments").items() if isinstance(entry, dict)}
    needs = {name: references(_mapping(entry, "init"), class_of(entry)) for name, entry in entries.items()}
    said, coils = _mapping(content, "wiring", "coils"), fed(_mapping(content, "wiring", "coils"))
    roles = (*supplies_of(coils), *ROLES)
    unsaid = {coil: channel for coil, channel in coils.items() if coil not in said or not entries}
    for role in (*ROLES, *supplies_of(unsaid)):
        if role not in _mapping(content, "instruments"):
            yield Fault(("instruments",), f"instruments lacks {role!r}: add it with its driver's type")
    for name, entry in entries.items():
        path = ("instruments", name)
        if problem := name_problem(name):
            yield Fault(path, f"{name!r} {problem}")
        if name not in roles and not any(name in built_on for built_on in needs.values()):
            yield Fault(path, f"{name!r} is no role of the bench and nothing is built on it; {known(name, roles)}")
        yield from (Fault((*path, key), f"{name}: {text}") for key, text in driver_faults(entry))
    yield from (Fault(("instruments", name, key), f"{name}: {text}") for name, key, text in role_faults(entries))
    yield from (Fault(("wiring", "coils", coil), text) for coil, text in coil_faults(entries, coils, said))
    yield from _need_faults(needs)
    addresses: dict[Trail, Any] = {
        ("instruments", name, "address"): entry.get("address") for name, entry in entries.items()
    }
    yield from _shared(addresses, "is the address of")


def _need_faults(needs: Mapping[str, set[str]]) -> Iterator[Fault]:
    """Instruments built on what is not there, or in a circle."""
    for name, built_on in needs.items():
        for other in sorted(built_on - needs.keys()):
            yield Fault(("instruments", name, "init"), f"{name} is built on {other!r}; {known(other, list(needs))}")
    left = {name: built_on & needs.keys() for name, built_on in needs.items()}
    while ready := [name for name, built_on in left.items() if not built_on]:
        left = {name: built_on - set(ready) for name, built_on in left.items() if name not in ready}
    if left:
        yield Fault(("instruments", next(iter(left))), f"{', '.join(left)} are built on each other in a circle")


def _wiring_faults(content: Any) -> Iterator[Fault]:
    for section, words in (("lines", "is given to"), ("terminals", "is given to"), ("steering", "is given to")):
        places = _mapping(content, "wiring", section)
        yield from _shared({("wiring", section, key): value for key, value in places.items()}, words)
    yield from _shared(_fed_places(content), "feeds")
    if wiring := _mapping(content, "wiring"):
        yield from (Fault(*found) for found in pulse_faults(_mapping(content, "instruments"), wiring))


def _fed_places(content: Any) -> dict[Trail, str]:
    """Where the file names what feeds a coil: of the magnet, and pulsed."""
    magnet, coils = _mapping(content, "instruments", "magnet", "init"), fed(_mapping(content, "wiring", "coils"))
    places = {str(name): ("instruments", "magnet", "init", axis) for axis, name in magnet.items() if axis in MAGNET}
    return {path: name for name, path in places.items()} | {("wiring", "coils", c): name for c, name in coils.items()}


def _shared(values: Mapping[Trail, Any], words: str) -> Iterator[Fault]:
    """Values that several places have, in whatever way of writing: each but the first is a fault."""
    seen: dict[Any, Trail] = {}
    for path, value in values.items():
        if value is None or isinstance(value, dict | list):
            continue
        if (same := canonical(value)) in seen:
            first, second = (p[1] if p[2:] == ("address",) else ".".join(p) for p in (seen[same], path))
            yield Fault(path, f"{value!r} {words} both {first} and {second}: each needs its own")
        else:
            seen[same] = path
