"""Parts of a made-up lab whose every setting can be read back."""

from pathlib import Path
from typing import Any

STATION = Path(__file__).parents[2] / "station.yaml"


class Setting:
    """A parameter: call it to read, call it with a value to set. `broken` raises, `stuck` keeps its old value."""

    def __init__(self, value: Any, log: list[tuple[Any, ...]], name: str) -> None:
        self.value, self.log, self.name = value, log, name
        self.broken = self.stuck = False

    def __call__(self, *new: Any) -> Any:
        if self.broken:
            raise ConnectionError(f"{self.name}: no answer")
        if not new:
            return self.value
        self.log.append((self.name, *new))
        if not self.stuck:
            self.value = new[0]
        return None


class Clock:
    """One that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        """Seconds."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """It passes at once."""
        self.seconds += seconds
