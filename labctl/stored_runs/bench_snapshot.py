"""What a bench was when a run began, as one flat table: where it was, which code, its station file, its instruments."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from labctl.data.reader import Run, outermost, snapshot

Leaves = dict[str, Any]
"""Dotted name -> value."""
_SAID: Final = ("bench", "sample", "seed", "faults", "options", "versions")
_DEEPEST: Final = 20


def bench_then(folder: Path, run: Run) -> Leaves:
    """Of a run or a part of one."""
    whole = outermost(folder, run)
    record = whole.record
    found = dict(_leaves({key: record[key] for key in _SAID if key in record}))
    found.pop("options.seed", None)  # the seed itself is there, also where nobody chose it
    git = record.get("git") or {}
    found |= {"commit": f"{git['commit']}{' (changed)' if git.get('modified') else ''}"} if "commit" in git else {}
    found |= dict(_leaves({"station.yaml": _station(record.get("station_file"))}))
    station = snapshot(folder, whole.run_id).get("station")
    instruments = station.get("instruments") if isinstance(station, Mapping) else None
    return found | dict(_parameters(instruments)) if isinstance(instruments, Mapping) else found


def _station(text: Any) -> Any:
    """The content of a station file; the text itself if it cannot be read."""
    if not isinstance(text, str):
        return {}
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError):
        return text


def _leaves(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and depth < _DEEPEST:
        for key, one in value.items():
            yield from _leaves(one, f"{name}.{key}" if name else str(key), depth + 1)
    else:
        yield name, value


def _parameters(instruments: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """'microwave.frequency' -> its value in a snapshot of QCoDeS, submodules included."""
    for name, one in instruments.items():
        if not isinstance(one, Mapping) or depth > _DEEPEST:
            continue
        for key, parameter in _mapping(one, "parameters").items():
            if isinstance(parameter, Mapping) and "value" in parameter:
                yield f"{before}{name}.{key}", parameter["value"]
        yield from _parameters(_mapping(one, "submodules"), f"{before}{name}.", depth + 1)


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}
