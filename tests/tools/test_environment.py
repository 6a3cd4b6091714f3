"""The set-up script: what it starts, and when it builds the environment anew."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "environment.py"


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """The script, working in a folder of its own."""
    spec = importlib.util.spec_from_file_location("environment", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("run", "gui", "develop"):
        (tmp_path / f"{name}.txt").write_text(f"{name} 1\n")
        monkeypatch.setitem(module.LOCKS, name, tmp_path / f"{name}.txt")
    (tmp_path / "pyproject.toml").write_text("ranges 1\n")
    monkeypatch.setattr(module, "HOME", tmp_path)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "set-up.txt")
    return module


def pretend(tool, which):
    python = tool.inside(tool.ENVIRONMENT, "python")
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    tool.STAMP.write_text(tool.stamp(which))


def test_nothing_is_set_up_at_first(tool):
    assert not tool.is_set_up("run")
    assert not tool.is_set_up("develop")


def test_the_larger_set_serves_both_and_the_smaller_one_only_itself(tool):
    pretend(tool, "run")
    assert (tool.is_set_up("run"), tool.is_set_up("develop")) == (True, False)
    pretend(tool, "gui")
    assert [tool.is_set_up(which) for which in ("run", "gui", "develop")] == [True, True, False]
    pretend(tool, "develop")
    assert [tool.is_set_up(which) for which in ("run", "gui", "develop")] == [True, True, True]


@pytest.mark.parametrize("changed", ["run.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_asks_for_a_new_environment(tool, changed):
    pretend(tool, "run")
    (tool.HOME / changed).write_text("2\n")
    assert not tool.is_set_up("run")


def test_another_python_asks_for_a_new_environment(tool, monkeypatch):
    pretend(tool, "run")
    monkeypatch.setattr(sys, "base_prefix", "another")
    assert not tool.is_set_up("run")


def test_line_ends_of_the_checkout_do_not_count(tool):
    before = tool.stamp("run")
    (tool.HOME / "run.txt").write_bytes(b"run 1\r\n")
    assert tool.stamp("run") == before


def test_packages_are_added_to_an_environment_that_has_the_smaller_set(tool, monkeypatch):
    pretend(tool, "run")
    started = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command))
    tool.set_up("develop")
    assert [command[1:4] for command in started] == [["-m", "pip", "install"]] * 2
    assert "--require-hashes" in started[0]
    assert started[0][-1].endswith("develop.txt")
    assert started[1][-2:] == ["--editable", str(tool.HOME)]
    assert tool.is_set_up("develop")


def test_an_environment_in_use_is_not_pulled_from_under_its_user(tool, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tool.ENVIRONMENT))
    with pytest.raises(SystemExit, match="deactivate"):
        tool.set_up("run")


def test_an_environment_that_cannot_be_removed_says_what_to_do(tool, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "in use", str(path))

    pretend(tool, "run")
    (tool.HOME / "run.txt").write_text("2\n")
    monkeypatch.setattr(tool.shutil, "rmtree", refuse)
    with pytest.raises(SystemExit, match=r"in use.*close what still runs"):
        tool.set_up("run")


def test_programs_lie_where_the_system_puts_them(tool):
    assert tool.inside(Path(".venv"), "python", windows=False).as_posix() == ".venv/bin/python"
    assert tool.inside(Path(".venv"), "python", windows=True).as_posix() == ".venv/Scripts/python.exe"


def test_run_is_the_engine_on_the_simulated_bench_and_takes_options(tool):
    ((_, *command),) = tool.commands("run", ["--seed", "3"])
    assert command == ["-m", "labctl", "run", "engine", "--simulated", "--seed", "3"]


def test_gui_is_the_window_on_the_simulated_bench(tool):
    ((_, *command),) = tool.commands("gui", ["--theme", "dark"])
    assert command == ["-m", "labctl", "gui", "--simulated", "--theme", "dark"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--tier", "unit"], ["-m", "unit"]),
        (["tests/physics", "--tier=unit", "--tier", "twin", "-x"], ["-m", "unit or twin", "tests/physics", "-x"]),
        (["-x"], ["-x"]),
    ],
)
def test_tests_of_a_tier_are_chosen_by_its_name(tool, given, told):
    (command,) = tool.commands("test", given)
    assert command[-len(told) - 2 :] == ["--durations", "25", *told]


def test_a_tier_that_does_not_exist_is_refused(tool, capsys):
    with pytest.raises(SystemExit):
        tool.commands("test", ["--tier", "quick"])
    assert "choose from" in capsys.readouterr().err


def test_all_commands_are_run_and_the_first_failure_counts(tool):
    codes = [0, 3, 0, 4]
    planned = [
        [sys.executable, "-c", f"open('ran{k}', 'w').close(); raise SystemExit({c})"] for k, c in enumerate(codes)
    ]
    assert tool.first_failure(planned) == 3
    assert sorted(path.name for path in tool.HOME.glob("ran*")) == ["ran0", "ran1", "ran2", "ran3"]
    assert tool.first_failure([]) == 0


def programs(commands):
    return [Path(program).stem for program, *_ in commands]


def test_check_does_all_checks_or_those_that_are_named(tool):
    assert programs(tool.commands("check", [])) == ["ruff", "ruff", "mypy", "lint-imports", "sphinx-build"]
    assert programs(tool.commands("check", ["imports", "types"])) == ["mypy", "lint-imports"]
    assert programs(tool.commands("docs", [])) == ["sphinx-build"]


def test_a_check_that_does_not_exist_is_refused_before_anything_is_set_up(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["environment.py", "check", "typos"])
    monkeypatch.setattr(tool, "set_up", lambda _: pytest.fail("it was set up"))
    assert tool.main() == 2
    assert "There is no check typos; there are lint, format," in capsys.readouterr().err


def test_a_hook_takes_the_environment_as_it_is(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["environment.py", "hook", "lint"])
    monkeypatch.setattr(tool, "set_up", lambda _: pytest.fail("it was set up"))
    assert tool.main() == 1
    assert "There is no environment to check with" in capsys.readouterr().err
    pretend(tool, "develop")
    tool.inside(tool.ENVIRONMENT, "ruff").touch()
    started = []
    monkeypatch.setattr(tool, "first_failure", lambda commands: started.extend(commands) or 0)
    assert tool.main() == 0
    assert programs(started) == ["ruff"]


def test_coverage_is_the_tests_with_their_tiers_and_a_report(tool):
    ((_, *command),) = tool.commands("coverage", ["--tier", "unit"])
    assert command[:2] == ["-m", "pytest"]
    assert {"--cov", "term:skip-covered", "html"} <= set(command)
    assert command[-2:] == ["-m", "unit"]
