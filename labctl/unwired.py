"""A lab without wires: the roles of station.yaml played by the twin in this process, for statistics over many runs.

No VISA, no gRPC, no thread, no driver, but the same commands to the same instruments at the same laboratory time: a
seed gives the counts that it gives over the wires. Faults, interlocks, runs on disk and snapshots need the wired bench.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Final

from instruments.common.errors import ChangedError
from instruments.interface.playable import Playable
from labctl.bench.station import apply_limits
from labctl.config.pulse_lines import stated
from labctl.config.station_file import StationFile, read_station
from labctl.data.calibration_in_memory import Kept
from sequences.core.lab import Calibration, Lab, RunContext
from sequences.results import Begin, End, Estimate, Point, Stream
from simulated_instruments.sample import Sample, load_sample
from simulated_instruments.truth import truth
from simulated_instruments.twin import Twin
from simulated_instruments.unwired.aom import Aom
from simulated_instruments.unwired.box import Box
from simulated_instruments.unwired.card import Card, PhotonCounter, PulseGenerator
from simulated_instruments.unwired.currents import CurrentChannel, Supply, TrimSource
from simulated_instruments.unwired.doughnut import DepletionBeam
from simulated_instruments.unwired.green_laser import GreenLaser
from simulated_instruments.unwired.magnet import Magnet
from simulated_instruments.unwired.microwave import Microwave
from simulated_instruments.unwired.red_doughnut import RedDoughnut
from simulated_instruments.visa.dialects import DIALECTS

STATION: Final = Path(__file__).parents[1] / "station.yaml"
_LINES: Final = tuple(f"line{k}" for k in range(8))
"""Of the twin's card."""
_LONGEST_S_PER_NS: Final = 4.0
"""Its longest play for each ns of its tick: it counts ticks in 32 bits."""


@dataclass(frozen=True)
class Ran:
    """What came of a sequence."""

    result: Any
    points: list[Point]
    """Its own and those of its children, in order."""
    begun: list[str]
    """Child runs, in order."""
    ended: list[Any]
    """Results of those that ended."""
    estimates: list[Mapping[str, Any]]


def ran(stream: Stream[Any]) -> Ran:
    """Run a sequence to its end. Raises what it raises."""
    points: list[Point] = []
    begun: list[str] = []
    ended: list[Any] = []
    estimates: list[Mapping[str, Any]] = []
    while True:
        try:
            event = next(stream)
        except StopIteration as stop:
            return Ran(stop.value, points, begun, ended, estimates)
        match event:
            case Point():
                points.append(event)
            case Begin():
                begun.append(event.sequence)
            case End():
                ended.append(event.result)
            case Estimate():
                estimates.append(event.values)


@dataclass(frozen=True)
class Unwired:
    """A bench from power-on, and its truth beside it, which is for judging results and not for the lab."""

    lab: Lab
    twin: Twin
    kept: Kept = field(repr=False)

    def truth(self, result: Any) -> dict[str, Any]:
        """What is true about a run's result: to be asked after the run."""
        return truth(self.twin, asdict(result) if is_dataclass(result) and not isinstance(result, type) else result)


def unwired(sample: Sample | None = None, seed: int | None = None, file: StationFile | None = None) -> Unwired:
    """Switch a bench on. seed: instead of the sample's; file: instead of the station.yaml of this tree."""
    twin = Twin(sample or load_sample(), seed=seed)
    kept = Kept(twin.clock)
    return Unwired(unwired_lab(twin, file or read_station(STATION), kept), twin, kept)


def unwired_lab(twin: Twin, file: StationFile, calibration: Calibration | None = None) -> Lab:
    """The lab of a station.yaml on this twin, every instrument in power-on state."""
    station = _Station(twin, file)
    supplies = station.supplies()
    aom, terminals = Aom(station.box("aom")), file.model.wiring.terminals
    playable = station.playable()
    card = Card(twin, playable.tick_ns / 1e9)
    coils = {coil: station.source(name, supplies) for coil, name in file.coils.items()}
    lab = Lab(
        magnet=station.magnet(supplies),
        shift_coil=coils["shift"],
        gradient_coil=coils["gradient"],
        compensation_coil=coils["compensation"],
        microwave=Microwave(station.box("microwave")),
        green_laser=GreenLaser(station.box("green_laser"), twin.clock),
        aom=aom,
        depletion_beam=station.depletion_beam(aom, card),
        photon_counter=PhotonCounter(card, **(terminals.model_dump() if terminals else {})),
        pulse_generator=PulseGenerator(card, playable),
        wiring=file.wiring(),
        limits=file.limits(),
        paths=file.paths(),
        guesses=file.guesses(),
        run=RunContext(twin.clock, Kept(twin.clock) if calibration is None else calibration),
    )
    apply_limits(lab, file)
    return lab


@dataclass(frozen=True)
class _Station:
    """The instruments of a station.yaml, by their names in it."""

    twin: Twin
    file: StationFile

    def box(self, name: str) -> Box:
        """One instrument. Raises LookupError if nothing is there under its address."""
        address = self.file.instruments[name].address
        if address is None or address not in DIALECTS:
            raise LookupError(f"{name}: the simulated bench has no {address}; it has {', '.join(DIALECTS)}")
        return Box(name, DIALECTS[address](self.twin), ChangedError)

    def init(self, name: str) -> dict[str, Any]:
        """Its arguments in station.yaml."""
        return self.file.instruments[name].init

    def playable(self) -> Playable:
        """What the pulse source would play; of one that tells only when it is open, the tick of the wiring."""
        said = stated(self.file.instruments["pulse_generator"].model_dump())
        tick_ns = self.file.model.wiring.tick_ns
        return said or Playable(tick_ns, _LINES, longest_s=_LONGEST_S_PER_NS * tick_ns)

    def supplies(self) -> dict[str, Supply]:
        """The supplies with two channels, of which one feeds a coil or belongs to the magnet."""
        named = [*self.file.coils.values(), *map(str, self.init("magnet").values())]
        found = dict.fromkeys(name.partition(".")[0] for name in named if "." in name)
        return {name: Supply(self.box(name), **self.init(name)) for name in found}

    def magnet(self, supplies: Mapping[str, Supply]) -> Magnet:
        """Three sources, each a channel of a supply or a trim source."""
        x, y, main = (self.source(self.init("magnet")[axis], supplies) for axis in ("x", "y", "main"))
        return Magnet((x, y, main), self.twin.clock)

    def depletion_beam(self, aom: Aom, card: Card) -> DepletionBeam:
        """Laser, AOM channel and steering as one beam."""
        init = self.init("depletion_beam")
        channel = getattr(aom, str(init["aom"]).rpartition(".")[2])
        steering = {name: value for name, value in init.items() if name == "steering_nm_per_v"}
        kind = RedDoughnut if init.get("mode") == "STED" else DepletionBeam
        beam = kind(self.box(str(init["laser"])), channel, card, self.twin.clock, **steering)
        outputs = self.file.model.wiring.steering
        beam.steering_outputs = (outputs.x, outputs.y)
        return beam

    def source(self, name: str, supplies: Mapping[str, Supply]) -> CurrentChannel | TrimSource:
        """A channel of a supply, or a trim source, by its name."""
        root, _, channel = name.partition(".")
        if root not in supplies:
            return TrimSource(self.box(root))
        found: CurrentChannel = getattr(supplies[root], channel)
        return found
