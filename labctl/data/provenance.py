"""Which code measured a run: versions of the packages that matter, and the commit if it ran from a checkout."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = ("labctl", "qcodes", "qcodes_contrib_drivers", "pyvisa", "pyvisa-sim", "nidaqmx", "numpy", "scipy")


@cache
def versions() -> dict[str, str]:
    """Package -> version, for those that are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def git_commit() -> dict[str, Any] | None:
    """{commit, modified} of the checkout that this code runs from; None if it was installed without one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists() or (commit := _git(root, "rev-parse", "HEAD")) is None:
        return None
    return {"commit": commit, "modified": bool(_git(root, "status", "--porcelain", "--untracked-files=no"))}


def _git(root: Path, *arguments: str) -> str | None:
    import subprocess

    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
