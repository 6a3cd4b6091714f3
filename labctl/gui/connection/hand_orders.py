"""What the bench process does by hand for the window, between its runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from labctl.bench.session import OpenBench
from labctl.common.refusals import BenchFault, Refusal
from labctl.gui.connection.messages import BenchMessage, ControlsRead, ControlState, HandDone, HandOrder, RatesCounted
from labctl.hand.by_hand import ByHand
from labctl.hand.day_log import DayLog

_POINT_S: Final = 0.2
"""Laboratory time of a count rate."""
_LOOK_S: Final = 2.0
"""Wall time between two looks whether the bench is as it was set."""


class HandOrders:
    """Everything happens in the thread that owns the bench."""

    def __init__(self, bench: OpenBench, say: Callable[[BenchMessage], None]) -> None:
        self._bench, self._say = bench, say
        self._hand = ByHand(bench.lab, DayLog(bench.store.folder).write)
        self._counts = False
        self._looked_s = 0.0

    def obey(self, order: HandOrder) -> None:
        """Do it, and say what came of it and what the controls are at now."""
        with self._told() as answer:
            answer.append(self._done(order))
        self._show(order.name.split(".")[0] if order.verb == "set" and answer else "")

    def idle(self) -> None:
        """Nobody wants anything: count if that is wished, and see now and then whether all is as it was set."""
        with self._told():
            if self._counts:
                rates = self._hand.count(_POINT_S)
                cps = {name: rate.cps for name, rate in rates.items()}
                self._say(RatesCounted(self._bench.lab.clock.now(), cps))
            if not self._hand.is_dark and time.monotonic() - self._looked_s > _LOOK_S:
                self._looked_s = time.monotonic()
                self._hand.look()

    def end(self) -> None:
        """A run begins, or the window is left, or somebody has said stop: dark, and nothing is counted any more."""
        self._counts = False
        if not self._hand.is_dark:
            with self._told():
                self._hand.dark()

    @contextmanager
    def _told(self) -> Iterator[list[str]]:
        """The window hears of what fails; the watchdog, that this will not take for ever."""
        heartbeat = self._bench.heartbeat
        words: list[str] = []
        if heartbeat:
            heartbeat.waits()
        try:
            yield words
        except (Refusal, BenchFault) as fault:
            words.clear()
            self._counts = self._counts and isinstance(fault, Refusal)
            self._say(HandDone("\n".join(fault.faults), is_trouble=True, counts=self._counts))
        else:
            if any(words):
                self._say(HandDone("; ".join(words), counts=self._counts))
        finally:
            if heartbeat:
                heartbeat.rest()

    def _done(self, order: HandOrder) -> str:
        match order.verb:
            case "set":
                return str(self._hand.set(order.name, order.text))
            case "off":
                return "; ".join(self._hand.dark())
            case "centre":
                return "; ".join(map(str, self._centred()))
            case "count" | "rest":
                self._counts = order.verb == "count"
        return ""

    def _centred(self) -> Iterator[object]:
        """The null where the calibration has the NV."""
        for axis, nm in self._hand.calibrated_place().items():
            yield self._hand.set(axis, f"{nm:.3f}")

    def _show(self, begin: str) -> None:
        """What the controls are at whose names begin so."""
        states = []
        for name, control in self._hand.controls.items():
            if not name.startswith(begin):
                continue
            try:
                value = self._hand.value(name)
                said = control.said(value)
            except BenchFault as fault:
                value, said = None, "; ".join(fault.faults)
            states.append(ControlState(name, value, said, control.unit, control.limits, control.is_switch))
        self._say(ControlsRead(tuple(states)))
