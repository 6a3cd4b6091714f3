"""Mutated files and replies, one after the other: what became of each, and whether that is good."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.trials.mutated_files import file_cases
from tools.trials.mutated_wires import wire_cases

OPENED: Final = 0.02
"""Share of the files, at most, with which a bench is opened."""


def files(seeds: range) -> Iterator[tuple[str, str, bool]]:
    """Case, outcome, and whether that is good."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)  # whatever a file makes by a relative name is found there
        try:
            for case, end in file_cases(seeds, Path(name) / "files", max(1, round(OPENED * len(seeds)))):
                what = " ".join(case.split()[::2])
                yield case, f"BAD: {end.fault}" if end.fault else f"{what}: exit code {end.code}", not end.fault
        finally:
            os.chdir(here)


def wires(seeds: range) -> Iterator[tuple[str, str, bool]]:
    """The same of replies."""
    for case in wire_cases(seeds):
        yield f"{case.seed} {case.question}", case.outcome, case.is_good
