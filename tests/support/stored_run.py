"""A data folder with one run."""

from contextlib import closing
from pathlib import Path
from typing import Final

from labctl.data.writing.run_writer import Store
from sequences.results import Column

COLUMNS: Final = (Column("voltage_v", "voltage", "V"), Column("counts", "counts", "", ("voltage_v",)))


def store_a_run(folder: Path) -> None:
    """Of two points, completed."""
    with closing(Store(folder, "a bench")) as store:
        recording = store.begin("part", COLUMNS, {"plan": {"points": 2}, "versions": {}})
        for k in range(2):
            recording.add({"voltage_v": float(k), "counts": 7.0})
        recording.end({"status": "completed", "result": {"slope_per_v": 100.0}, "lab_time_s": 2.0})
