"""NI PCIe-6363: one card, the NI driver behind it, and its analogue outputs."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import nidaqmx
from nidaqmx.errors import Error
from nidaqmx.stream_writers import AnalogSingleChannelWriter
from nidaqmx.system import Device
from qcodes.instrument import Instrument

from instruments.common.errors import GarbledError, InstrumentError, PlayError
from instruments.common.ni_line import connected
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading

ANALOGUE_OUTPUTS: Final = ("ao0", "ao1", "ao2", "ao3")
LARGEST_V: Final = 10.0


class CardError(InstrumentError):
    """The card cannot do what it is asked to; `value` is what it was asked."""

    def __init__(self, message: str, value: object = None, *, instrument: str) -> None:
        self.value = value
        super().__init__(message, instrument=instrument)


class CardFault(CardError, PlayError):
    """The card, its driver or the way to it failed at something that it can do; a fresh start may help."""

    def __init__(self, card: str, what: str, error: Error) -> None:
        super().__init__(f"{card}: {what} failed: {' '.join(str(error).split())}", instrument=card)
        self.remedy = "Is the card there, its driver or gRPC device server running, and does no other program hold it?"


class NICard(Instrument):
    """A card, by its DAQmx name. Pulse generator, photon counter and steering share it and make their tasks here."""

    def __init__(self, name: str, address: str, grpc_target: str | None = None, **kwargs: Any) -> None:
        """address: DAQmx's name of the device, e.g. Dev1. grpc_target: host:port of an NI gRPC device server; None
        uses the NI driver of this computer."""
        super().__init__(name, **kwargs)
        self.address = address
        self._channel = connected(grpc_target) if grpc_target else None
        self._options = nidaqmx.GrpcSessionOptions(self._channel, "") if self._channel else None
        self._device = Device(address, grpc_options=self._options)
        self._tasks: list[nidaqmx.Task] = []
        self._users: list[CardUser] = []
        self._outputs: dict[str, AnalogSingleChannelWriter] = {}
        self._volts: dict[str, float] = {}
        self._line_moves = 0
        for output in ANALOGUE_OUTPUTS:
            self.add_parameter(
                output,
                label=f"Analogue output {output[2:]}",
                unit="V",
                set_cmd=lambda volts, output=output: self._write(output, volts),
                docstring="-10 to 10 V. The card cannot read it back: the value is what was written last.",
            )

    @property
    def product_type(self) -> str:
        """E.g. PCIe-6363."""
        return str(self._device.product_type)

    @property
    def serial(self) -> str:
        """Serial number as on the card's label, in hexadecimal."""
        return f"{self._device.serial_num:X}"

    @property
    def do_max_hz(self) -> float:
        """Fastest clock of a digital pattern."""
        with self.doing("asking for its fastest clock"):
            fastest_hz = float(self._device.do_max_rate)
        if not math.isfinite(fastest_hz):
            raise GarbledError(self.name, "its fastest clock", str(fastest_hz))
        return fastest_hz

    def get_idn(self) -> dict[str, str | None]:
        """Vendor, model, serial. DAQmx knows no firmware."""
        return {"vendor": "National Instruments", "model": self.product_type, "serial": self.serial, "firmware": None}

    def write_analog(self, volts: dict[str, float]) -> None:
        """Set analogue outputs, e.g. {"ao0": 1.5, "ao1": 0.0}. All values are checked before any is set."""
        for output, value in volts.items():
            self._check_output(output, value)
        for output, value in volts.items():
            self.parameters[output].set(value)

    def serve(self, user: "CardUser") -> None:
        """Take on an instrument that works through this card: it is left safe before the card is closed."""
        self._users.append(user)

    def dismiss(self, user: "CardUser") -> None:
        """The instrument no longer needs the card."""
        self._users = [other for other in self._users if other is not user]

    def lines_move(self) -> None:
        """Told by whoever takes digital lines high: gates of the counters may open."""
        self._line_moves += 1

    @property
    def line_moves(self) -> int:
        """How often that has happened."""
        return self._line_moves

    def task(self) -> nidaqmx.Task:
        """A new task on this card; `release` it when it is no longer used."""
        task = nidaqmx.Task(grpc_options=self._options)
        self._tasks.append(task)
        return task

    def release(self, task: nidaqmx.Task) -> None:
        """Clear a task and what it holds. A card that has gone away is only logged: there is nothing left to clear."""
        self._tasks.remove(task)
        try:
            task.close()
        except Error as error:
            self.log.warning("task %s could not be cleared: %s", task, error)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """What the card refuses, or does not answer, becomes a CardFault that says what was being done."""
        try:
            yield
        except Error as error:
            raise CardFault(self.name, what, error) from error

    def renew(self) -> None:
        """Give up all tasks, for they may be spoiled or gone, and set the analogue outputs again as they were."""
        self.log.warning("tasks are made anew")
        for user in self._users:
            user.forget_tasks()
        self._clear()
        for output, volts in self._volts.items():
            self._put(output, volts)

    def reset(self) -> None:
        """Reset the card: every task is gone, all lines are low, all outputs at 0 V."""
        for user in self._users:
            user.forget_tasks()
        self._clear()
        self._volts.clear()
        with self.doing("resetting it"):
            self._device.reset_device()
        for output in ANALOGUE_OUTPUTS:
            self.parameters[output].cache.set(0.0)

    def end_play(self) -> None:
        """End what a program that is gone has left playing: a reset closes all gates."""
        self.reset()

    def readings(self) -> Iterator[Reading]:
        """What was written last: the card cannot read its outputs back, and its tasks belong to the run."""
        yield Reading("card", "open")
        for output in ANALOGUE_OUTPUTS:
            if (volts := self.parameters[output].cache.get(get_if_invalid=False)) is not None:
                yield Reading(output, float(volts), "V", limit=LARGEST_V, verdict="off")

    def close(self) -> None:
        """Leave everything safe that works through the card. Analogue outputs keep their voltage."""
        if not self.is_valid(self):
            return
        try:
            for user in list(self._users):
                user.give_up()
            self._clear()
        finally:
            if self._channel:
                self._channel.close()
            super().close()

    def _clear(self) -> None:
        self._outputs.clear()
        for task in list(self._tasks):
            self.release(task)

    def _write(self, output: str, volts: float) -> None:
        """A level may be set twice: if it fails, it is tried again with fresh tasks."""
        self._check_output(output, volts)
        self._volts[output] = float(volts)
        try:
            self._put(output, volts)
        except CardFault as fault:
            self.log.warning("%s", fault)
            self.renew()

    def _put(self, output: str, volts: float) -> None:
        with self.doing(f"setting {output} to {volts:g} V"):
            if output not in self._outputs:
                task = self.task()
                task.ao_channels.add_ao_voltage_chan(f"{self.address}/{output}", min_val=-LARGEST_V, max_val=LARGEST_V)
                self._outputs[output] = AnalogSingleChannelWriter(task.out_stream, auto_start=True)
            self._outputs[output].write_one_sample(float(volts))

    def _check_output(self, output: str, volts: float) -> None:
        if output not in ANALOGUE_OUTPUTS:
            raise CardError(
                f"{self.name} has no analogue output {output!r}; it has {', '.join(ANALOGUE_OUTPUTS)}",
                output,
                instrument=self.name,
            )
        if not abs(volts) <= LARGEST_V:
            raise CardError(
                f"{self.name} {output}: {volts:g} V is beyond ±{LARGEST_V:g} V; ask for less",
                volts,
                instrument=self.name,
            )


