"""The bench, opened as station.yaml describes it: instruments through qcodes.Station, then the Lab of the sequences."""

import functools
import io
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from qcodes.instrument import VisaInstrument
from qcodes.station import Station
from ruamel.yaml import YAML

from instruments.common.clock import Clock, WallClock
from instruments.common.retry import make_steady
from instruments.interface.fitness import lacking
from instruments.interface.roles import CurrentSource, DepletionBeam, MicrowaveSource, PumpLaser
from labctl.bench.unreachable import Silent, told
from labctl.common.refusals import BenchFault
from labctl.common.signals import Interrupts
from labctl.config.drivers import driver, is_ni, is_visa, opened_as
from labctl.config.pulse_lines import counter_fault, mismatches
from labctl.config.roles import needs_of
from labctl.config.station_file import StationFile
from labctl.safety.safe_state import make_safe
from sequences.core.lab import ROLES, Calibration, Lab, RunContext

LOG: Final = logging.getLogger(__name__)
_NO_ROLE: Final = "the experiments use it. Take a driver that has it"
_EXCHANGES: Final = ("ask", "write", "ask_raw", "write_raw", "command", "_block")
"""Methods of VISA drivers that speak; the last two, of the AOM driver, answer in several lines."""
_COIL: Final = "_coil"
"""End of the names of coils in a Lab: which channel feeds one, station.yaml says."""


