"""Two counters of the NI card that count photons while the lines of a pulse program open their gates."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from nidaqmx import Task
from nidaqmx.constants import Edge, Level, TaskMode, TriggerType
from nidaqmx.stream_readers import CounterReader
from nidaqmx.task.channels import CIChannel

from instruments.common.errors import GarbledError
from instruments.interface.readings import Reading, on
from instruments.ni_card import CardError, CardUser, NICard

if TYPE_CHECKING:
    from instruments.interface import roles

COUNTERS: Final = {"signal": "ctr0", "reference": "ctr1"}
REGISTER: Final = 2**32
"""A counter starts again at zero after so many edges."""
INPUTS: Final = ("photons", "gate_signal", "gate_reference")
TERMINALS: Final = tuple(f"PFI{k}" for k in range(16))
MOST_READINGS: Final = 4
"""Of a counter, until two in a row agree."""


class PhotonCounter(CardUser):
    """Counts the pulses of the single-photon detector, each counter while its own gate is high.

    The counts accumulate over all repeats of a play: two numbers a play, however many shots it has. Without gates both
    counters count every photon. Gated counters run on behind their closed gates from one play to the next, for a start
    and a stop of each would be a fifth of the calls of a play; what a play counted is the difference.
    """

    def __init__(self, name: str, card: NICard | str, **kwargs: Any) -> None:
        """card: the NI card, or the name of its instrument."""
        super().__init__(name, card, **kwargs)
        self._tasks: dict[str, Task] = {}
        self._channels: dict[str, CIChannel] = {}
        self._readers: dict[str, CounterReader] = {}
        self._routed: tuple[str, ...] | None = None
        self._armed = self._running = False
        self._before = dict.fromkeys(COUNTERS, 0)
        self._latest: tuple[dict[str, int], int] | None = None
        """Readings, and how often the lines had moved by then."""
        for terminal, default, what in (
            ("photons_terminal", "PFI8", "Terminal that the photon detector is cabled to."),
            ("gate_signal_terminal", "PFI9", "Terminal of the line that opens the signal counter."),
            ("gate_reference_terminal", "PFI11", "Terminal of the line that opens the reference counter."),
        ):
            self.add_parameter(
                terminal, initial_value=default, set_cmd=None, docstring=f"{what} Used from the next arm."
            )
        self.add_parameter(
            "gated", initial_cache_value=None, set_cmd=False, docstring="Whether the last arm was gated."
        )

    @classmethod
    def input_faults(cls, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Inputs at which this counter cannot listen: (input, sentence). Opens nothing."""
        for name in INPUTS:
            if name not in inputs:
                yield name, f"must be a terminal from {TERMINALS[0]} to {TERMINALS[-1]}, and is not given"
            elif isinstance(inputs[name], str) and inputs[name] not in TERMINALS:
                yield name, f"must be a terminal from {TERMINALS[0]} to {TERMINALS[-1]}, not {inputs[name]!r}"

    def inputs(self) -> dict[str, str]:
        """The terminals where it listens: photons, gate_signal, gate_reference."""
        return {name: str(self.parameters[f"{name}_terminal"].get()) for name in INPUTS}

    def connect(self, inputs: Mapping[str, str]) -> None:
        """Listen at these terminals from the next `arm`; what is not named stays."""
        for name, terminal in inputs.items():
            self.parameters[f"{name}_terminal"].set(terminal)

    def renew(self) -> None:
        """Give up all tasks of the card: the next use makes new ones."""
        self._card.renew()

    def make_safe(self) -> str:
        """It lights and heats nothing."""
        return ""

    def readings(self) -> Iterator[Reading]:
        """Where it listens."""
        for name, terminal in self.inputs().items():
            yield Reading(name.replace("_", " of "), f"at {terminal}", verdict=on(name == "photons"))

    def arm(self, gated: bool = True) -> None:
        """Count from zero; do it before the pulse generator starts."""
        if self._armed:
            raise CardError(f"{self.name} is armed already; read() or disarm() it first", instrument=self.name)
        with self._card.doing("arming the counters"):
            if gated and self._routed == self._wanted(gated) and (standing := self._standing()):
                self._before = standing
            else:
                self.disarm()
                self._route(gated)
                for task in self._tasks.values():
                    task.start()
                self._running, self._before = True, dict.fromkeys(COUNTERS, 0)
        self._armed = True

    def read(self) -> dict[str, int]:
        """Photons since `arm`: {"signal": …, "reference": …}; with all lines low, when nothing more comes.

        A counter's register is looked at, not emptied, so every one is read twice: what got lost on the way shows.
        Raises GarbledError if no two readings in a row agree.
        """
        if not self._armed:
            raise CardError(
                f"{self.name} is not armed; arm() it before the pulse generator starts", instrument=self.name
            )
        readings = {role: self._agreed(role) for role in self._readers}
        self._latest, self._armed = (readings, self._card.line_moves), False
        return {role: (reading - self._before[role]) % REGISTER for role, reading in readings.items()}

    def _standing(self) -> dict[str, int] | None:
        """The last readings, if both counters run and no gate can have opened since."""
        if not self._running or self._latest is None or self._latest[1] != self._card.line_moves:
            return None
        return self._latest[0]

    def _agreed(self, role: str) -> int:
        """Two readings are the same behind a closed gate; without one, the detector's dark counts come in between."""
        readings: list[int] = []
        while len(readings) < MOST_READINGS:
            with self._card.doing(f"reading the {role} counter"):
                readings.append(int(self._readers[role].read_one_sample_uint32()))
            if len(readings) > 1 and self._agree(*readings[-2:]):
                return readings[-1]
            if len(readings) > 1:
                self.log.warning("The %s counter reads %d after %d", role, readings[-1], readings[-2])
        raise GarbledError(self.name, f"reading the {role} counter", ", ".join(map(str, readings)))

    def _agree(self, earlier: int, later: int) -> bool:
        return later == earlier if self.parameters["gated"].cache.get() else later >= earlier

    def disarm(self) -> None:
        """Stop both counters. Their tasks stay for the next time."""
        self._armed = self._running = False
        with self._card.doing("stopping the counters"):
            for task in self._tasks.values():
                task.stop()

    def forget_tasks(self) -> None:
        """Give the counters back."""
        for task in self._tasks.values():
            self._card.release(task)
        self._tasks.clear()
        self._routed, self._latest = None, None
        self._armed = self._running = False

    def _wanted(self, gated: bool) -> tuple[str, ...]:
        gates = (self.parameters[f"gate_{role}_terminal"].get() for role in COUNTERS)
        return (self.parameters["photons_terminal"].get(), *gates, "gated" if gated else "free")

    def _route(self, gated: bool) -> None:
        """Make the tasks the first time; tell them terminals and gates when those have changed."""
        wanted = self._wanted(gated)
        if wanted == self._routed:
            return
        gates = dict(zip(COUNTERS, wanted[1:], strict=False))
        self._routed = None
        for role, counter in COUNTERS.items():
            if role not in self._tasks:
                self._make(role, counter)
            self._channels[role].ci_count_edges_term = self._terminal(wanted[0])
            _gate(self._tasks[role], self._terminal(gates[role]) if gated else None)
            self._tasks[role].control(TaskMode.TASK_COMMIT)  # routes once, so that every later start is quick
        self._routed = wanted
        self.parameters["gated"].cache.set(gated)

    def _make(self, role: str, counter: str) -> None:
        task = self._card.task()
        self._channels[role] = task.ci_channels.add_ci_count_edges_chan(
            f"{self._card.address}/{counter}", edge=Edge.RISING
        )
        task.in_stream.auto_start = False  # a read of a counter that does not run is an error, not a zero
        self._tasks[role], self._readers[role] = task, CounterReader(task.in_stream)

    def _terminal(self, name: str) -> str:
        return name if name.startswith("/") else f"/{self._card.address}/{name}"


def _gate(task: Task, terminal: str | None) -> None:
    """Pause while the terminal is low; None: never."""
    pause = task.triggers.pause_trigger
    if terminal is None:
        pause.trig_type = TriggerType.NONE
        return
    pause.trig_type = TriggerType.DIGITAL_LEVEL
    pause.dig_lvl_src = terminal
    pause.dig_lvl_when = Level.LOW


if TYPE_CHECKING:
    _PLAYS: type[roles.GatedCounter] = PhotonCounter
