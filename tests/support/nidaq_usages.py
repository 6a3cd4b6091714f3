"""Documented uses of nidaqmx, each a call of its own on a fresh task: what a program may ask of a card."""

from collections.abc import Callable
from typing import Any, Final

import nidaqmx
import numpy as np
from nidaqmx import constants as c
from nidaqmx.stream_readers import AnalogMultiChannelReader, CounterReader, DigitalMultiChannelReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter, CounterWriter, DigitalMultiChannelWriter
from nidaqmx.system import Device, System
from nitypes.waveform import AnalogWaveform

from support.nidaq_bench import Client

Usage = Callable[[Client], Any]
_EACH: Final = c.LineGrouping.CHAN_PER_LINE
_GOES_ON: Final = c.AcquisitionType.CONTINUOUS


def ai(card: Client, channels: str = "Dev1/ai0", samples: int = 0) -> nidaqmx.Task:
    """Voltages in; clocked if samples are given."""
    task = card.task()
    task.ai_channels.add_ai_voltage_chan(channels)
    return clocked(task, samples)


def ao(card: Client, channels: str = "Dev1/ao0", samples: int = 0) -> nidaqmx.Task:
    """Voltages out."""
    task = card.task()
    task.ao_channels.add_ao_voltage_chan(channels)
    return clocked(task, samples)


def di(card: Client, lines: str = "Dev1/port0/line0:7", samples: int = 0) -> nidaqmx.Task:
    """Lines in."""
    task = card.task()
    task.di_channels.add_di_chan(lines)
    return clocked(task, samples)


def do(card: Client, lines: str = "Dev1/port0/line0:7", samples: int = 0) -> nidaqmx.Task:
    """Lines out."""
    task = card.task()
    task.do_channels.add_do_chan(lines)
    return clocked(task, samples)


def ci(card: Client) -> nidaqmx.Task:
    """A counter that counts edges."""
    return card.counter()


def co(card: Client, counter: str = "Dev1/ctr1") -> nidaqmx.Task:
    """A counter that puts out 1 kHz."""
    task = card.task()
    task.co_channels.add_co_pulse_chan_freq(counter, freq=1000.0)
    return task


def clocked(task: nidaqmx.Task, samples: int) -> nidaqmx.Task:
    """The same with a sample clock of 1 kHz."""
    if samples:
        task.timing.cfg_samp_clk_timing(1000.0, samps_per_chan=samples)
    return task


def device(card: Client) -> Device:
    """The card."""
    return Device("Dev1", grpc_options=card.options)


def _wave(card: Client) -> nidaqmx.Task:
    task = ao(card, samples=4)
    task.write([0.0, 1.0, 2.0, 3.0])
    return task


def _words(card: Client) -> nidaqmx.Task:
    task = do(card, samples=4)
    task.write([1, 2, 4, 8])
    return task


def _ran(task: nidaqmx.Task) -> None:
    task.start()
    task.wait_until_done(10.0)


def _controlled(card: Client) -> None:
    task = _words(card)
    for mode in (c.TaskMode.TASK_VERIFY, c.TaskMode.TASK_COMMIT, c.TaskMode.TASK_UNRESERVE, c.TaskMode.TASK_ABORT):
        task.control(mode)


def _gauged(card: Client, kind: str) -> Any:
    out = co(card)
    out.timing.cfg_implicit_timing(sample_mode=_GOES_ON)
    out.start()
    task = card.task()
    channel = getattr(task.ci_channels, f"add_ci_{kind}_chan")("Dev1/ctr0")
    setattr(channel, f"ci_{kind}_term", "/Dev1/PFI13")
    return task.read()


def _rewritten(card: Client) -> None:
    task = do(card)
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=_GOES_ON)
    task.write([1, 2])
    task.start()
    task.write([2, 1])


