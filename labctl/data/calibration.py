"""What runs have learned, in a JSON file of its bench: key -> value, error, the run that measured it, time.

Every bench, real or simulated with some sample, has a file of its own, named by its label; nothing reads another's.
"""

import json
import math
import os
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.common.clock import Clock
from labctl.common.refusals import Refusal
from sequences.core.lab import Calibrated

Pairs = Sequence[tuple[str, str, float]]
"""Two keys each, and the covariance of their values."""


class CalibrationStore:
    """The calibration of one bench, as `sequences.core.lab.Calibration` asks for it. Every `put` is on disk at once."""

    def __init__(self, folder: Path, label: str, clock: Clock) -> None:
        """label: of the bench; clock: its laboratory time."""
        self.file = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', label)}.json"
        self.label, self._clock = label, clock
        self.run_id = ""
        """The run that is measuring now; the runner keeps it."""
        self.used: dict[str, Calibrated] = {}
        """What has been asked for since the runner last cleared it."""
        self._covariances: dict[tuple[str, str], float] = {}
        self._entries = self._read()
        self._measured_s: dict[str, float] = {}

    def get(self, key: str) -> Calibrated | None:
        """The value, or None if no run has measured it. What an earlier process measured is as old as the wall says."""
        if (entry := self._entries.get(key)) is None:
            return None
        age_s = time.time() - entry["unix_s"]
        measured_s = self._measured_s.get(key, self._clock.now() - age_s)
        self.used[key] = Calibrated(entry["value"], entry["error"], entry["run_id"], measured_s)
        return self.used[key]

    def put(self, key: str, value: float, error: float) -> None:
        """Keep a value, measured now by the present run. Raises ValueError if it or its error is not finite."""
        if not (math.isfinite(value) and math.isfinite(error)):
            raise ValueError(f"{key} = {value} ± {error} is no calibration: both must be finite")
        now = time.time()
        self._entries[key] = {
            "value": float(value),
            "error": float(error),
            "run_id": self.run_id,
            "unix_s": now,
            "time": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        }
        self._measured_s[key] = self._clock.now()
        self._covariances = {both: value for both, value in self._covariances.items() if key not in both}
        self._write()

    def covariance(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """(n, n) of values that were fitted together; of others, the squares of their errors. All must be there."""
        matrix = np.diag([float(self._entries[key]["error"]) ** 2 for key in keys])
        for (row, one), (column, other) in combinations(enumerate(keys), 2):
            matrix[row, column] = matrix[column, row] = self._covariances.get(pair(one, other), 0.0)
        return matrix

    def put_covariance(self, keys: Sequence[str], covariance: NDArray[np.float64]) -> None:
        """Keep how these values, put before, vary together. It holds until one of them is put again."""
        if not np.isfinite(covariance).all():
            raise ValueError(f"The covariance of {', '.join(keys)} is not finite")
        for (row, one), (column, other) in combinations(enumerate(keys), 2):
            self._covariances[pair(one, other)] = float(covariance[row, column])
        self._write()

    def all(self) -> dict[str, dict[str, Any]]:
        """A copy of every entry, for the record of a run."""
        return {key: dict(entry) for key, entry in self._entries.items()}

    def covariances(self) -> list[tuple[str, str, float]]:
        """How the values that were fitted together vary together, for the record of a run."""
        return [(*both, value) for both, value in self._covariances.items()]

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self.file.exists():
            return {}
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
            label, entries = content["bench"], content["entries"]
            self._covariances = {pair(one, other): float(value) for one, other, value in content["covariances"]}
            for entry in entries.values():
                if not (math.isfinite(entry["value"]) and math.isfinite(entry["error"])):
                    raise ValueError("a value or an error is not finite")
                Calibrated(float(entry["value"]), float(entry["error"]), str(entry["run_id"]), float(entry["unix_s"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal(
                f"{self.file}: not a calibration file ({type(error).__name__}: {error}). "
                "Move it away and measure anew: labctl run calibrate"
            ) from None
        if label != self.label:
            raise Refusal(f"{self.file} belongs to bench {label!r}, not to {self.label!r}. Move it away")
        return dict(entries)

    def _write(self) -> None:
        """A new file in the old one's place, so that a reader sees one or the other and never half of one."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "bench": self.label,
            "entries": self._entries,
            "covariances": self.covariances(),
        }
        new = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        with new.open("w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1, allow_nan=False)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.file)


def pair(one: str, other: str) -> tuple[str, str]:
    """The same for two keys in either order."""
    return (one, other) if one < other else (other, one)
