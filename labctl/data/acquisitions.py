"""Blocks: every play of a run that was counted, one row each, on disk as soon as it is counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from labctl.data.open_database import DATABASE
from labctl.data.reader import reading
from sequences.pulses.program import Program

TABLE: Final = """CREATE TABLE IF NOT EXISTS labctl_blocks (
    run_id INTEGER NOT NULL, number INTEGER NOT NULL, part_id INTEGER NOT NULL,
    program TEXT NOT NULL, digest TEXT NOT NULL, repeats INTEGER NOT NULL,
    signal INTEGER NOT NULL, reference INTEGER NOT NULL, began_s REAL NOT NULL, ended_s REAL NOT NULL,
    settings TEXT NOT NULL, PRIMARY KEY (run_id, number)) WITHOUT ROWID"""
COLUMNS: Final = (
    "run_id",
    "number",
    "part_id",
    "program",
    "digest",
    "repeats",
    "signal",
    "reference",
    "began_s",
    "ended_s",
    "settings",
)


@dataclass(frozen=True)
class Block:
    """One play that was counted."""

    run_id: int
    """The outermost run that it belongs to."""
    number: int
    """0 for the first play of that run, its parts included."""
    part_id: int
    """The innermost run: the run itself, or the part of it that measured."""
    program: str
    """Name of the program."""
    digest: str
    """Of what was played: see `digest_of`."""
    repeats: int
    signal: int
    """Photons in the gate_signal windows."""
    reference: int
    """Photons in the gate_reference windows."""
    began_s: float
    """Laboratory time since the outermost run began."""
    ended_s: float
    """Laboratory time since the outermost run began, when it had been counted."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The bench's settings during the play, as far as they were noted."""

    def row(self) -> tuple[Any, ...]:
        """Its values, in the order of COLUMNS."""
        values = [getattr(self, name) for name in COLUMNS[:-1]]
        return (*values, json.dumps(dict(self.settings), allow_nan=False))


def digest_of(program: Program, lines: Mapping[str, int]) -> str:
    """16 hex digits, equal for programs that put the same bits on the same lines at the same times, and no others.

    SHA-256 of the tick and of the compiled words in order, each with the number of ticks that it lasts.
    """
    runs = [
        (sum(1 << lines[role] for role in interval.lines), interval.duration_ns // program.tick_ns)
        for interval in program.merged()
    ]
    return sha256(repr((program.tick_ns, runs)).encode()).hexdigest()[:16]


def blocks_of(folder: Path, run_id: int) -> tuple[Block, ...]:
    """The blocks of an outermost run in their order; of a part of a run, those that it counted itself. May be none."""
    if not (folder / DATABASE).exists():
        return ()
    with reading(folder) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'labctl_blocks'").fetchone():
            return ()
        query = f"SELECT {', '.join(COLUMNS)} FROM labctl_blocks WHERE run_id = ? OR part_id = ?"
        rows = connection.execute(f"{query} ORDER BY run_id, number", (run_id, run_id)).fetchall()
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return tuple(Block(**{**values, "settings": json.loads(values["settings"])}) for values in named)
