"""Ranges, locks and the page that explains them agree, and the locks install anywhere."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOME = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
RUN = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
GUI = [Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["gui"]]
DEVELOP = [
    Requirement(line)
    for group in ("set-up", "dev")
    for line in PROJECT["dependency-groups"][group]
    if isinstance(line, str)
]
_ROW = re.compile(r"^\| ([\w.\-\[\]]+) \| `([^`]+)` \| .+ \|$", re.MULTILINE)


def pins(lock: str) -> list[Requirement]:
    """What a lock file installs."""
    text = (HOME / "locks" / lock).read_text(encoding="utf-8")
    return [Requirement(line.removesuffix("\\").strip()) for line in re.findall(r"^[a-z].*$", text, re.MULTILINE)]


@pytest.mark.parametrize(
    ("lock", "wanted"), [("run.txt", RUN), ("gui.txt", RUN + GUI), ("develop.txt", RUN + GUI + DEVELOP)]
)
def test_the_lock_holds_every_dependency_within_its_range(lock, wanted):
    pinned: dict[str, list[str]] = {}
    for pin in pins(lock):
        (exact,) = pin.specifier
        assert exact.operator == "==", pin
        pinned.setdefault(canonicalize_name(pin.name), []).append(exact.version)
    for requirement in wanted:
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{lock} lacks {requirement.name}: python tools/environment.py lock"
        outside = [version for version in versions if version not in requirement.specifier]
        if requirement.marker:  # elsewhere another version may stand beside it
            outside = outside if len(outside) == len(versions) else []
        assert not outside, f"{lock} has {requirement.name} {outside}: python tools/environment.py lock"


def test_all_locks_pin_the_same_versions():
    run, gui, develop = ({name_and_range(pin) for pin in pins(f"{lock}.txt")} for lock in ("run", "gui", "develop"))
    assert run < gui < develop


@pytest.mark.parametrize("lock", ["run.txt", "gui.txt", "develop.txt"])
def test_the_lock_has_hashes_and_no_addresses(lock):
    text = (HOME / "locks" / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"://|^--?(?:index|extra|find|trusted).*$|\s@\s|[/\\]\w+[/\\]", text, re.MULTILINE) == []


def test_the_page_gives_every_range():
    page = (HOME / "docs" / "dependencies.md").read_text(encoding="utf-8")
    told = {name: Requirement(f"{name}{ranges}") for name, ranges in _ROW.findall(page)}
    wanted = {name_and_range(requirement) for requirement in RUN + GUI + DEVELOP}
    assert {name_and_range(requirement) for requirement in told.values()} == wanted


def name_and_range(requirement):
    """Without the marker, which the page says in words."""
    return f"{requirement.name}{sorted(requirement.extras)}{requirement.specifier}"
