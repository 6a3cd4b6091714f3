"""The doughnut: a laser, channel 2 of the AOM driver and two analogue outputs, as one beam with power and position.

The laser moves in coarse steps and needs seconds; the AOM is fine and fast. So the laser stands at a coarse power,
kept while the AOM alone can follow, and the AOM sets the rest. Its gate belongs to the pulse line `depletion`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from qcodes.instrument import Instrument
from qcodes.validators import Enum, Numbers

from instruments.common.clock import Clock, WallClock
from instruments.common.diffraction import LOWEST_EFFICIENCY
from instruments.common.errors import ChangedError, InstrumentError
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading, amount
from instruments.interface.roles import LightSwitch

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import InstrumentBaseKWArgs
    from qcodes.parameters import Parameter

    from instruments.interface import roles

MAX_POWER_MW: Final = 5000.0
STEP_MW: Final = 10.0
"""Of a Sprout-G; another laser says its own `powers_mw`."""
SPROUT_NM: Final = 532.0
WAVELENGTH_NM: Final = {"GSD": 532.0, "STED": 775.0}
COARSE_EFFICIENCY: Final = 0.8
"""Of the AOM when the laser's power is newly chosen: room on both sides."""
KEPT_EFFICIENCY: Final = (0.1, 0.95)
"""The laser's power is kept while the AOM stays within."""
STEERING_LIMIT_V: Final = 10.0
RISE_LIMIT_S: Final = 120.0
POLL_S: Final = 1.0
TOLERANCE: Final = 0.005
"""Relative, of every power read back, and never less than half a step of the laser."""


class Laser(Protocol):
    """What this beam needs of its laser: the parameters of the Sprout-G driver, in W.

    It may also have `wavelength_nm`, `powers_mw` (least, most and step) and `hindrances`, why it cannot shine now; a
    laser without them is a Sprout-G.
    """

    output_mode: "Parameter"
    output_power: "Parameter"
    output_setpoint: "Parameter"
    interlock_status: "Parameter"


class Card(Protocol):
    """What this beam needs of the NI card."""

    def write_analog(self, volts: dict[str, float], /) -> None: ...


class DepletionBeamError(InstrumentError):
    """The beam cannot be, or is not, as it was asked for. `seen` holds the values."""

    def __init__(self, message: str, *, instrument: str, **seen: float | str) -> None:
        super().__init__(message, instrument=instrument)
        self.seen = seen


class SteeringRangeError(DepletionBeamError):
    """A position beyond the reach of the analogue outputs."""


@dataclass(frozen=True)
class Split:
    """How a power is shared between the laser and the AOM."""

    laser_mw: float
    """A whole number of its steps."""
    efficiency: float
    """0 to 1."""


def split(
    power_mw: float, standing_mw: float, powers_mw: tuple[float, float, float] = (STEP_MW, MAX_POWER_MW, STEP_MW)
) -> Split:
    """Laser power and AOM efficiency for a total; standing_mw is the laser's present power, kept if it will do.

    powers_mw: of the laser: least, most, step.
    """
    least_mw, most_mw, step_mw = powers_mw
    if standing_mw > 0 and KEPT_EFFICIENCY[0] <= power_mw / standing_mw <= KEPT_EFFICIENCY[1]:
        return Split(standing_mw, power_mw / standing_mw)
    laser_mw = min(most_mw, max(least_mw, step_mw * math.ceil(power_mw / COARSE_EFFICIENCY / step_mw - 1e-9)))
    return Split(laser_mw, power_mw / laser_mw)


