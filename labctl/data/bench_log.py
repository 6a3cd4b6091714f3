"""The log of a bench through the night: what its instruments said of themselves, in one CSV file a day.

Each line is one reading: time, run, laboratory time of the run, instrument, reading, value, unit, verdict, and whether
an alarm was given. Lines are only added, so that nothing is lost when a process dies.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labctl.common.refusals import Refusal

if TYPE_CHECKING:
    import xarray

FOLDER: Final = "bench_log"
"""In the data folder."""


@dataclass(frozen=True)
class Logged:
    """One reading."""

    time: str
    """ISO 8601 with time zone; the same for all that were asked in one round."""
    run_id: str
    """Of the outermost run that went on; empty if none did."""
    lab_time_s: str
    """Since that run began; empty if none did."""
    instrument: str
    reading: str
    value: str
    """A number; 1 or 0 for on and off; words as they are."""
    unit: str
    verdict: str
    """off, on, warning, fault, silent."""
    alarm: str
    """1 if an alarm was given with it, empty if not."""

    @property
    def number(self) -> float:
        """The value; nan if it is words."""
        try:
            found = float(self.value)
        except ValueError:
            return math.nan
        return found if math.isfinite(found) else math.nan

    @property
    def name(self) -> str:
        """'green_laser power'."""
        return f"{self.instrument} {self.reading}"

    @property
    def moment(self) -> datetime:
        """Raises ValueError if the time is none."""
        return datetime.fromisoformat(self.time).astimezone()


COLUMNS: Final = tuple(field.name for field in fields(Logged))


def append(folder: Path, lines: Sequence[Logged]) -> None:
    """Add these lines to the file of their day. Raises OSError if it cannot be written."""
    if not lines:
        return
    file = folder / FOLDER / f"{lines[0].time[:10]}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        if not stream.tell():
            writer.writerow(COLUMNS)
        writer.writerows(map(astuple, lines))


def logged(folder: Path, since: datetime | None = None, until: datetime | None = None) -> Iterator[Logged]:
    """All readings of this time, oldest first; what was cut off is left out. Raises Refusal if one is unreadable."""
    for file in sorted((folder / FOLDER).glob("*.csv")):
        try:
            with file.open(encoding="utf-8", errors="replace", newline="") as stream:
                rows = [row for row in csv.reader(stream) if len(row) == len(COLUMNS)]
        except OSError as error:
            raise Refusal(f"{file} cannot be read ({error.strerror or error}). Make it readable for you") from None
        for row in rows:
            line = Logged(*row)
            try:
                moment = line.moment
            except ValueError:  # the heading, or a damaged line
                continue
            if (since is None or moment >= since) and (until is None or moment < until):
                yield line


def as_dataset(lines: Sequence[Logged]) -> "xarray.Dataset":
    """Against `time` (UTC) a variable for each reading that has numbers, nan where it was not asked; and `run_id`."""
    import xarray

    times = sorted({line.time for line in lines})
    place = {time: k for k, time in enumerate(times)}
    values: dict[str, Any] = {}
    units: dict[str, str] = {}
    run_id = np.zeros(len(times), dtype=int)
    for line in lines:
        if line.run_id.isdecimal():
            run_id[place[line.time]] = int(line.run_id)
        if not math.isnan(line.number):
            values.setdefault(line.name, np.full(len(times), np.nan))[place[line.time]] = line.number
            units[line.name] = line.unit or "1"
    utc = [np.datetime64(round(datetime.fromisoformat(time).timestamp() * 1e6) * 1_000, "ns") for time in times]
    variables = {name: ("time", column, {"units": units[name]}) for name, column in values.items()}
    return xarray.Dataset({"run_id": ("time", run_id), **variables}, {"time": utc})
