"""The calibration of a run that is played again: what was known then, as long as what happened then happens again."""

import time
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.data.calibration import CalibrationStore, Pairs, pair
from labctl.run.replay import Replay
from sequences.core.lab import Calibrated


class KnownThen:
    """The calibration with which the interrupted run began, and what it learned; then the store as it is now."""

    def __init__(self, replay: Replay, live: CalibrationStore) -> None:
        self._replay, self._live = replay, live
        self._values: dict[str, Calibrated] = {}
        self._pairs: dict[tuple[str, str], float] | None = None
        self._together: dict[tuple[str, ...], NDArray[np.float64]] = {}
        self.renewed: Collection[str] = ()
        """Keys that have been measured anew since the run was interrupted: what it had learned of them is outdated."""
        self.know(replay.entries, replay.covariances)

    def know(self, entries: Mapping[str, Mapping[str, Any]], covariances: Pairs | None) -> None:
        """This was known at the point that the replay has reached. covariances: None where they were not noted."""
        kept = {
            key: (entry["value"], entry["error"], entry["run_id"], entry["unix_s"]) for key, entry in entries.items()
        }
        self._values = {key: Calibrated(*values) for key, values in kept.items()}
        self._pairs = None if covariances is None else {pair(one, other): value for one, other, value in covariances}
        self._together = {}

    def get(self, key: str) -> Calibrated | None:
        """The value, or None if it was not known."""
        if self._replay.over:
            return self._live.get(key)
        if (found := self._values.get(key)) is not None:
            self._live.used[key] = found
        return found

    def put(self, key: str, value: float, error: float) -> None:
        """Keep a value. What the interrupted run learned has been kept by it, unless it died just before."""
        if self._is_news([key]):
            self._live.put(key, value, error)
        self._values[key] = Calibrated(float(value), float(error), self._live.run_id, time.time())
        self._pairs = self._pairs and {both: known for both, known in self._pairs.items() if key not in both}
        self._together = {keys: known for keys, known in self._together.items() if key not in keys}

    def covariance(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """(n, n) of values that were fitted together."""
        if self._replay.over:
            return self._live.covariance(keys)
        if (known := self._together.get(tuple(keys))) is not None:
            return known
        if self._pairs is None:
            return self._live.covariance(keys)
        matrix = np.diag([self._values[key].error ** 2 for key in keys])
        for (row, one), (column, other) in combinations(enumerate(keys), 2):
            matrix[row, column] = matrix[column, row] = self._pairs.get(pair(one, other), 0.0)
        return matrix

    def put_covariance(self, keys: Sequence[str], covariance: NDArray[np.float64]) -> None:
        """Keep how these values vary together."""
        if self._is_news(keys):
            self._live.put_covariance(keys, covariance)
        if self._pairs is None:
            self._together[tuple(keys)] = np.array(covariance)
            return
        for (row, one), (column, other) in combinations(enumerate(keys), 2):
            self._pairs[pair(one, other)] = float(covariance[row, column])

    def _is_news(self, keys: Sequence[str]) -> bool:
        """Whether the store does not have it yet, nor anything newer."""
        if self._replay.over:
            return True
        return self._replay.exhausted and not any(key in self.renewed for key in keys)
