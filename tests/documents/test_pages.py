"""Habits of the pages: the glossary, the decisions, the commands that are shown, and what contributors are told."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from labctl.cli.main import app
from tools import environment

pytestmark = pytest.mark.unit

HOME = Path(__file__).resolve().parents[2]
PAGES = sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md")])
GLOSSARY = HOME / "docs" / "glossary.md"
DECISIONS = sorted(HOME.glob("docs/decisions/0*.md"))
_STATUS = re.compile(
    r"^\*\*Status:\*\* (accepted|replaced by \[\d{4}\]\([\w-]+\.md\)) · \*\*Date:\*\* (\d{4}-\d\d-\d\d) · ",
    re.MULTILINE,
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(labctl [^`>]+)`")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(HOME).as_posix()


@pytest.mark.parametrize("page", [page for page in PAGES if page != GLOSSARY], ids=name_of)
def test_every_page_leads_to_the_glossary(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(page))
    assert GLOSSARY in {(page.parent / link).resolve() for link in links if not link.startswith("https://")}


def entries() -> dict[str, str]:
    """Word -> what is said of it."""
    _, *parts = re.split(r"^## ", text_of(GLOSSARY), flags=re.MULTILINE)
    found = [part.partition("\n") for part in parts]
    assert len({word.casefold() for word, _, _ in found}) == len(found), "a word stands twice"
    return {word: said.strip() for word, _, said in found}


def test_the_glossary_is_in_the_order_of_the_alphabet():
    words = [re.sub(r"[^0-9a-zγσ]", "", word.casefold()) for word in entries()]
    assert words == sorted(words)


def test_the_glossary_says_one_to_three_sentences_of_each_word():
    for word, said in entries().items():
        sentences = re.findall(r"[.:;?](?:\s|$)", said)
        assert said.endswith("."), word
        assert 1 <= len(sentences) <= 5, word
        assert len(said) <= 320, word


def test_an_earlier_word_is_no_entry_of_its_own():
    words = {word.casefold() for word in entries()}
    for word, said in entries().items():
        for earlier in re.findall(r"arlier (?:also )?called \*([^*]+)\*", said):
            assert earlier.casefold() not in words - {"gate", "outlook"}, f"{word}: {earlier}"


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_a_status_and_a_date_and_its_row_in_the_list(page):
    title, status = text_of(page).splitlines()[0].removeprefix("# "), _STATUS.search(text_of(page))
    assert status, "the third line is **Status:** … · **Date:** YYYY-MM-DD · Words: …"
    row = f"| [{title}]({page.name}) | {status[1]} | {status[2]} |"
    assert row in text_of(page.parent / "README.md")


def shown() -> list[Any]:
    """Every call of labctl on a page that is a command and not a part of a sentence."""
    found = {}
    for page in PAGES:
        text = text_of(page)
        fenced = "".join(block for kind, block in _FENCE.findall(text) if kind in ("sh", "console"))
        lines = re.findall(r"^(?:\$ )?(labctl .*)$", fenced, re.MULTILINE)
        lines += re.findall(r"^    (labctl .*)$", _FENCE.sub("", text), re.MULTILINE)
        for line in [*lines, *_INLINE.findall(text)]:
            command = line.split("#")[0].strip()
            found[command] = pytest.param(command, id=f"{page.name}: {command}")
    return list(found.values())


@pytest.mark.parametrize("command", shown())
def test_a_command_that_is_shown_is_one_that_labctl_takes(command):
    taker: Any = typer.main.get_command(app)
    words = [word for word in command.split()[1:] if word not in ("|", "…")]
    while hasattr(taker, "commands") and words and not words[0].startswith("-"):
        assert words[0] in taker.commands, f"there is no command {words[0]}"
        taker, words = taker.commands[words[0]], words[1:]
    options = {option for parameter in taker.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options |= {"--help", "--install-completion"}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options


def test_commits_are_checked_by_the_checks_of_the_project_and_name_no_version():
    (project,) = YAML(typ="safe", pure=True).load((HOME / ".pre-commit-config.yaml").read_text())["repos"]
    assert set(project) == {"repo", "hooks"}
    for hook in project["hooks"]:
        *start, part = hook["entry"].split()
        assert start == ["python", "tools/environment.py", "hook"]
        assert part == hook["id"]
        assert part in environment.CHECKS
        assert hook["language"] == "system"


def test_a_warning_of_the_pages_fails_the_check():
    assert {"--fail-on-warning", "--fresh-env"} <= set(environment.CHECKS["docs"])
    assert any(command[1:] == environment.CHECKS["docs"][1:] for command in environment.commands("check", []))


def test_the_changelog_begins_with_what_is_not_released_and_the_version_of_the_project_follows():
    version = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    first, second, *_ = re.findall(r"^## (.+)$", text_of(HOME / "CHANGELOG.md"), re.MULTILINE)
    assert first == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", second)


@pytest.mark.parametrize("room", ["physics", "instruments/interface", "sequences/pulses", "sequences/core"])
def test_the_reference_shows_every_module_of_a_public_room(room):
    ours = {"fitness", "discovery", "power_budget", "timeline"}  # what only labctl itself asks
    modules = {path.stem for path in (HOME / room).glob("*.py")} - {"__init__"} - ours
    package = room.replace("/", ".")
    page = text_of(HOME / "docs" / "api.md")
    assert modules == set(re.findall(rf"automodule:: {package}\.(\w+)$", page, re.MULTILINE))
