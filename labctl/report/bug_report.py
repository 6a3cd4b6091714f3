"""What somebody needs who shall find a fault, in one zip file, without the addresses of the instruments."""

import json
import platform
import re
import zipfile
from pathlib import Path
from typing import Any, Final

from labctl.common.log import NAME as LOG_NAME
from labctl.common.refusals import Refusal
from labctl.data.open_database import DATABASE
from labctl.data.provenance import git_commit, versions
from labctl.data.reader import Run, each_run, snapshot

_LINES: Final = 400
"""Of the log, from its end."""
_ADDRESS: Final = re.compile(r"^(\s*(?:-\s*)?(?:address|resource)\s*:\s*)([^#\n]*[^#\s])", re.MULTILINE)
_FLOWING: Final = re.compile(r"(\baddress\s*:\s*)([^,}#\n]+)")
_RESOURCE: Final = re.compile(
    r"\b(?:TCPIP|USB|ASRL|GPIB|PXI|VXI)\d*(?:::|/)[^\s,'\"}\])]+|\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?"
)
_HIDDEN: Final = "(address)"


def bug_report(folder: Path, station: Path, to: Path) -> list[str]:
    """Write the zip file; returns the names of what is in it. Raises Refusal if it cannot be written."""
    text = _read(station)
    last = _last_run(folder)
    secrets = _addresses(text) | _addresses(str((last.get("record") or {}).get("station_file", "")))
    contents = {
        "versions.json": json.dumps(_versions(), indent=1),
        "station.yaml": without_addresses(text, secrets),
        "log.txt": without_addresses(_tail(folder / LOG_NAME), secrets),
        "last_run.json": json.dumps(_within(last, secrets), indent=1),
    }
    try:
        with zipfile.ZipFile(to, "x", zipfile.ZIP_DEFLATED) as made:
            for name, content in contents.items():
                made.writestr(name, content)
    except FileExistsError:
        raise Refusal(f"--to {to} is there already. Choose another name") from None
    except OSError as error:
        raise Refusal(f"--to {to} cannot be written ({error.strerror or error})") from None
    return list(contents)


def without_addresses(text: str, known: frozenset[str] = frozenset()) -> str:
    """The same text; addresses of instruments, of computers and the home folder are hidden. known: some addresses."""
    text = _ADDRESS.sub(rf"\1{_HIDDEN}", text)
    for address in sorted(known, key=len, reverse=True):
        text = text.replace(address, _HIDDEN)
    return _RESOURCE.sub(_HIDDEN, _FLOWING.sub(rf"\1{_HIDDEN}", text)).replace(str(Path.home()), "~")


def _addresses(station: str) -> frozenset[str]:
    found = [match[2].strip().strip("'\"") for pattern in (_ADDRESS, _FLOWING) for match in pattern.finditer(station)]
    return frozenset(address for address in found if len(address) > 3)


def _within(value: Any, secrets: frozenset[str]) -> Any:
    """The same for every text in lists and mappings."""
    if isinstance(value, str):
        return without_addresses(value, secrets)
    if isinstance(value, dict):
        return {key: _within(one, secrets) for key, one in value.items()}
    return [_within(one, secrets) for one in value] if isinstance(value, list) else value


def _versions() -> dict[str, Any]:
    return {"versions": versions(), "git": git_commit(), "system": platform.platform(), "machine": platform.machine()}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"# {file.name} cannot be read: {error.strerror or error}\n"


def _tail(file: Path) -> str:
    return "\n".join(_read(file).splitlines()[-_LINES:]) + "\n"


def _last_run(folder: Path) -> dict[str, Any]:
    """The newest run that is no part of another one, and its parts."""
    if not (folder / DATABASE).exists():
        return {"none": f"There is no {DATABASE}: nothing was stored"}
    try:
        runs = list(each_run(folder))
        whole = [run for run in runs if run.parent_id is None]
        if not whole:
            return {"none": f"{DATABASE} holds no run"}
        last = whole[-1]
        parts = [run for run in runs if run.run_id > last.run_id]
        return {
            **_kept(last),
            "parts": [_kept(run) for run in parts],
            "snapshot": snapshot(folder, last.run_id),
        }
    except Refusal as refusal:
        return {"none": f"The runs cannot be read: {refusal}"}


def _kept(run: Run) -> dict[str, Any]:
    return {"run_id": run.run_id, "status": run.status, "record": run.record, "outcome": run.outcome}
