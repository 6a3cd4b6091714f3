"""A wired lab with a runner that is listened to, and a sequence that counts light again and again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from labctl.common.signals import Interrupts
from labctl.data.calibration import CalibrationStore
from labctl.data.writing.recorder import Ended
from labctl.data.writing.run_writer import Store
from labctl.run.events import News
from labctl.run.pause import Gate
from labctl.run.runner import Runner
from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.results import Column, Estimate, Point, Progress, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure
from simulated_instruments.twin.surroundings import light
from tools.trials.wired import Wired, wired

COLUMNS = (Column("play", "play", ""), Column("signal", "photons", "", ("play",)))

PLAYS = 5

PROGRAM = cw_odmr(100)

REPEATS = 500

T = TypeVar("T")


def glowing(lab: Lab, repeats: int = REPEATS, plays: int = PLAYS) -> Stream[Any]:
    """Count the light of the NVs again and again."""
    with controls.left_safe(lab):
        controls.pump(lab)
        total = 0.0
        for k in range(plays):
            counts = measure(lab, PROGRAM, repeats)
            total += counts.signal
            yield Point({"play": float(k), "signal": float(counts.signal)})
            yield Estimate({"photons": total, "photons_err": total**0.5})
            yield Progress((k + 1) / plays)
    return {"photons": total}


class Bench:
    """A wired lab with a runner, and all that was heard of it."""

    def __init__(self, found: Wired, folder: Path, store: Store) -> None:
        self.lab, self.twin, self.folder, self.store = found.lab, found.twin, folder, store
        self.found, self.news = found, list[News]()
        self.calibration = CalibrationStore(folder / "calibration", "a bench", self.lab.clock)

    def run(
        self,
        stream: Callable[[Lab], Stream[Any]] | None = None,
        gate: Gate | None = None,
        listeners: Sequence[Callable[[News], None]] = (),
        interrupts: Interrupts | None = None,
    ) -> Ended:
        """To its end."""
        heard = (self.news.append, *listeners)
        runner = Runner(self.lab, self.store, self.calibration, lambda _: COLUMNS, heard, interrupts, gate)
        return runner.run("glowing", {}, (stream or glowing)(runner.lab)).run

    def heard(self, kind: type[T]) -> list[T]:
        """Events of this kind, in order."""
        return [news.event for news in self.news if isinstance(news.event, kind)]

    @property
    def levels(self) -> tuple[int | None, int]:
        """Of the lines: by the card, and at the twin."""
        return self.lab.pulse_generator.levels(), self.twin.levels

    def shine(self, levels: int) -> float:
        """Rate at which the brighter NV is pumped at these levels of the lines."""
        return float(light(self.twin.sample, self.twin.knobs, levels, self.twin.drift).pump_per_s.max())


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    """One with a data folder."""
    with wired(7) as found, closing(Store(folder, "a bench")) as store:
        yield Bench(found, folder, store)
