"""The documents keep their word: links lead somewhere, printed sessions are what the commands print."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

HOME = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md")])
ROOMS = ("labctl", "sequences", "instruments", "physics", "simulated_instruments")
PACKAGES = sorted({path.parent for room in ROOMS for path in (HOME / room).glob("**/*.py")})
MOST_MODULES = 15
"""Of one package, beside its `__init__`."""
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAYS_ITSELF = re.compile(r"^(?:EXPERIMENT|DOCK)\b", re.MULTILINE)
"""A module that is found by what it defines: `labctl run --list` and docs/window.md tell of it."""
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def sessions(document: Path) -> list[tuple[str, str]]:
    """(command, what the page says it prints) of every block marked `console`."""
    found = []
    for kind, block in _FENCE.findall(text_of(document)):
        if kind == "console":
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                found.append((command, printed))
    return found


SESSIONS = [
    pytest.param(command, printed, id=f"{document.name}: {command}")
    for document in DOCUMENTS
    for command, printed in sessions(document)
]


def anchors(document: Path) -> set[str]:
    """The names that a browser gives to the headings."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(HOME).as_posix())
def test_links_lead_somewhere(document):
    for link in _LINK.findall(_FENCE.sub("", text_of(document))):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), f"{document.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{document.name} links to {link}"


def test_readme_leads_to_every_page():
    linked = set(_LINK.findall(text_of(HOME / "README.md")))
    pages = {path.relative_to(HOME).as_posix() for path in (HOME / "docs").glob("*.md")}
    assert pages <= {link.partition("#")[0] for link in linked}


def test_readme_has_sessions_to_run():
    assert len(sessions(HOME / "README.md")) >= 2


def pattern(printed: str) -> str:
    """The page as a regular expression: a line `...` stands for any lines, `...` at an end for the rest of the line."""
    lines = []
    for line in printed.splitlines(keepends=True):
        if line == "...\n":
            lines.append("(?:.*\n)*?")
        elif line.endswith(" ...\n"):
            lines.append(re.escape(line.removesuffix("...\n").rstrip()) + "(?: .*)?\n")
        else:
            lines.append(re.escape(line))
    return "".join(lines)


@pytest.mark.parametrize(("command", "printed"), SESSIONS)
def test_a_printed_session_is_what_the_command_prints(command, printed, tmp_path):
    program, *arguments = shlex.split(command)
    assert program == "labctl"
    shutil.copy(HOME / "station.yaml", tmp_path)
    data = str(tmp_path / "data")
    environ = {**os.environ, "PYTHONPATH": str(HOME), "PYTHONUTF8": "1", "LABCTL_DATA": data}
    labctl = [sys.executable, "-m", "labctl", *arguments]
    done = subprocess.run(labctl, cwd=tmp_path, env=environ, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(pattern(printed), done.stdout), done.stdout


def test_three_dots_stand_for_what_is_left_out_and_for_nothing_else():
    page = pattern("a ...\n...\nz\n")
    assert re.fullmatch(page, "a  1\nb\nc\nz\n")
    assert re.fullmatch(page, "a\nz\n")
    assert not re.fullmatch(page, "ab\nz\n")
    assert not re.fullmatch(page, "a 1\nz 2\n")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_a_package_docstring_is_the_map_of_its_modules(package):
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}
    modules -= {path.stem for path in package.glob("*.py") if _SAYS_ITSELF.search(path.read_text(encoding="utf-8"))}
    assert {module for module in modules if not re.search(rf"^- `{module}`: \S", docstring, re.MULTILINE)} == set()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_a_package_docstring_is_a_list_of_what_is_there_one_line_each(package):
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    _, mark, listed = docstring.partition("\n\n- ")
    if not any(path.stem not in ("__init__", "__main__") for path in package.glob("*.py")):
        return
    assert mark, "after the first line there is a list"
    names = [re.fullmatch(r"(?:- )?`(\w+)`: .+[.?]", line) for line in listed.splitlines()]
    assert all(names), listed
    there = [(package / f"{found[1]}.py").exists() or (package / found[1]).is_dir() for found in names if found]
    assert all(there), listed


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_a_package_holds_no_more_modules_than_one_can_read(package):
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    assert len(modules) <= MOST_MODULES, "part it into packages, by what its modules are for"


def test_the_map_of_the_rooms_names_every_one():
    _, _, rest = text_of(HOME / "docs" / "architecture.md").partition("## The rooms")
    rooms = rest.split("```")[1]
    names = {package.name for package in PACKAGES if (package / "__init__.py").exists()}
    assert {name for name in names if not re.search(rf"\b{name}\b", rooms)} == set()
