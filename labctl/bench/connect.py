"""The one door to the simulation: the wires of the real bench, or those of a twin that is switched on for a command."""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labctl.common.commands import About, joined
from labctl.common.refusals import Refusal

if TYPE_CHECKING:
    from labctl.bench.heartbeat import Heartbeat
    from labctl.bench.session import OpenBench
    from labctl.bench.station import Wires
    from labctl.config.station_file import StationFile


@dataclass(frozen=True)
class Choice:
    """Which bench was asked for on the command line."""

    simulated: bool
    sample: Path | None = None
    seed: int | None = None
    pace: float | None = None
    bench: Path | None = None
    """File that tells where a twin is served by another process."""
    faults: Path | None = None
    """File that says what shall go wrong on the twin."""

    def about(self, station: Path, data: Path) -> About:
        """The same as options, for commands that a person is told to run."""
        return About.given({**vars(self), "station": station, "data": data})

    @property
    def outlives_us(self) -> bool:
        """Whether the bench goes on when this process is killed."""
        return self.bench is not None or not self.simulated

    def owned(self, station: Path) -> Path | None:
        """The file that stands for this bench, in its lock and its watchdog's word; None for our own twin."""
        return self.bench or (None if self.simulated else station)

    def check(self, reveal: bool = False) -> None:
        """Raises Refusal listing everything that is wrong with it. reveal: is the twin's truth asked for?"""
        faults = [*self._misplaced(reveal)]
        if self.seed is not None and self.seed < 0:
            faults.append(f"--seed must be 0 or more, not {self.seed}")
        if self.pace is not None and not (math.isfinite(self.pace) and self.pace > 0):
            faults.append(f"--pace must be a number above 0, not {self.pace:g}")
        if self.bench is not None:
            faults += _wires_faults(self.bench)
        elif self.simulated:
            faults += [*_sample_faults(self.sample), *_script_faults(self.faults)]
        if faults:
            raise Refusal(faults)

    def _misplaced(self, reveal: bool) -> Iterator[str]:
        """Options of a twin that is not there, or has been switched on with others."""
        truth = {"--sample": self.sample, "--seed": self.seed, "--pace": self.pace, "--faults": self.faults}
        for option in (option for option, value in truth.items() if value is not None):
            if self.bench is not None:
                yield f"{option} was chosen when the bench of --bench was started: leave it out"
            elif not self.simulated:
                yield f"{option} belongs to the digital twin: add --simulated"
        if reveal and not self.simulated and self.bench is None:
            yield "--reveal belongs to the digital twin: add --simulated"