@dataclass(frozen=True)
class Wires:
    """How the addresses of station.yaml are reached. The default is this computer's own VISA and NI driver."""

    visalib: str | None = None
    """PyVISA's library."""
    ni_target: str | None = None
    """host:port of an NI gRPC device server."""
    clock: Clock = field(default_factory=WallClock)
    """Of the laboratory at the other end."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """VISA address in station.yaml -> where that instrument is really reached; empty: as station.yaml says."""

    def arguments(self, driver_class: type[Any], address: str | None = None) -> dict[str, Any]:
        """What a driver's constructor is given beyond its entry in station.yaml, which has this address.

        Raises LookupError if these wires lead elsewhere and nothing is there under this address.
        """
        if self.visalib is not None and is_visa(driver_class):
            return {"visalib": self.visalib, **self._translated(address)}
        if self.ni_target is not None and is_ni(driver_class):
            return {"grpc_target": self.ni_target}
        return {}

    def _translated(self, address: str | None) -> dict[str, Any]:
        if not self.addresses or address is None:
            return {}
        elsewhere = {_canonical(known): there for known, there in self.addresses.items()}
        if (there := elsewhere.get(_canonical(address))) is None:
            raise LookupError(f"there is no such address on this bench; it has {', '.join(self.addresses)}")
        if not there.endswith("::SOCKET"):
            return {"address": there}
        return {"address": there, "device_clear": False}  # there is none on a socket; PyVISA-py's may never return


class _Gone:
    """Stands for an instrument that could not be opened, or for a part of it."""

    def __init__(self, silent: Silent) -> None:
        self._silent = silent

    def __getattr__(self, name: str) -> "_Gone":
        return self

    def __call__(self, *_: object) -> object:
        raise BenchFault([str(self._silent)])


class OpenStation:
    """The instruments that could be opened, and why the others could not."""

    def __init__(
        self,
        file: StationFile,
        wires: Wires,
        first: Sequence[str] = (),
        met: Callable[[str, Any], None] = lambda _name, _instrument: None,
    ) -> None:
        """Opens every instrument that it can; raises nothing if one does not answer.

        first: those to be opened before others. met: called with each instrument as soon as it is open.
        """
        self.file, self.wires = file, wires
        self.station = Station(default=False)
        self.station.load_config(_instruments_only(file))
        self.silent: dict[str, Silent] = {}
        self.opened_s: dict[str, float] = {}
        """Name -> wall time that it took to open."""
        for name in file.order(first):
            self._open(name)
            if name in self.instruments:
                met(name, self.instruments[name])
        self._limit()

    @property
    def instruments(self) -> Mapping[str, Any]:
        """Name -> instrument, of those that are open."""
        return self.station.components

    def faults(self) -> list[str]:
        """Why instruments could not be opened: a sentence each, and fewer if none could."""
        return told(self.silent.values(), not self.instruments, str(self.file.path))

    def lab(self, calibration: Calibration) -> Lab:
        """The lab for a sequence. Raises BenchFault saying which instruments are not open."""
        if self.silent:
            raise BenchFault(self.faults())
        self._prepare()
        return Lab(
            **vars(self.switches()),
            wiring=self.file.wiring(),
            limits=self.file.limits(),
            paths=self.file.paths(),
            guesses=self.file.guesses(),
            run=RunContext(self.wires.clock, calibration),
        )

    def switches(self) -> SimpleNamespace:
        """What the safe state switches, by the names it has in a Lab; one that is not open says so when it is used."""
        found = dict(self.instruments) | {name: _Gone(silent) for name, silent in self.silent.items()}
        return SimpleNamespace(
            **{name: found[name] for name in ROLES if not name.endswith(_COIL)},
            **{f"{coil}{_COIL}": _channel(found, name) for coil, name in self.file.coils.items()},
        )

    def snapshot(self) -> dict[str, Any]:
        """State of all instruments, as QCoDeS keeps it with a run; asks only for what is not known yet."""
        with redirect_stdout(io.StringIO()):
            return {"station": self.station.snapshot(update=None)}

    def close(self) -> None:
        """Close all instruments, those first that are built on others."""
        for name, instrument in reversed(list(self.instruments.items())):
            try:
                self.station.close_and_remove_instrument(name)
            except Exception:
                LOG.exception("%s could not be closed", name)
                type(instrument).remove_instance(instrument)  # so that its name is free again

    def _open(self, name: str) -> None:
        entry = self.file.instruments[name]
        if missing := sorted(self.file.built_on(name) & self.silent.keys()):
            self.silent[name] = Silent(name, "", f"was not opened: it is built on {', '.join(missing)}")
            return
        began_s = time.monotonic()
        try:
            arguments = self.wires.arguments(driver(entry.type), entry.address)
            with redirect_stdout(io.StringIO()):  # drivers print a greeting
                self.station.load_instrument(name, update_snapshot=False, **arguments)
        except Exception as error:
            LOG.info("Opening %s", name, exc_info=True)
            self.silent[name] = Silent.after(name, entry.address or "", error)
        else:
            self.opened_s[name] = time.monotonic() - began_s
            self._met(name)

    def _met(self, name: str) -> None:
        """An instrument that is open, and that can do what its role asks of it; any other is closed again."""
        if missing := lacking(self.instruments[name], needs_of(name, self.file.coils)):
            model, address = type(self.instruments[name]).__name__, self.file.instruments[name].address or ""
            self.silent[name] = Silent(name, address, f"is a {model}, which lacks {', '.join(missing)}: {_NO_ROLE}")
            self.station.close_and_remove_instrument(name)
            return
        self._set_clock(self.instruments[name])
        one_at_a_time(self.instruments[name])

    def _set_clock(self, instrument: Any) -> None:
        if hasattr(instrument, "clock"):
            instrument.clock = self.wires.clock

    def _prepare(self) -> None:
        """What station.yaml says beyond the constructors' arguments."""
        wiring = self.file.model.wiring
        counter, beam = self.instruments["photon_counter"], self.instruments["depletion_beam"]
        inputs = wiring.terminals.model_dump() if wiring.terminals else {}
        faults = [text for _, text in mismatches(self.instruments["pulse_generator"].playable, wiring.model_dump())]
        if faults := [*faults, *filter(None, [counter_fault(inputs, counter.inputs())])]:
            raise BenchFault(f"{self.file.path}: {fault}" for fault in faults)
        if inputs:
            counter.connect(inputs)
        beam.steering_outputs = (wiring.steering.x, wiring.steering.y)
        self.instruments["magnet"].coil_matrix_mt_per_a = self.file.guesses().coil_matrix_mt_per_a

    def _limit(self) -> None:
        """The limits of station.yaml, where they are stricter, become the drivers' own: for all experiments."""
        bench = self.switches()
        apply_limits(bench, self.file, [name for name in vars(bench) if not isinstance(getattr(bench, name), _Gone)])


