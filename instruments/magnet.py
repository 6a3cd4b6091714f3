"""Three currents as one field: limits, staged ramps at a limited rate, and the calibration from amperes to mT."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qcodes.instrument import Instrument, InstrumentBase

from instruments.common.clock import Clock, WallClock
from instruments.common.errors import InstrumentError
from instruments.interface.causes import Cause
from instruments.interface.fitness import lacking, members_of
from instruments.interface.readings import Reading, amount, on
from instruments.interface.roles import Currents, CurrentSource, Role

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import InstrumentBaseKWArgs
    from qcodes.parameters import Parameter

    from instruments.interface import roles

AXES: Final = ("x", "y", "main")
STEP_S: Final = 1.0
"""A ramp that takes no longer is one step."""
MOST_STEPS: Final = 40
"""A slower ramp has larger steps: between them the supplies' compliance limits dI/dt."""
SMALL_A: Final = 1e-4
"""A current below this is none: the supplies' read-back is no finer."""


class MagnetLimitError(InstrumentError, ValueError):
    """A current beyond the magnet's limits. Nothing has moved."""

    def __init__(self, axis: str, value_a: float, limit_a: float) -> None:
        super().__init__(
            f"magnet: {value_a:g} A for {axis} is beyond its limit of ±{limit_a:g} A; "
            "ask for a smaller field, or check the coil matrix and the limits in station.yaml",
            instrument="magnet",
        )
        self.axis, self.value_a, self.limit_a = axis, value_a, limit_a


class MagnetHeatError(InstrumentError, ValueError):
    """Currents that would heat the coils too much. Nothing has moved."""

    def __init__(self, currents_a: Currents, heat_w: float, limit_w: float) -> None:
        super().__init__(
            f"magnet: {', '.join(f'{amps:g} A' for amps in currents_a)} in {', '.join(AXES)} would heat the coils with "
            f"{heat_w:.4g} W, beyond their limit of {limit_w:g} W (limits.magnet_w of station.yaml)",
            instrument="magnet",
            remedy="Ask for a smaller field",
        )
        self.heat_w, self.limit_w = heat_w, limit_w


class MagnetOffError(InstrumentError):
    """A source of the magnet is off, so that its current cannot follow."""

    def __init__(self, axes: tuple[str, ...], sources: tuple[str, ...], occasion: str) -> None:
        """sources: names of the supplies of these axes."""
        named = ", ".join(f"{axis} ({source})" for axis, source in zip(axes, sources, strict=True))
        super().__init__(
            f"magnet: the output of {named} is off {occasion}; "
            "check coil and cooling if it switched itself off, then call switch_on()",
            instrument="magnet",
        )
        self.axes = axes


