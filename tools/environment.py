"""Set up labctl's private environment in .venv and work in it: the same on Linux and Windows.

    python tools/environment.py run      the engine experiment on the simulated bench
    python tools/environment.py gui      the live window on the simulated bench
    python tools/environment.py test     the tests; `test --tier unit` those of a tier: unit, twin or system
    python tools/environment.py check    ruff, mypy, import-linter, the pages; `check lint types` only some of CHECKS
    python tools/environment.py docs     the pages and the API reference as a site: build/site/index.html
    python tools/environment.py coverage the tests, and which lines and branches they run: build/coverage/index.html
    python tools/environment.py hook     as check, with the environment as it is: for .pre-commit-config.yaml
    python tools/environment.py soak     the long tests, hours: faults, kills, mutations, a week; `soak kills` for one
    python tools/environment.py setup    the environment alone, ready for `labctl`
    python tools/environment.py lock     renew the lock files from the ranges of pyproject.toml

What follows the word is handed on: `run --seed 3`, `test tests/physics -x`. Needs nothing but Python and its pip; the
environment is built anew only when a lock file, pyproject.toml or the Python behind it has changed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python can be the one that starts this file
    sys.exit(
        f"labctl needs Python 3.11 or newer, this is {sys.version.split()[0]}: try py -3.11 or python3.11 instead."
    )

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import venv
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).resolve().parents[1]
ENVIRONMENT: Final = HOME / ".venv"
STAMP: Final = ENVIRONMENT / "set-up.txt"
SETS: Final = ("run", "gui", "develop")
"""Sets of packages; each holds all of those before it."""
LOCKS: Final = {which: HOME / "locks" / f"{which}.txt" for which in SETS}
NEEDED: Final = {"run": "run", "setup": "run", "gui": "gui"} | dict.fromkeys(
    ("test", "check", "docs", "coverage", "soak"), "develop"
)
"""Word of the command line -> the set that it needs."""
CHECKS: Final = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-logo"],
    "docs": [
        *("sphinx-build", "--builder", "html", "--conf-dir", "docs", "--fresh-env", "--quiet"),
        *("--fail-on-warning", "--keep-going", ".", "build/site"),
    ],
}
"""What `make check` does, by name; each a program of the environment with its arguments."""
LOCKER: Final = "uv==0.13.9"
"""The resolver that writes the lock files: one resolution for both platforms and every Python."""

SPREAD: Final = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""loadfile: tests that share a long run stand in one file, and one worker runs it once."""
TIERS: Final = ("unit", "twin", "system")
"""Of the tests: see tests/support/tiers.py."""

LONG: Final = {
    "faults": ["fault_sweep.py", "--experiment", "engine", "--forms"],
    "kills": ["kills.py", "200"],
    "mutations": ["mutations.py", "10000"],
    "week": ["soak.py", "140"],
}
"""The long tests, in benchmarks/."""

Commands = list[list[str]]


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*NEEDED, "hook", "lock"])
    arguments, rest = parser.parse_known_args()
    if arguments.what == "lock":
        return lock()
    if unknown := set(rest) - set(CHECKS) if arguments.what in ("check", "hook") else set():
        print(f"There is no check {', '.join(unknown)}; there are {', '.join(CHECKS)}.", file=sys.stderr)
        return 2
    if arguments.what == "hook":
        return hook(rest)
    try:
        set_up(NEEDED[arguments.what])
    except subprocess.CalledProcessError as error:
        print(f"The environment could not be set up: {' '.join(error.cmd[1:4])} … failed, see above.", file=sys.stderr)
        return 1
    return soak(rest) if arguments.what == "soak" else first_failure(commands(arguments.what, rest))


def commands(what: str, rest: list[str]) -> Commands:
    """What to start, in order."""
    python = [str(inside(ENVIRONMENT, "python"))]
    if what == "run":
        return [[*python, "-m", "labctl", "run", "engine", "--simulated", *rest]]
    if what == "gui":
        return [[*python, "-m", "labctl", "gui", "--simulated", *rest]]
    if what == "test":
        return [[*python, "-m", "pytest", *SPREAD, "--durations", "25", *of_tiers(rest)]]
    if what == "coverage":
        covered = ["--cov", "--cov-report", "term:skip-covered", "--cov-report", "html"]
        return [[*python, "-m", "pytest", *SPREAD, *covered, *of_tiers(rest)]]
    if what == "docs":
        return checks(["docs"])
    if what == "check":
        return checks(rest)
    return []


def checks(wanted: list[str]) -> Commands:
    """Those that are named, or all, in the order of CHECKS."""
    chosen = [command for name, command in CHECKS.items() if name in wanted or not wanted]
    return [[str(inside(ENVIRONMENT, program)), *arguments] for program, *arguments in chosen]


def hook(wanted: list[str]) -> int:
    """Checks before a commit. A hook may be started by any Python, so it never builds the environment anew."""
    if not inside(ENVIRONMENT, "ruff").exists():
        print("There is no environment to check with: say `python3 tools/environment.py check` once.", file=sys.stderr)
        return 1
    return first_failure(checks(wanted))