class CardUser(Instrument):
    """An instrument that is a part of the card: pulse generator, photon counter."""

    built_on: ClassVar = {"card": NICard}
    _has_card = False  # of the class: QCoDeS takes an instrument's own attributes away when it is closed

    def __init__(self, name: str, card: NICard | str, **kwargs: Any) -> None:
        """card: the NI card, or the name of its instrument."""
        super().__init__(name, **kwargs)
        self._card = card_of(card)
        self._card.serve(self)
        self._has_card = True

    @property
    def card(self) -> NICard:
        """The card that it is a part of."""
        return self._card

    def get_idn(self) -> dict[str, str | None]:
        """That of the card."""
        return self._card.get_idn()

    def verify(self) -> None:
        """Nothing: neither lines nor counters can be read back."""

    def make_safe(self) -> str:
        """It only listens."""
        return ""

    def causes(self) -> tuple[Cause, ...]:
        """None: what the card fails at is tried again, or is an error."""
        return ()

    def settings(self) -> dict[str, Any]:
        """None: a play loads its pattern anew."""
        return {}

    def leave_safe(self) -> None:
        """What has to be done before the card is given up."""

    def forget_tasks(self) -> None:
        """Give up all tasks; the next use makes new ones."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Leave everything safe and give the card up, once."""
        if not self._has_card:
            return
        try:
            self.leave_safe()
        finally:
            self._has_card = False
            self.forget_tasks()
            self._card.dismiss(self)

    def close(self) -> None:
        """Leave everything safe and give the card up; in whichever order card and users are closed."""
        try:
            self.give_up()
        finally:
            super().close()


def card_of(card: NICard | str) -> NICard:
    """The card itself, or the one of this name."""
    return card if isinstance(card, NICard) else Instrument.find_instrument(card, NICard)