@dataclass(frozen=True)
class Connection:
    """A bench that can be opened."""

    wires: "Wires"
    label: str
    """Names the bench in the data folder; a twin's says which sample it holds."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """What a run keeps about it."""
    truth: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    """What is true about the result of a run; only a twin knows."""


@contextmanager
def bench(choice: Choice, station: "StationFile") -> Iterator[Connection]:
    """The bench that was chosen. A twin lives as long as this block."""
    from labctl.bench.station import Wires

    if choice.bench is not None:
        with _served(choice.bench, station) as connection:
            yield connection
        return
    if not choice.simulated:
        yield Connection(Wires(), f"bench {station.path.stem}")
        return
    from simulated_instruments.bench import SimulatedBench
    from simulated_instruments.faults.script import load_faults
    from simulated_instruments.sample import label_of, load_sample

    sample = load_sample(choice.sample)
    label = label_of(choice.sample, sample)
    seed = sample.seed if choice.seed is None else choice.seed
    faults = load_faults(choice.faults) if choice.faults else ()
    with SimulatedBench(sample, seed, choice.pace, faults) as twin:
        record: dict[str, Any] = {"sample": label, "seed": seed, "twin": twin.identity}
        if choice.faults is not None:
            record["faults"] = choice.faults.read_text(encoding="utf-8")
        ports = _ports(station, twin.resources)
        addresses = {address: address for address in twin.resources.values()} | ports if ports else {}
        wires = Wires(twin.visalib, twin.ni_target, twin.clock, addresses)
        yield Connection(wires, label, record, twin.truth)


@contextmanager
def _served(file: Path, station: "StationFile") -> Iterator[Connection]:
    """The twin that another process serves. It goes on when this block ends."""
    from labctl.bench.station import Wires
    from simulated_instruments.served.client import ServedBench
    from simulated_instruments.served.wires import read_wires

    there = read_wires(file)
    with closing(ServedBench(there)) as twin:
        ports = {path: there.addresses[address] for path, address in _ports(station, there.roles).items()}
        wires = Wires("@py", there.ni_target, twin, {**there.addresses, **ports})
        record = {"sample": there.label, "seed": there.seed, "twin": there.twin}
        yield Connection(wires, there.label, record, twin.truth)


def _ports(station: "StationFile", twin: Mapping[str, str]) -> dict[str, str]:
    """Serial ports of the station that have the path of a device file -> where the twin has that role.

    twin: role -> its address there. A path like /dev/ttyUSB0 is a name that this computer gives, not the instrument's:
    so the twin's instrument is behind it. Any other address is that of an instrument, or of none.
    """
    return {
        address: twin[name]
        for name, entry in station.instruments.items()
        if (address := entry.address or "").startswith("ASRL/") and name in twin
    }


@contextmanager
def sole(choice: Choice, station: Path, patience_s: float = 0.0) -> Iterator[None]:
    """Nobody else opens this bench meanwhile. Raises BenchFault if somebody has it. Our own twin is ours anyway."""
    if (file := choice.owned(station)) is None:
        yield
        return
    from labctl.bench.lock import held

    with held(file, patience_s):
        yield


@contextmanager
def opened_bench(
    choice: Choice,
    file: "StationFile",
    data: Path,
    say: Callable[[str], None] = lambda _: None,
    log_every_s: float | None = None,
) -> "Iterator[OpenBench]":
    """The bench that was chosen, open for runs; in the end it is safe.

    data: folder of runs and calibrations. say: called with what a signal leads to, if that takes a while.
    log_every_s: so often the instruments are asked for the log of the bench; None: as the user's settings say.
    """
    from labctl.bench.night_log import NightLog
    from labctl.bench.session import OpenBench
    from labctl.bench.station import lab_of, opened
    from labctl.common.signals import Interrupts
    from labctl.config.user_settings import user_settings
    from labctl.data.calibration import CalibrationStore
    from labctl.data.disk import check_room
    from labctl.data.writing.run_writer import Store
    from labctl.messages.messenger import Messenger

    settings = user_settings()
    if few := check_room(data):
        say(few)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts(say))
        stack.enter_context(sole(choice, file.path))
        connection = stack.enter_context(bench(choice, file))
        messenger = stack.enter_context(closing(Messenger(settings.messages, connection.label)))
        store = stack.enter_context(closing(Store(data, connection.label)))
        calibration = CalibrationStore(data / "calibration", connection.label, connection.wires.clock)
        heartbeat = stack.enter_context(_watched(choice, file.path, data)) if choice.outlives_us else None
        open_station = stack.enter_context(opened(file, connection.wires))
        if heartbeat:
            heartbeat.ready()
        lab = stack.enter_context(lab_of(open_station, calibration, interrupts))
        record = {**connection.record, "options": choice.about(file.path, data).bench}
        log, every_s = None, log_every_s or settings.log_every_s
        if every_s:
            tell = partial(messenger.tell, "alarm")
            log = stack.enter_context(NightLog(open_station, data, every_s, settings.alarms, tell))
        told = (connection.truth, heartbeat, messenger, log)
        yield OpenBench(open_station, lab, store, calibration, interrupts, record, *told)


def _watched(choice: Choice, station: Path, data: Path) -> "Heartbeat":
    """A watchdog that reaches the bench as this process does."""
    from labctl.bench.heartbeat import Heartbeat

    there = ["--bench", str(choice.bench)] if choice.bench else []
    return Heartbeat(["--pid", str(os.getpid()), "--station", str(station), "--data", str(data), *there])


def _script_faults(file: Path | None) -> list[str]:
    from simulated_instruments.faults.script import FaultsError, load_faults

    try:
        if file is not None:
            load_faults(file)
    except FaultsError as error:
        return str(error).splitlines()
    return []


def _sample_faults(file: Path | None) -> list[str]:
    from simulated_instruments.sample import SampleError, load_sample

    try:
        load_sample(file)
    except SampleError as error:
        return [str(error)]
    return []


def _wires_faults(file: Path) -> list[str]:
    from simulated_instruments.served.client import ServedBench
    from simulated_instruments.served.wires import WiresError, read_wires

    try:
        with closing(ServedBench(read_wires(file))) as twin:
            there = twin.is_there()
    except WiresError as error:
        return [str(error)]
    start = f"python -m simulated_instruments --serve --file {joined([str(file)])}"
    return [] if there else [f"{file}: the bench that it tells of is gone; start one with: {start}"]
