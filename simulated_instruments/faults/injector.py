"""Counts the calls of a bench, says which fault is due with each, and keeps a log of what was done."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulated_instruments.faults.kinds import Call, kinds_of
from simulated_instruments.faults.script import Fault
from simulated_instruments.setpoints import Clock

TIME_OUT_S: Final = 5.0
"""Laboratory time that a client loses with a reply that never comes."""
SLOW_S: Final = 2.0
"""Laboratory time of a slow answer, unless the fault says otherwise."""


@dataclass(frozen=True)
class Injected:
    """A fault that was done."""

    lab_time_s: float
    call: Call
    kind: str
    effect: str = ""
    """Empty; or why there was none."""


class Injector:
    """One for a bench. Thread-safe."""

    def __init__(self, clock: Clock, faults: Sequence[Fault] = (), keep_calls: bool = False) -> None:
        """keep_calls: remember every call, for a list of what could be done to a run; needs memory for each."""
        self.clock = clock
        self.log: list[Injected] = []
        self.calls: list[Call] = []
        """Every call so far, in order, if they are kept."""
        self._keep_calls = keep_calls
        self._faults = tuple(faults)
        self._seen = [0] * len(faults)
        self._numbers: Counter[str] = Counter()
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._lock = threading.RLock()

    @property
    def count(self) -> int:
        """Calls of the whole bench so far."""
        with self._lock:
            return self._numbers.total()

    def count_of(self, instrument: str) -> int:
        """Calls of one instrument so far."""
        with self._lock:
            return self._numbers[instrument]

    def add(self, fault: Fault) -> None:
        """From now on this goes wrong too; its calls are counted from here."""
        with self._lock:
            self._faults = (*self._faults, fault)
            self._seen.append(0)

    def begin(self, instrument: str, text: str) -> tuple[Call, Fault | None]:
        """A call comes in: its numbers, and the fault that is due with it."""
        with self._lock:
            self._do_what_is_due()
            self._numbers[instrument] += 1
            call = Call(instrument, self._numbers[instrument], self._numbers.total(), text, replied=False)
            if self._keep_calls:
                self.calls.append(call)
            return call, self._due(call)

    def answered(self, call: Call) -> None:
        """The call has a reply."""
        with self._lock:
            if self._keep_calls:
                self.calls[call.overall - 1] = replace(call, replied=True)

    def note(self, call: Call, kind: str, effect: str = "") -> None:
        """Log a fault. effect: why it had none."""
        with self._lock:
            self.log.append(Injected(self.clock.now(), call, kind, effect))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something at the first call after so much laboratory time."""
        with self._lock:
            self._later.append((self.clock.now() + seconds, act))

    def _do_what_is_due(self) -> None:
        now_s = self.clock.now()
        due = [act for at_s, act in self._later if at_s <= now_s]
        self._later = [(at_s, act) for at_s, act in self._later if at_s > now_s]
        for act in due:
            act()

    def _due(self, call: Call) -> Fault | None:
        found = None
        for index, fault in enumerate(self._faults):
            if fault.concerns(call.instrument, call.text):
                self._seen[index] += 1
                is_due = fault.call <= self._seen[index] < fault.call + fault.times
                found = fault if is_due and found is None else found
        if found is not None and found.kind not in kinds_of(call.instrument):
            self.note(call, found.kind, f"none: it cannot befall {call.instrument}")
            return None
        return found
