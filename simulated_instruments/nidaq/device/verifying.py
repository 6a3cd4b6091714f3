"""What a task may not be: settings that the card cannot have. The driver looks at them when a task is verified."""

from collections.abc import Callable
from typing import Final

from nidaqmx.constants import RegenerationMode, TriggerType
from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.cables import GATE_LINES, PHOTONS
from simulated_instruments.nidaq.device.attributes import Attr
from simulated_instruments.nidaq.device.channels import Analogue, Gauge, Kind, Voltage
from simulated_instruments.nidaq.device.data_sheet import Model
from simulated_instruments.nidaq.device.refusals import Refusal, bad_value, not_simulated
from simulated_instruments.nidaq.device.tasks import Buffer, State, Task
from simulated_instruments.nidaq.device.terminals import TIMEBASES_HZ, terminal
from simulated_instruments.nidaq.device.timing import fastest_hz


def verify(task: Task, model: Model) -> None:
    """Refuse settings that the card cannot have."""
    _VERIFY[task.kind](task, model)
    task.starts_on(model)
    if task.kind == "ci" and task[Attr.START_TYPE] != TriggerType.NONE.value:
        raise not_simulated("A start trigger of a counter input", "Use the arm start trigger")
    if task.kind != "ci":
        for kind, what in ((Attr.PAUSE_TYPE, "A pause trigger"), (Attr.ARM_TYPE, "An arm start trigger")):
            if task[kind] != TriggerType.NONE.value:
                raise not_simulated(f"{what} of anything but a counter input", "Use a digital start trigger")
    task.state = max(task.state, State.VERIFIED)


def check_bounds(least: float, most: float) -> None:
    """Refuse a range that is none."""
    if least >= most:
        raise Refusal(
            DAQmxErrors.MIN_NOT_LESS_THAN_MAX,
            "Minimum value is greater than or equal to the maximum value. Make the minimum smaller.",
            Minimum_Value=least,
            Maximum_Value=most,
        )


def _verify_clock(task: Task, model: Model) -> None:
    for channel in task.channels.values():
        if isinstance(channel, Analogue | Voltage):
            check_bounds(channel.min_v, channel.max_v)
    clock = task.clock
    if clock is None:
        if task.timing.by == "implicit":
            raise Refusal(
                DAQmxErrors.SPECD_PROPERTY_VALUE_IS_INCOMPATIBLE_WITH_SAMPLE_TIMING_TYPE,
                "Implicit timing is for counters. Configure the sample clock.",
            )
        return
    fastest = fastest_hz(model, task.kind, len(task.channels))
    if not model.slowest_hz <= clock.rate_hz <= fastest:
        raise bad_value("SampClk.Rate", clock.rate_hz, Maximum_Value=fastest, Minimum_Value=model.slowest_hz)
    if clock.samples is not None and not 1 < clock.samples <= model.finite_max:
        raise bad_value("SampQuant.SampPerChan", clock.samples, Maximum_Value=model.finite_max, Minimum_Value=2)
    if not clock.on_board:
        source = terminal(model, clock.source)
        if task.is_output:
            raise not_simulated(f"An output that is clocked from {clock.source}", "Leave the source empty")
        if source in GATE_LINES or source == PHOTONS:
            raise not_simulated(f"An input that is clocked from {clock.source}", "Use the output of a counter")


def _verify_lines(task: Task, model: Model) -> None:
    ports = {channel.port for channel in task.lines}
    if task.clock and ports != {0}:
        raise Refusal(
            DAQmxErrors.SAMP_CLOCK_SOURCE_NOT_SUPPORTED_GIVEN_TIMING_TYPE,
            "Lines of port 1 and port 2 have no sample clock on this device. Use lines of port 0, or sample on demand.",
        )
    _verify_clock(task, model)