def of_tiers(rest: list[str]) -> list[str]:
    """What pytest is told of the tiers that are wanted: `--tier unit --tier twin` is `-m "unit or twin"`."""
    parser = argparse.ArgumentParser(prog="test", allow_abbrev=False)
    parser.add_argument("--tier", action="append", choices=TIERS, default=[])
    asked, others = parser.parse_known_args(rest)
    return [*(["-m", " or ".join(asked.tier)] if asked.tier else []), *others]


def soak(wanted: list[str]) -> int:
    """The long tests, or those that are named, one after the other, and what became of each; 1 if one failed."""
    if unknown := [name for name in wanted if name not in LONG]:
        print(f"There is no long test {', '.join(unknown)}; there are {', '.join(LONG)}.", file=sys.stderr)
        return 2
    python, ended = str(inside(ENVIRONMENT, "python")), {}
    for name in wanted or LONG:
        script, *arguments = LONG[name]
        print(f"== {name}: {script} {' '.join(arguments)}", flush=True)
        began_s = time.monotonic()
        code = first_failure([[python, str(HOME / "benchmarks" / script), *arguments]])
        how = f"FAILED (exit code {code})" if code else "good"
        ended[name] = f"{how}, {(time.monotonic() - began_s) / 60:.0f} min"
    for name, how in ended.items():
        print(f"{name}: {how}")
    return int(any("FAILED" in how for how in ended.values()))


def first_failure(planned: Commands) -> int:
    """Run the commands one by one, all of them; the exit code of the first that failed, or 0."""
    # The matrices are small: threads of the linear algebra would only fight over the cores.
    environ = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    codes = [subprocess.run(command, cwd=HOME, env=environ).returncode for command in planned]
    return next((code for code in codes if code), 0)


def inside(environment: Path, program: str, windows: bool = os.name == "nt") -> Path:
    """A program of a virtual environment."""
    return environment / "Scripts" / f"{program}.exe" if windows else environment / "bin" / program


def set_up(needed: str) -> None:
    """Make .venv hold this set of packages, pinned, and labctl itself. Does nothing when it already does."""
    if is_set_up(needed):
        return
    if not is_set_up("run"):
        start_afresh()
    print(f"Setting up {ENVIRONMENT.name} ({needed}) with Python {sys.version.split()[0]}; this takes some 90 s.")
    pip = [str(inside(ENVIRONMENT, "python")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locked = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCKS[needed])]
    for what in (locked, ["--no-deps", "--no-build-isolation", "--editable", str(HOME)]):
        subprocess.run([*pip, *what], cwd=HOME, check=True)
    STAMP.write_text(stamp(needed), encoding="utf-8")


def start_afresh() -> None:
    """An empty .venv."""
    if Path(sys.prefix) == ENVIRONMENT:
        sys.exit("labctl's environment is out of date and in use: leave it with `deactivate`, then say this again.")
    try:
        if ENVIRONMENT.exists():
            shutil.rmtree(ENVIRONMENT)
    except OSError as error:  # Windows does not remove a program that runs
        sys.exit(f"labctl's old environment cannot be removed ({error}): close what still runs in it, then try again.")
    venv.create(ENVIRONMENT, with_pip=True)


def is_set_up(needed: str) -> bool:
    """Whether .venv holds this set, or a larger one."""
    present = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    enough = {stamp(which) for which in SETS[SETS.index(needed) :]}
    return present in enough and inside(ENVIRONMENT, "python").exists()


def stamp(which: str) -> str:
    """Changes whenever the environment has to be built anew."""
    digest = hashlib.sha256()
    for file in (LOCKS[which], HOME / "pyproject.toml"):
        digest.update(file.read_text(encoding="utf-8").encode())  # as text: line ends of a checkout do not count
    return f"{which} {digest.hexdigest()} {sys.base_prefix} {sys.version}"


def lock() -> int:
    """Resolve the ranges of pyproject.toml into pinned versions with hashes, for every platform and Python at once."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(inside(Path(folder), "python"))
        subprocess.run([python, "-m", "pip", "install", "--quiet", LOCKER], check=True)
        compiler = [python, "-m", "uv", "--quiet", "pip", "compile", "pyproject.toml", "--universal"]
        compiler += ["--python-version", "3.11", "--generate-hashes", "--no-annotate", "--upgrade"]
        compiler += ["--custom-compile-command", "python tools/environment.py lock"]
        run, gui, develop = (str(LOCKS[which].relative_to(HOME)) for which in SETS)
        smaller = [*compiler, "--constraint", develop, "--group", "set-up"]
        return first_failure(
            [
                [*compiler, "--extra", "gui", "--group", "dev", "--output-file", develop],
                [*smaller, "--extra", "gui", "--output-file", gui],
                [*smaller, "--output-file", run],
            ]
        )


if __name__ == "__main__":
    sys.exit(main())