def _binned(card: Client) -> None:
    out, task = co(card), card.counter()
    out.timing.cfg_implicit_timing(sample_mode=_GOES_ON)
    out.start()
    task.timing.cfg_samp_clk_timing(1000.0, "/Dev1/Ctr1InternalOutput", samps_per_chan=5)
    CounterReader(task.in_stream).read_many_sample_uint32(np.zeros(5, dtype=np.uint32), 5)


def _armed(card: Client) -> None:
    arm = card.counter()
    arm.triggers.arm_start_trigger.trig_type = c.TriggerType.DIGITAL_EDGE
    arm.triggers.arm_start_trigger.dig_edge_src = "/Dev1/do/StartTrigger"
    arm.start()
    _ran(_words(card))


def _gated(card: Client) -> None:
    card.counter(gate="/Dev1/PFI9").start()


def _paused(card: Client) -> None:
    task = _words(card)
    task.triggers.pause_trigger.trig_type = c.TriggerType.DIGITAL_LEVEL
    task.triggers.pause_trigger.dig_lvl_src = "/Dev1/PFI9"
    _ran(task)


def _retriggered(card: Client) -> None:
    ai(card, samples=4).triggers.start_trigger.retriggerable = True


def _every_few(card: Client) -> None:
    task = ai(card, samples=4)
    task.register_every_n_samples_acquired_into_buffer_event(2, lambda *_: 0)
    task.register_every_n_samples_acquired_into_buffer_event(2, None)


def _told_when_done(card: Client) -> None:
    task = ai(card, samples=4)
    task.register_done_event(lambda *_: 0)
    task.register_done_event(None)


def _each_multi(card: Client) -> None:
    task = card.task()
    task.do_channels.add_do_chan("Dev1/port0/line0:3", line_grouping=_EACH)
    DigitalMultiChannelWriter(task.out_stream, auto_start=True).write_one_sample_one_line(np.ones(4, dtype=bool))


def _bytes_out(card: Client) -> None:
    writer = DigitalMultiChannelWriter(do(card).out_stream, auto_start=True)
    writer.write_one_sample_port_byte(np.array([3], dtype=np.uint8))


def _shorts_out(card: Client) -> None:
    writer = DigitalMultiChannelWriter(do(card).out_stream, auto_start=True)
    writer.write_one_sample_port_uint16(np.array([3], dtype=np.uint16))


def _bytes_in(card: Client) -> None:
    DigitalMultiChannelReader(di(card).in_stream).read_one_sample_port_byte(np.zeros(1, dtype=np.uint8))


def _shorts_in(card: Client) -> None:
    DigitalMultiChannelReader(di(card).in_stream).read_one_sample_port_uint16(np.zeros(1, dtype=np.uint16))


def _volts_in(card: Client) -> None:
    AnalogMultiChannelReader(ai(card, "Dev1/ai0:1", 4).in_stream).read_many_sample(np.zeros((2, 4)), 4)


def _volts_out(card: Client) -> None:
    writer = AnalogMultiChannelWriter(ao(card, "Dev1/ao0:1").out_stream, auto_start=True)
    writer.write_one_sample(np.zeros(2))


def _pulsed(card: Client, kind: str, *arguments: Any) -> None:
    task = card.task()
    getattr(task.co_channels, f"add_co_pulse_chan_{kind}")("Dev1/ctr0", *arguments)
    _ran(task)


def _train(card: Client) -> None:
    task = co(card)
    task.timing.cfg_implicit_timing(samps_per_chan=5)
    _ran(task)


def _new_frequency(card: Client) -> None:
    CounterWriter(co(card).out_stream).write_one_sample_pulse_frequency(100.0, 0.5)


def _ci(card: Client, name: str, *arguments: Any) -> Any:
    return getattr(card.task().ci_channels, f"add_ci_{name}_chan")("Dev1/ctr0", *arguments)


def _ai(card: Client, name: str) -> Any:
    return getattr(card.task().ai_channels, f"add_ai_{name}_chan")("Dev1/ai0")


def _named(card: Client) -> None:
    task = card.task()
    task.ao_channels.add_ao_voltage_chan("Dev1/ao0:1", name_to_assign_to_channel="mirror")
    assert task.channel_names == ["mirror0", "mirror1"]