def _verify_counter(task: Task, model: Model) -> None:
    for name, channel in task.channels.items():
        source = task.listens_at(model, name)
        if isinstance(channel, Gauge) and source == PHOTONS:
            raise not_simulated("The frequency of single photons", "Count them with a sample clock")
        if task.pauses_on(model) and source in TIMEBASES_HZ:
            raise not_simulated(f"A pause trigger while {source} is counted", "Count the photons")
    if isinstance(task.first, Gauge):
        if task.clock:
            raise not_simulated("Frequency and period with a sample clock", "Use implicit timing")
        return
    if task.timing.by == "implicit":
        raise Refusal(
            DAQmxErrors.SPECD_PROPERTY_VALUE_IS_INCOMPATIBLE_WITH_SAMPLE_TIMING_TYPE,
            "Edges are counted on demand or by a sample clock, not with implicit timing.",
        )
    if task.clock and task.clock.on_board:
        raise Refusal(
            DAQmxErrors.CI_ONBOARD_CLOCK_NOT_SUPPORTED_AS_INPUT_TERM,
            "Counters have no sample clock of their own: name a terminal as the source of the sample clock.",
        )
    latch = task.latches_on(model)
    if latch is not None and (latch.endswith("StartTrigger") or latch in TIMEBASES_HZ or latch == PHOTONS):
        raise not_simulated(f"A counter clocked from {latch}", "Use the terminal of a gate, or the output of a counter")


def _verify_pulses(task: Task, model: Model) -> None:
    for name in task.channels:
        task.listens_at(model, name)
    if task.clock:
        raise not_simulated("Pulses by a sample clock", "Use implicit timing")


_VERIFY: Final[dict[Kind, Callable[[Task, Model], None]]] = {
    "ai": _verify_clock,
    "ao": _verify_clock,
    "di": _verify_lines,
    "do": _verify_lines,
    "ci": _verify_counter,
    "co": _verify_pulses,
}


def playable(task: Task) -> Buffer:
    """What a clocked output is about to generate. Raises Refusal if the buffer does not suit the timing."""
    wanted, buffer = int(task[Attr.OUTPUT_BUFFER_SIZE]), task.buffer
    there = 0 if buffer is None else buffer.shape[-1]
    if buffer is None or there < wanted:
        raise Refusal(
            DAQmxErrors.OUTPUT_BUFFER_EMPTY,
            "The generation cannot be started, because the output buffer is not filled. Write all of it first.",
            Buffer_Size=wanted,
            Samples_Written=there,
        )
    once = task[Attr.REGENERATION] == RegenerationMode.DONT_ALLOW_REGENERATION.value
    samples = task.timing.samples
    if once and (samples is None or samples > there):
        raise Refusal(
            DAQmxErrors.GEN_STOPPED_TO_PREVENT_INTERMEDIATE_BUFFER_REGEN_OF_OLD_SAMPLES,
            "The generation has stopped to prevent the regeneration of old samples. Allow regeneration, or write as "
            "many samples as are to be generated.",
        )
    return buffer


def fill(task: Task, samples: Buffer) -> None:
    """Write the buffer of a clocked output."""
    if task.state is State.RUNNING and task.timing.finite:
        raise not_simulated(
            "Rewriting the buffer of a finite generation while the task is running", "Stop the task first"
        )
    size, length = int(task[Attr.OUTPUT_BUFFER_SIZE]), samples.shape[-1]
    if size and length > size:
        raise Refusal(
            DAQmxErrors.WRITE_BUFFER_TOO_SMALL,
            "More samples are written than the output buffer holds.",
            Buffer_Size=size,
            Samples_To_Write=length,
        )
    if not size and task.buffer is not None and task.buffer.shape[-1] != length:
        raise Refusal(
            DAQmxErrors.WRITE_FAILS_BUFFER_SIZE_AUTO_CONFIGURED,
            "The buffer took its size from the first write; this write has another. Set the buffer size, or unreserve "
            "the task first.",
            Buffer_Size=task.buffer.shape[-1],
            Samples_To_Write=length,
        )
    if task.state is State.RUNNING and task.buffer is not None and task.buffer.shape[-1] != length:
        raise not_simulated("Rewriting a part of a running buffer", "Write all of it")
    task.buffer = samples.copy()
