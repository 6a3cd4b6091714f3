"""A wired lab with a runner that is listened to, and a sequence that counts light again and again."""

from contextlib import closing, contextmanager

from labctl.data.calibration import CalibrationStore
from labctl.data.store import Store
from labctl.runner import Runner
from sequences.pulses.library import cw_odmr
from sequences.results import Column, Estimate, Point, Progress
from sequences.routines import controls
from sequences.routines.measure import measure
from simulated_instruments.twin.surroundings import light
from tools.trials.wired import wired

COLUMNS = (Column("play", "play", ""), Column("signal", "photons", "", ("play",)))

PLAYS = 5

PROGRAM = cw_odmr()

REPEATS = 500


def glowing(lab, repeats=REPEATS, plays=PLAYS):
    """Count the light of the NVs again and again."""
    with controls.left_safe(lab):
        controls.pump(lab)
        total = 0
        for k in range(plays):
            counts = measure(lab, PROGRAM, repeats)
            total += counts.signal
            yield Point({"play": float(k), "signal": float(counts.signal)})
            yield Estimate({"photons": total, "photons_err": total**0.5})
            yield Progress((k + 1) / plays)
    return {"photons": total}


class Bench:
    """A wired lab with a runner, and all that was heard of it."""

    def __init__(self, found, folder, store):
        self.lab, self.twin, self.folder, self.store = found.lab, found.twin, folder, store
        self.found, self.news = found, []
        self.lab.calibration = CalibrationStore(folder / "calibration", "a bench", self.lab.clock)

    def run(self, stream=None, gate=None, listeners=(), interrupts=None):
        heard = (self.news.append, *listeners)
        runner = Runner(self.lab, self.store, self.lab.calibration, lambda _: COLUMNS, heard, interrupts, gate)
        return runner.run("glowing", {}, stream or glowing(self.lab)).run

    def heard(self, kind):
        return [news.event for news in self.news if isinstance(news.event, kind)]

    @property
    def levels(self):
        """Of the lines: by the card, and at the twin."""
        return self.lab.pulse_generator.levels(), self.twin.levels

    def shine(self, levels):
        """Rate at which the brighter NV is pumped at these levels of the lines."""
        return light(self.twin.sample, self.twin.knobs, levels, self.twin.drift).pump_per_s.max()


@contextmanager
def opened(folder):
    with wired(7) as found, closing(Store(folder, "a bench")) as store:
        yield Bench(found, folder, store)
