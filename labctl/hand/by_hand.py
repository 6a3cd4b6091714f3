"""The bench in somebody's hand: everything within limits and interlocks, and dark if anything fails.

The rules are those of runs. What is beyond a limit is refused before anything moves: that of an instrument, and those
across instruments with all that is on and all lines that rest high. While an interlock is open or a supply has tripped,
nothing is switched on. A setting that fails, or an instrument that is no longer as it was set, makes the bench dark.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from instruments.common.errors import InstrumentError, PlayError
from instruments.interface.causes import Cause
from labctl.common.refusals import BenchFault, Refusal, known
from labctl.hand.controls import Control, Value, alike
from labctl.hand.counters import Rate, count
from labctl.hand.role_controls import controls_of
from labctl.safety.interlocks import causes, quietly
from labctl.safety.safe_state import make_safe
from sequences.core.lab import Lab
from sequences.core.power_budget import LimitError
from sequences.pulses.program import Program
from sequences.results import SequenceError
from sequences.routines.bench.limits import check_limits
from sequences.routines.bench.selection import null_side
from sequences.routines.bench.verify import accept_changes, verify_settings

LOG: Final = logging.getLogger(__name__)
_REST: Final = "by hand"
"""The name of the lines at rest, in a sentence about a limit."""


@dataclass(frozen=True)
class Change:
    """A control that was set."""

    control: Control
    before: Value
    after: Value
    """As it was read back."""

    def __str__(self) -> str:
        return f"{self.control.name}: {self.control.said(self.before)} -> {self.control.said(self.after)}"


class ByHand:
    """One bench, set by hand between its runs. It belongs to the thread that owns the bench."""

    def __init__(self, lab: Lab, log: Callable[[str], None]) -> None:
        """log: is told every change, with the values before and after."""
        self._lab, self._log = lab, log
        self.is_dark = True
        """Whether nothing has been let out by hand since the bench was dark."""
        self._held: dict[str, Cause] = {}
        """What keeps the bench from being switched on: its words -> the cause."""
        self._past: set[str] = set()
        """What kept it, and is over: a supply tells of a trip until its output is on again."""
        accept_changes(lab)

    @cached_property
    def controls(self) -> Mapping[str, Control]:
        """All of the bench, by their names."""
        return controls_of(self._lab)

    def control(self, name: str) -> Control:
        """The one of this name. Raises Refusal if there is none."""
        if name not in self.controls:
            raise Refusal(f"There is no control {name!r}; {known(name, tuple(self.controls))}")
        return self.controls[name]

    def value(self, name: str) -> Value:
        """What it is at now. Raises Refusal for an unknown name, BenchFault if the instrument does not answer."""
        control = self.control(name)
        try:
            return control.read()
        except Exception as error:
            raise BenchFault(f"{name} cannot be read: {why(error)}") from error

    def set(self, name: str, text: str) -> Change:
        """Set a control to what was typed. Raises Refusal if it must not be: then nothing has moved.

        Raises BenchFault if it could not be set; unless it is as it was, the bench is dark then.
        """
        control = self.control(name)
        value = control.value_of(text)
        before = self.value(name)
        if control.lets_out(value):
            self._refuse_hindered(control)
        self._refuse_beyond(control, value)
        self.is_dark = self.is_dark and not control.lets_out(value)
        try:
            control.write(value)
            change = Change(control, before, _taken(control, value))
        except Exception as error:
            raise self._failed(control, before, error) from error
        self._log(str(change))
        return change

    def count(self, seconds: float) -> dict[str, Rate]:
        """Count rates of the bench as it stands. Raises BenchFault, with a dark bench, if the counters fail."""
        try:
            return count(self._lab, seconds)
        except Exception as error:
            LOG.info("Counting by hand", exc_info=True)
            raise self._darkened(f"The photons cannot be counted: {why(error)}") from error

    def dark(self) -> list[str]:
        """Lines low, light, microwave and pulsed coils off; the magnet keeps its field. What was read back.

        Raises BenchFault saying what is not confirmed, and what to do at the bench.
        """
        return self._made_dark(ramp_magnet=False)

    def _made_dark(self, ramp_magnet: bool) -> list[str]:
        steps = make_safe(self._lab, ramp_magnet)
        unsafe = [step for step in steps if step.fault]
        self.is_dark = not unsafe
        self._log("; ".join(f"NOT SAFE: {step}" if step.fault else step.what for step in steps))
        if unsafe:
            raise BenchFault(f"NOT SAFE: {step}" for step in unsafe)
        return [step.what for step in steps]

    def calibrated_place(self) -> dict[str, float]:
        """Where the null belongs by the calibration: control -> nm. Raises Refusal if no run has measured it."""
        side = null_side(self._lab)
        found = {axis: self._lab.calibration.get(f"pair.{side}_{axis}_nm") for axis in "xy"}
        if any(place is None for place in found.values()):
            raise Refusal("No place of an NV is calibrated yet. Run `labctl run locate`, or Optimise in the window")
        return {f"depletion_beam.{axis}": place.value for axis, place in found.items() if place is not None}

    def look(self) -> None:
        """Ask whether everything is as it was set, while something is on.

        Raises BenchFault, with a dark bench, if it is not.
        """
        if self.is_dark:
            return
        try:
            verify_settings(self._lab)
            self._find_causes()
        except Exception as error:
            raise self._darkened(why(error)) from error
        if self._held:
            raise self._darkened("; ".join(self._held))

    # ---- refusals

    def _refuse_beyond(self, control: Control, value: Value) -> None:
        """The limits across instruments, with the lines that will rest high, before anything moves."""
        try:
            high = {name for name, one in self._lines() if one.read()}
            high = (high | {control.line} if value else high - {control.line}) if control.line else high
            resting = Program(_REST, self._lab.wiring.tick_ns).then(self._lab.wiring.tick_ns, *high)
            check_limits(control.supposed(self._lab, value), resting)
        except LimitError as beyond:
            what = beyond.what.replace(f"Program {_REST!r} was not played", f"{control.name} was not set")
            raise Refusal(what) from None
        except Exception as error:
            raise BenchFault(f"{control.name} was not set: {why(error)}") from error

    def _lines(self) -> list[tuple[str, Control]]:
        return [(one.line, one) for one in self.controls.values() if one.line]

    def _refuse_hindered(self, control: Control) -> None:
        self._find_causes()
        gone = {what for what, cause in self._held.items() if quietly(cause.is_gone)}
        self._held = {what: cause for what, cause in self._held.items() if what not in gone}
        self._past |= gone
        if self._held:
            held = "; ".join(f"{cause.what}: {cause.remedy}" for cause in self._held.values())
            raise Refusal(f"{control.name} was not set, for the bench must not be switched on now. {held}")

    def _find_causes(self) -> None:
        found = {cause.what: cause for cause in causes(self._lab, self._lab.clock)}
        self._past &= set(found)
        self._held = {what: cause for what, cause in found.items() if what not in self._past} | self._held

    # ---- failures

    def _failed(self, control: Control, before: Value, error: Exception) -> BenchFault:
        """What to say of a setting that failed. One that has moved nothing leaves the bench as it is."""
        LOG.info("Setting %s by hand", control.name, exc_info=True)
        words = f"{control.name} was not set: {why(error)}"
        if not isinstance(error, PlayError) and self._is_as_it_was(control, before):
            self._log(words)
            return BenchFault(f"{words}. It is as it was: {control.said(before)}")
        return self._darkened(words)

    def _is_as_it_was(self, control: Control, before: Value) -> bool:
        with suppress(Exception):
            verify_settings(self._lab)
            return alike(control.read(), before)
        return False

    def _darkened(self, words: str) -> BenchFault:
        """Make the bench dark because of this; where a supply has tripped, the magnet is taken down too."""
        self._log(words)
        self._find_causes()
        is_trip = any(cause.is_trip for cause in self._held.values())
        try:
            self._made_dark(is_trip)
        except BenchFault as unsafe:
            return BenchFault([words, *unsafe.faults])
        also = ", and the magnet was taken down" if is_trip else ""
        return BenchFault(f"{words}. Light, microwave and pulsed coils were switched off{also}")


def _taken(control: Control, value: Value) -> Value:
    """What it is at after it was set. Raises BenchFault if that is another one: it was reset, or has tripped."""
    after = control.read()
    if not control.is_near(after, value):
        raise BenchFault(f"behind the setting it is at {control.said(after)}")
    return after


def why(error: Exception) -> str:
    """An exception as a sentence without its full stop, and without what QCoDeS adds to it."""
    if isinstance(error, InstrumentError | SequenceError):
        words = f"{error.what}. {error.remedy}" if error.remedy else error.what
    elif isinstance(error, BenchFault):
        words = "; ".join(error.faults)
    else:
        words = f"{type(error).__name__}: {error.args[0] if error.args else error}"
    return " ".join(words.split()).rstrip(".")