USAGES: Final[dict[str, dict[str, Usage]]] = {
    "Tasks": {
        "create, name, close": lambda k: k.task().name,
        "start, stop": lambda k: (ci(k).start(), k.tasks[-1].stop()),
        "control (verify, reserve, commit, unreserve, abort)": _controlled,
        "wait_until_done, is_task_done": lambda k: _ran(_words(k)),
        "save to the configuration": lambda k: ci(k).save("mine"),
        "names given to channels": _named,
        "events: every N samples": _every_few,
        "events: done": _told_when_done,
        "events: signal": lambda k: ci(k).register_signal_event(c.Signal.COUNTER_OUTPUT_EVENT, lambda *_: 0),
    },
    "Analogue in": {
        "voltage, on demand": lambda k: ai(k).read(),
        "voltage, several channels": lambda k: ai(k, "Dev1/ai0:3").read(),
        "voltage, finite": lambda k: ai(k, samples=5).read(c.READ_ALL_AVAILABLE),
        "voltage into arrays (stream reader)": _volts_in,
        "voltage as waveforms": lambda k: ai(k, samples=5).read_waveform(5),
        "unscaled samples": lambda k: ai(k, samples=5).in_stream.readall(),
        "logging to TDMS": lambda k: ai(k, samples=5).in_stream.configure_logging("a.tdms"),
        "current": lambda k: _ai(k, "current"),
        "thermocouple": lambda k: _ai(k, "thrmcpl"),
        "strain gauge": lambda k: _ai(k, "strain_gage"),
        "resistance": lambda k: _ai(k, "resistance"),
        "RMS voltage": lambda k: _ai(k, "voltage_rms"),
    },
    "Analogue out": {
        "voltage, on demand": lambda k: ao(k).write(1.0),
        "voltages of several channels (stream writer)": _volts_out,
        "voltage, finite": lambda k: _ran(_wave(k)),
        "voltage as waveforms": lambda k: ao(k, samples=3).write(
            AnalogWaveform.from_array_1d([0.0, 1.0, 2.0], np.float64)
        ),
        "current": lambda k: k.task().ao_channels.add_ao_current_chan("Dev1/ao0"),
        "function generator": lambda k: k.task().ao_channels.add_ao_func_gen_chan("Dev1/ao0"),
    },
    "Digital in": {
        "port, on demand": lambda k: di(k, "Dev1/port0").read(),
        "ports 1 and 2 (PFI)": lambda k: di(k, "Dev1/port2").read(),
        "a channel for each line": lambda k: k.task().di_channels.add_di_chan(
            "Dev1/port0/line0:3", line_grouping=_EACH
        ),
        "8 bits (stream reader)": _bytes_in,
        "16 bits (stream reader)": _shorts_in,
        "finite": lambda k: di(k, samples=5).read(c.READ_ALL_AVAILABLE),
        "as waveforms": lambda k: di(k, samples=5).read_waveform(5),
        "change detection": lambda k: di(k).timing.cfg_change_detection_timing("Dev1/port0/line0"),
    },
    "Digital out": {
        "port, on demand": lambda k: do(k, "Dev1/port0").write(1),
        "ports 1 and 2 (PFI)": lambda k: do(k, "Dev1/port1").write(1),
        "a channel for each line (stream writer)": _each_multi,
        "8 bits (stream writer)": _bytes_out,
        "16 bits (stream writer)": _shorts_out,
        "read back": lambda k: (do(k).write(3), k.tasks[-1].read()),
        "finite": lambda k: _ran(_words(k)),
        "a running buffer rewritten": _rewritten,
    },
    "Counters in": {
        "count edges, on demand": lambda k: ci(k).read(),
        "count edges, several counters": lambda k: k.counter("ctr0:1").read(),
        "count edges by a sample clock": _binned,
        "count edges behind a gate": _gated,
        "count a timebase": lambda k: k.counter(photons="/Dev1/100MHzTimebase").read(),
        "count down": lambda k: _ci(k, "count_edges", "", c.Edge.RISING, 0, c.CountDirection.COUNT_DOWN),
        "frequency": lambda k: _gauged(k, "freq"),
        "period": lambda k: _gauged(k, "period"),
        "pulse width": lambda k: _ci(k, "pulse_width"),
        "semi-period": lambda k: _ci(k, "semi_period"),
        "two-edge separation": lambda k: _ci(k, "two_edge_sep"),
        "duty cycle": lambda k: _ci(k, "duty_cycle"),
        "angular encoder": lambda k: _ci(k, "ang_encoder"),
        "linear encoder": lambda k: _ci(k, "lin_encoder"),
        "pulses by frequency": lambda k: k.task().ci_channels.add_ci_pulse_chan_freq("Dev1/ctr0"),
        "pulses by time": lambda k: k.task().ci_channels.add_ci_pulse_chan_time("Dev1/ctr0"),
        "pulses by ticks": lambda k: k.task().ci_channels.add_ci_pulse_chan_ticks("Dev1/ctr0"),
    },
    "Counters out": {
        "one pulse by frequency": lambda k: _ran(co(k)),
        "one pulse by time": lambda k: _pulsed(k, "time"),
        "one pulse by ticks": lambda k: _pulsed(k, "ticks", "/Dev1/20MHzTimebase"),
        "several counters": lambda k: _ran(co(k, "Dev1/ctr0:1")),
        "a finite train": _train,
        "pulses written one by one": _new_frequency,
        "pulses by a sample clock": lambda k: (
            co(k).timing.cfg_samp_clk_timing(100.0, "/Dev1/PFI0"),
            k.tasks[-1].start(),
        ),
    },
    "Triggers": {
        "digital start": lambda k: (
            ai(k, samples=4).triggers.start_trigger.cfg_dig_edge_start_trig("/Dev1/PFI9"),
            k.tasks[-1].start(),
        ),
        "digital arm start": _armed,
        "no start trigger again": lambda k: ai(k, samples=4).triggers.start_trigger.disable_start_trig(),
        "retriggerable": _retriggered,
        "analogue start": lambda k: ai(k, samples=4).triggers.start_trigger.cfg_anlg_edge_start_trig("Dev1/ai0"),
        "digital pattern start": lambda k: di(k, samples=4).triggers.start_trigger.cfg_dig_pattern_start_trig(
            "Dev1/port0/line0", "1"
        ),
        "digital reference": lambda k: ai(k, samples=4).triggers.reference_trigger.cfg_dig_edge_ref_trig("PFI8", 2),
        "analogue reference": lambda k: ai(k, samples=4).triggers.reference_trigger.cfg_anlg_edge_ref_trig("ai0", 2),
        "pause of an output": _paused,
    },
    "Signals": {
        "export a signal": lambda k: ai(k, samples=4).export_signals.export_signal(c.Signal.SAMPLE_CLOCK, "/Dev1/PFI7"),
        "connect terminals": lambda k: System.remote(k.options).connect_terms("/Dev1/PFI0", "/Dev1/PFI7"),
        "tristate a terminal": lambda k: System.remote(k.options).tristate_output_term("/Dev1/PFI7"),
    },
    "Device": {
        "reset": lambda k: device(k).reset_device(),
        "self test": lambda k: device(k).self_test_device(),
        "self calibration": lambda k: device(k).self_cal(),
        "date of calibration": lambda k: device(k).self_cal_last_date_and_time,
        "power-up states": lambda k: System.remote(k.options).get_digital_power_up_states("Dev1"),
        "watchdog": lambda k: nidaqmx.system.watchdog.WatchdogTask("Dev1", timeout=1.0, grpc_options=k.options),
        "custom scales": lambda k: nidaqmx.scale.Scale.create_lin_scale("twice", 2.0, grpc_options=k.options),
    },
}
"""Area -> what is done -> how; each beginning on a card that was reset."""