def apply_limits(bench: Any, file: StationFile, names: Collection[str] = tuple(ROLES)) -> None:
    """Lower the limits of the instruments of a bench to those of station.yaml. names: those that there are."""
    limits, paths = file.limits(), file.paths()
    if "magnet" in names:
        magnet, asked = bench.magnet, (limits.trim_a, limits.trim_a, limits.main_a)
        magnet.limits_a = tuple(min(pair) for pair in zip(asked, magnet.limits_a, strict=True))
        magnet.ramp_a_per_s = limits.ramp_a_per_s
        magnet.loads_ohm, magnet.heat_limit_w = (paths.trim_ohm, paths.trim_ohm, paths.main_ohm), limits.magnet_w
        for trim in magnet.sources[:2]:
            trim.limit_a = min(trim.limit_a, limits.trim_a)
    for name in names:
        found = getattr(bench, name)
        if ROLES[name] is CurrentSource:
            found.limit_a = min(found.limit_a, limits.pulsed_a)
        elif ROLES[name] is MicrowaveSource:
            found.limit_dbm = min(found.limit_dbm, limits.microwave_dbm)
        elif ROLES[name] is PumpLaser:
            found.limit_mw = min(found.limit_mw, limits.green_mw)
        elif ROLES[name] is DepletionBeam:
            found.limit_mw = min(found.limit_mw, limits.depletion_mw)


def _channel(instruments: Mapping[str, Any], name: str) -> Any:
    """The channel of a name like main_supply.ch2; of a name without a channel, the instrument itself."""
    supply, _, part = name.partition(".")
    return getattr(instruments[supply], part) if part else instruments[supply]


def one_at_a_time(instrument: Any) -> None:
    """Make a VISA instrument steady, and let several threads use it: an exchange is finished before the next begins.

    So is a whole parameter, asked or set and remembered: some drivers read the answer to a setting beyond `write_raw`,
    and a value asked for before a setting must not be remembered after it. Only a driver with a clock is let go between
    its exchanges, for it waits there.
    """
    if not isinstance(instrument, VisaInstrument):
        return
    lock = threading.RLock()
    make_steady(instrument, lock)
    _lock(instrument, _EXCHANGES, lock)
    if not hasattr(instrument, "clock"):
        for part in (instrument, *instrument.instrument_modules.values()):
            for parameter in part.parameters.values():
                _lock(parameter, ("get", "set"), lock)


def _lock(owner: Any, names: Iterable[str], lock: Any) -> None:
    for name in names:
        if (exchange := getattr(owner, name, None)) is not None:
            setattr(owner, name, _locked(lock, exchange))


def _locked(lock: Any, exchange: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(exchange)
    def whole(*arguments: Any, **named: Any) -> Any:
        with lock:
            return exchange(*arguments, **named)

    return whole


@contextmanager
def opened(file: StationFile, wires: Wires) -> Iterator[OpenStation]:
    """The station, open; everything is closed in the end. It is left as it was found."""
    station = OpenStation(file, wires)
    try:
        yield station
    finally:
        station.close()


@contextmanager
def lab_of(station: OpenStation, calibration: Calibration, interrupts: Interrupts) -> Iterator[Lab]:
    """The lab, for experiments; in the end the bench is safe, and the magnet as station.yaml wants it.

    Raises BenchFault if that cannot be confirmed, whatever else went wrong.
    """
    lab = station.lab(calibration)
    try:
        yield lab
    finally:
        with interrupts.held(dropping=True):
            steps = make_safe(lab, station.file.ramps_magnet)
        if unconfirmed := [step for step in steps if step.fault]:
            raise BenchFault(f"NOT SAFE: {step}" for step in unconfirmed)


def _instruments_only(file: StationFile) -> str:
    """The section that is QCoDeS's; its schema knows none of the others."""
    stream = io.StringIO()
    entries = {
        name: entry.model_dump(exclude_unset=True) | {"type": opened_as(entry.type)}
        for name, entry in file.instruments.items()
    }
    YAML(typ="safe", pure=True).dump({"instruments": entries}, stream)
    return stream.getvalue()


def _canonical(address: str) -> str:
    """One way of writing a VISA address, of the several that mean the same."""
    from pyvisa.rname import to_canonical_name

    return str(to_canonical_name(address))