class Magnet(Instrument):
    """Coils x, y (trims) and main (along z).

    currents: settings in A, read back, 0 where the output is off. field: mT in the laboratory's x, y, z by
    `coil_matrix_mt_per_a` (rows x, y, z; columns as the currents); setting it ramps.
    """

    built_on: ClassVar = {"x": CurrentSource, "y": CurrentSource, "main": CurrentSource}

    def __init__(self, name: str, x: str, y: str, main: str, **kwargs: "Unpack[InstrumentBaseKWArgs]") -> None:
        """x, y, main: names of current sources, "trim_x" or "main_supply.ch1"."""
        super().__init__(name, **kwargs)
        self.clock: Clock = WallClock()
        self._sources: tuple[CurrentSource, ...] = tuple(find_current_source(source) for source in (x, y, main))
        self.limits_a: Currents = (self._sources[0].limit_a, self._sources[1].limit_a, self._sources[2].limit_a)
        """Largest current of x, y, main either way."""
        self.loads_ohm: Currents = (0.0, 0.0, 0.0)
        """Resistance of the coils x, y, main, as far as it is known."""
        self.heat_limit_w = math.inf
        """Of all three together."""
        self.ramp_a_per_s = 0.05
        """Fastest change of any current."""
        self.ramped_to_a: Currents | None = None
        """Where the last ramp has led."""
        self._coil_matrix: NDArray[np.float64] = np.diag([40.0, 40.0, 110.0])
        self.currents: Parameter[Currents, Self] = self.add_parameter(
            "currents", unit="A", get_cmd=self._currents, docstring="Settings of x, y, main; 0 where the output is off."
        )
        self.field: Parameter[NDArray[np.float64], Self] = self.add_parameter(
            "field", unit="mT", get_cmd=self._field, set_cmd=self._ramp_field, docstring="Laboratory x, y, z."
        )

    @property
    def coil_matrix_mt_per_a(self) -> NDArray[np.float64]:
        """(3, 3): rows laboratory x, y, z; columns x, y, main."""
        return self._coil_matrix

    @coil_matrix_mt_per_a.setter
    def coil_matrix_mt_per_a(self, matrix: ArrayLike) -> None:
        new = np.array(matrix, dtype=float)
        if new.shape != (3, 3) or not np.isfinite(new).all() or np.linalg.matrix_rank(new) < 3:
            raise ValueError(f"{self.name}: a coil matrix is 3 by 3 and can be inverted, not {new.tolist()}")
        self._coil_matrix = new

    def get_idn(self) -> dict[str, str | None]:
        """The magnet is made of its sources."""
        return {"vendor": None, "model": "three-axis magnet", "serial": None, "firmware": None}

    def ramp_to(self, currents_a: Currents) -> None:
        """Ramp all three currents together, the slowest at `ramp_a_per_s`, and return when they have arrived."""
        target = self._permitted(currents_a)
        live = self._live(target, "before the ramp: nothing has moved")
        start = np.array(self.currents())
        duration_s = float(np.max(np.abs(target - start))) / self.ramp_a_per_s
        steps = min(MOST_STEPS, max(1, math.ceil(duration_s / STEP_S)))
        for step in range(1, steps + 1):
            amps = target if step == steps else start + (target - start) * step / steps
            for axis in live:
                self._sources[axis].set_current(float(amps[axis]))
            self.clock.sleep(duration_s / steps)
        self._live(target, "after the ramp")
        self.ramped_to_a = (float(target[0]), float(target[1]), float(target[2]))

    def ramp_down(self) -> None:
        """Take all currents to 0 A: together, or, if that fails, each that still can. Raises what failed."""
        try:
            self.ramp_to((0.0, 0.0, 0.0))
        except InstrumentError:
            for axis, source in zip(AXES, self._sources, strict=True):
                try:
                    self._ramp_down_alone(source)
                except InstrumentError as error:
                    self.log.warning("The current of %s could not be taken down: %s", axis, error)
            raise

    def _ramp_down_alone(self, source: CurrentSource) -> None:
        if not source.is_on():
            return
        start_a = float(source.setpoint_a())
        steps = min(MOST_STEPS, max(1, math.ceil(abs(start_a) / self.ramp_a_per_s / STEP_S)))
        for left in reversed(range(steps)):
            source.set_current(start_a * left / steps)
            self.clock.sleep(abs(start_a) / self.ramp_a_per_s / steps)

    def switch_on(self) -> None:
        """All outputs on in current mode: from 0 A where one was off; one that was on keeps its current."""
        for source in self._sources:
            source.switch_on()

    @property
    def sources(self) -> tuple[CurrentSource, ...]:
        """Of x, y and main."""
        return self._sources

    def verify(self) -> None:
        """Raises ChangedError if a supply of it is not as it was set last."""
        for supply in self._supplies():
            supply.verify()

    def make_safe(self) -> str:
        """Ramp down all that can be; what current is left."""
        self.ramp_down()
        left = [current for current in self.currents() if abs(current) > SMALL_A]
        return f"{', '.join(f'{current:g} A' for current in left)} left" if left else ""

    def readings(self) -> Iterator[Reading]:
        """Its currents, and the field that they make by the coil matrix."""
        currents = [float(amps) for amps in self.currents()]
        for axis, amps, limit_a in zip(AXES, currents, self.limits_a, strict=True):
            yield amount(axis, amps, "A", limit_a, amps != 0)
        field_mt = float(sum((row @ currents) ** 2 for row in self._coil_matrix) ** 0.5)
        yield Reading("nominal field", field_mt, "mT", verdict=on(field_mt > 0))

    def causes(self) -> Iterator[Cause]:
        """Those of its supplies."""
        for supply in self._supplies():
            yield from supply.causes()

    def settings(self) -> dict[str, Any]:
        """Nothing: a run that goes on is led back to its field by its own looks."""
        return {}

    def _supplies(self) -> list[Role]:
        return list({id(source.supply): source.supply for source in self._sources}.values())

    def _permitted(self, currents_a: Currents) -> NDArray[np.float64]:
        for axis, value_a, limit_a in zip(AXES, currents_a, self.limits_a, strict=True):
            if not abs(value_a) <= limit_a:
                raise MagnetLimitError(axis, float(value_a), limit_a)
        heat_w = sum(amps**2 * ohm for amps, ohm in zip(currents_a, self.loads_ohm, strict=True))
        if heat_w > self.heat_limit_w:
            raise MagnetHeatError(currents_a, float(heat_w), self.heat_limit_w)
        return np.array(currents_a, dtype=float)

    def _live(self, target: NDArray[np.float64], occasion: str) -> list[int]:
        """Sources whose output is on. One that is off carries 0 A: it may rest, but goes nowhere else."""
        live = [axis for axis, source in enumerate(self._sources) if source.is_on()]
        off = [axis for axis in np.flatnonzero(target) if axis not in live]
        if off:
            names = tuple(self._sources[axis].full_name for axis in off)
            raise MagnetOffError(tuple(AXES[axis] for axis in off), names, occasion)
        return live

    def _currents(self) -> Currents:
        x, y, main = (source.setpoint_a() if source.is_on() else 0.0 for source in self._sources)
        return x, y, main

    def _field(self) -> NDArray[np.float64]:
        return np.array(self._coil_matrix @ np.array(self._currents()))

    def _ramp_field(self, field_mt: ArrayLike) -> None:
        x, y, main = np.linalg.solve(self._coil_matrix, np.array(field_mt, dtype=float))
        self.ramp_to((float(x), float(y), float(main)))


def find_current_source(name: str) -> CurrentSource:
    """The source of a name like "trim_x" or "main_supply.ch1"."""
    root, *path = name.split(".")
    found: InstrumentBase = Instrument.find_instrument(root)
    for part in path:
        try:
            found = found.instrument_modules[part]
        except KeyError:
            known = ", ".join(found.instrument_modules) or "none"
            raise KeyError(f"{found.full_name} has no channel {part!r}; it has: {known}") from None
    if missing := lacking(found, members_of(CurrentSource)):
        raise TypeError(
            f"{name} is a {type(found).__name__}, which is no current source (it lacks {', '.join(missing)}): name a "
            "GS200 or a B2962A channel"
        )
    source: Any = found
    return source  # type: ignore[no-any-return]


if TYPE_CHECKING:
    _PLAYS: type[roles.Magnet] = Magnet