class DepletionBeam(Instrument):
    """The doughnut beam.

    power_mw: behind the AOM while its gate is open; 0 closes the AOM and takes the laser to IDLE. A set power is read
    back from both and refused if it is not there.
    mode: 'GSD' with a laser at 532 nm, which pumps where it shines; 'STED' with one at 775 nm, which lets nothing be
    pumped where it shines.
    position: where the null was last steered to, in nm from the piezo's zero.
    """

    built_on: ClassVar = {"laser": Laser, "aom": LightSwitch, "card": Card}

    def __init__(
        self,
        name: str,
        laser: str,
        aom: str,
        card: str,
        mode: Literal["GSD", "STED"] = "GSD",
        steering_nm_per_v: float = 1000.0,
        **kwargs: "Unpack[InstrumentBaseKWArgs]",
    ) -> None:
        """laser, aom, card: names of instruments in the station; a dot leads to a channel ("aom.doughnut").

        steering_nm_per_v: of the piezo behind the two `steering_outputs`.
        """
        super().__init__(name, **kwargs)
        self.clock: Clock = WallClock()
        self.steering_outputs = ("ao0", "ao1")
        """Analogue outputs of the card that steer x and y."""
        self._laser: Laser = _component(laser)
        self._aom: LightSwitch = _component(aom)
        self._card: Card = _component(card)
        self._steering_nm_per_v = steering_nm_per_v
        self._position_nm = (0.0, 0.0)
        self._laser_mw = 0.0
        self._powers_mw = getattr(self._laser, "powers_mw", (STEP_MW, MAX_POWER_MW, STEP_MW))
        self._limit_mw = self._powers_mw[1]
        self.power_mw: Parameter = self.add_parameter(
            "power_mw", unit="mW", vals=Numbers(0.0, self._limit_mw), get_cmd=self._power_mw, set_cmd=self._set_power
        )
        self.mode: Parameter = self.add_parameter(
            "mode", vals=Enum("GSD", "STED"), get_cmd=lambda: self._mode, set_cmd=self._set_mode
        )
        self._mode: Literal["GSD", "STED"] = "GSD"
        self.position: Parameter = self.add_parameter("position", unit="nm", get_cmd=lambda: self._position_nm)
        self.mode(mode)

    def get_idn(self) -> dict[str, str | None]:
        """This beam is put together from other instruments."""
        return {"vendor": "labctl", "model": "depletion beam", "serial": None, "firmware": None}

    @property
    def selects(self) -> "roles.Selected":
        """The NV outside of its null under GSD, the one inside under STED."""
        return "inside" if self._mode == "STED" else "outside"

    def steer(self, x_nm: float, y_nm: float) -> None:
        """Centre the null here. Refuses a position beyond the analogue outputs before anything moves."""
        volts = (self._volts("x", x_nm), self._volts("y", y_nm))
        self._card.write_analog(dict(zip(self.steering_outputs, volts, strict=True)))
        self._position_nm = (x_nm, y_nm)

    def _volts(self, axis: str, nm: float) -> float:
        volts = nm / self._steering_nm_per_v
        if not abs(volts) <= STEERING_LIMIT_V:  # also refuses what is not a number
            raise SteeringRangeError(
                f"Beam {self.name!r}: {axis} = {nm:.6g} nm needs {volts:.6g} V, beyond +-{STEERING_LIMIT_V:g} V. Stay "
                f"within +-{STEERING_LIMIT_V * self._steering_nm_per_v:g} nm, or move the sample",
                instrument=self.name,
                axis=axis,
                nm=nm,
                volts=volts,
                limit_v=STEERING_LIMIT_V,
            )
        return volts

    @property
    def limit_mw(self) -> float:
        """Largest power; the station may lower it."""
        return self._limit_mw

    @limit_mw.setter
    def limit_mw(self, mw: float) -> None:
        self._limit_mw = mw
        self.power_mw.vals = Numbers(0.0, mw)

    def set_power(self, mw: float) -> None:
        """The power while its gate is open, read back; 0 switches it off."""
        self.power_mw(mw)

    def asked_mw(self) -> float:
        """The power as it was set or read last; asks if it is not known yet."""
        return float(self.power_mw.cache.get())

    def make_safe(self) -> str:
        """Its switch closed and its laser dark."""
        self.set_power(0.0)
        found_mw = self.power_mw()
        return f"its power reads {found_mw:g} mW" if found_mw else ""

    def readings(self) -> Iterator[Reading]:
        """Power and place."""
        power_mw, (x_nm, y_nm) = float(self.power_mw()), self.position()
        yield amount("power before its gate", power_mw, "mW", self.limit_mw, power_mw > 0)
        yield Reading("kind", str(self.mode()), verdict="off")
        for axis, nm in (("x", x_nm), ("y", y_nm)):
            yield Reading(f"null at {axis}", float(nm), "nm", verdict="off")

    def causes(self) -> Iterator[Cause]:
        """What holds its laser: the open interlock, or all that the laser itself tells."""
        if (hindrances := getattr(self._laser, "hindrances", None)) is not None:
            yield from (replace(cause, what=f"{self.name}: {cause.what}") for cause in hindrances())
        elif self.interlock_open():
            is_closed = lambda: not self.interlock_open()  # noqa: E731  # asked again and again
            yield Cause(f"{self.name}: its laser's interlock is open", "close it", is_closed)

    def settings(self) -> dict[str, Any]:
        """Power and place, if it is on."""
        if not (power_mw := self.power_mw.cache.get(get_if_invalid=False)):
            return {}
        x_nm, y_nm = self._position_nm
        return {"doughnut_mw": power_mw, "null_x_nm": float(x_nm), "null_y_nm": float(y_nm)}

    def verify(self) -> None:
        """Raises ChangedError if the laser was set to shine and does not, or otherwise; the AOM tells of itself."""
        wanted_mw = self._laser_mw
        if not wanted_mw:
            return
        mode = str(self._laser.output_mode())
        seen_mw = float(self._laser.output_power()) * 1e3 if mode == "on" else 0.0
        if abs(seen_mw - wanted_mw) > _tolerance(wanted_mw):
            self._laser_mw = 0.0
            raise ChangedError(self.name, f"its laser is {mode} at {seen_mw:.0f} mW, was at {wanted_mw:.0f} mW")

    def interlock_open(self) -> bool:
        """Whether the interlock of the laser keeps it dark."""
        return str(self._laser.interlock_status()) == "OPEN"

    def _power_mw(self) -> float:
        if self._laser.output_mode() != "on":
            return 0.0
        return float(self._laser.output_power()) * 1e3 * float(self._aom.share())

    def _set_power(self, power_mw: float) -> None:
        self._laser_mw = 0.0
        if power_mw == 0.0:
            self._switch_off()
            return
        standing_mw = self._standing_mw()
        parts = split(power_mw, standing_mw, self._powers_mw)
        if parts.efficiency < LOWEST_EFFICIENCY:
            lowest_mw = self._powers_mw[0] * LOWEST_EFFICIENCY
            raise DepletionBeamError(
                f"Beam {self.name!r}: {power_mw:.4g} mW is less than {lowest_mw:.3g} mW, the least that laser "
                "and AOM make together. Ask for more, or for 0",
                instrument=self.name,
                power_mw=power_mw,
                lowest_mw=lowest_mw,
            )
        self._aom.follow_line()
        if parts.laser_mw != standing_mw:
            self._move_laser(parts.laser_mw)
        self._aom.set_share(parts.efficiency)
        self._verify(power_mw, parts)
        self._laser_mw = parts.laser_mw

    def _switch_off(self) -> None:
        """First the fast switch, then the laser, whatever the first one says."""
        try:
            self._aom.set_share(0.0)
        finally:
            self._laser.output_mode("idle")
        if self._aom.is_on() or self._laser.output_mode() not in ("idle", "off"):
            raise DepletionBeamError(
                f"Beam {self.name!r} is not off: AOM channel {'on' if self._aom.is_on() else 'off'}, laser "
                f"{self._laser.output_mode()!r}. Close the shutter by hand",
                instrument=self.name,
                aom=str(self._aom.is_on()),
                laser=str(self._laser.output_mode()),
            )

    def _standing_mw(self) -> float:
        """Set power of the laser; 0 while it is not on."""
        return round(float(self._laser.output_setpoint()) * 1e3, 3) if self._laser.output_mode() == "on" else 0.0

    def _move_laser(self, laser_mw: float) -> None:
        """Take the laser to another power behind a closed AOM, and wait until it is there."""
        self._aom.switch_off()
        self._laser.output_power(laser_mw / 1e3)
        self._laser.output_mode("on")
        deadline_s = self.clock.now() + RISE_LIMIT_S
        while abs((seen_mw := float(self._laser.output_power()) * 1e3) - laser_mw) > _tolerance(laser_mw):
            if self.clock.now() > deadline_s:
                raise DepletionBeamError(
                    f"Beam {self.name!r}: the laser stands at {seen_mw:.0f} mW, {RISE_LIMIT_S:.0f} s after it "
                    f"was set to {laser_mw:.0f} mW. Look at its warnings and its shutter",
                    instrument=self.name,
                    set_mw=laser_mw,
                    seen_mw=seen_mw,
                )
            self.clock.sleep(POLL_S)

    def _verify(self, power_mw: float, parts: Split) -> None:
        seen_mw = self._power_mw()
        if abs(seen_mw - power_mw) > TOLERANCE * power_mw + _tolerance(parts.laser_mw) * parts.efficiency:
            raise DepletionBeamError(
                f"Beam {self.name!r}: {power_mw:.4g} mW was set, {seen_mw:.4g} mW is there. Look at the state "
                "of the laser and of its AOM",
                instrument=self.name,
                set_mw=power_mw,
                seen_mw=seen_mw,
            )

    def _set_mode(self, mode: str) -> None:
        is_nm, needs_nm = getattr(self._laser, "wavelength_nm", SPROUT_NM), WAVELENGTH_NM[mode]
        if is_nm != needs_nm:
            other = next(name for name in WAVELENGTH_NM if name != mode)
            raise DepletionBeamError(
                f"Beam {self.name!r}: mode {mode!r} needs a laser at {needs_nm:.0f} nm, and this bench has one at "
                f"{is_nm:.0f} nm. Say mode {other!r}, or fit such a laser and its driver",
                instrument=self.name,
                mode=mode,
            )
        self._mode = "STED" if mode == "STED" else "GSD"


def _tolerance(laser_mw: float) -> float:
    return max(0.5 * STEP_MW, TOLERANCE * laser_mw)


def _component(path: str) -> Any:
    """An instrument of the station by name, or a channel of it."""
    name, *channels = path.split(".")
    found: Any = Instrument.find_instrument(name)
    for channel in channels:
        found = found.submodules[channel]
    return found


if TYPE_CHECKING:
    _PLAYS: type[roles.DepletionBeam] = DepletionBeam
