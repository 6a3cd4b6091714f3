"""Runs whose process died: they are marked as interrupted when their folder is next opened for writing."""

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from labctl.data.writer_lock import is_writing

STATUS: Final = "interrupted"


def mark_interrupted(connection: sqlite3.Connection, folder: Path, again: Collection[int] = ()) -> None:
    """Give an outcome to every run that has none and whose process is gone, with what of it is on disk.

    again: of runs that have been marked already, those that have got more points or blocks since.
    """
    query = "SELECT run_id, result_table_name, labctl_record, labctl_outcome, labctl_estimate FROM runs"
    alive: dict[object, bool] = {}
    with connection:
        rows = connection.execute(f"{query} WHERE labctl_record IS NOT NULL").fetchall()
        for run_id, table, record_text, outcome, estimate in rows:
            if outcome is not None and not (run_id in again and json.loads(outcome)["status"] == STATUS):
                continue
            writer = json.loads(record_text).get("writer")
            if writer not in alive:
                alive[writer] = is_writing(folder, writer)
            if not alive[writer]:
                kept = json.dumps(_outcome(connection, run_id, table, estimate))
                connection.execute("UPDATE runs SET labctl_outcome = ? WHERE run_id = ?", (kept, run_id))


def _outcome(connection: sqlite3.Connection, run_id: int, table: str, estimate: str | None) -> dict[str, Any]:
    (points,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
    totals = "count(*), total(signal + reference), total(ended_s - began_s), max(ended_s), min(run_id)"
    blocks, photons, counting_s, ended_s, outermost = connection.execute(
        f"SELECT {totals} FROM labctl_blocks WHERE run_id = ? OR part_id = ?", (run_id, run_id)
    ).fetchone()
    outcome = {
        "status": STATUS,
        "message": f"its process ended without a word: {points} points and {blocks} blocks are kept",
        "result": None,
        "points": points,
        "blocks": blocks,
        "photons": int(photons),
        "counting_s": counting_s,
    }
    outcome |= {"lab_time_s": ended_s} if outermost == run_id else {}
    return outcome | ({"estimate": json.loads(estimate)} if estimate else {})
