"""Drivers of QCoDeS and its contributors, as they are, against the served bench: every getter and every setter."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pyvisa.errors import VisaIOError
from qcodes.instrument import InstrumentBase, VisaInstrument
from qcodes.instrument_drivers.Keysight import KeysightB2962A
from qcodes.instrument_drivers.stanford_research import SG384
from qcodes.instrument_drivers.yokogawa import YokogawaGS200
from qcodes.parameters import ParameterBase
from qcodes_contrib_drivers.drivers.LighthousePhotonics.Lighthouse_Photonics_Sprout_G import LighthousePhotonicsSproutG

from simulated_instruments.bench import SimulatedBench
from simulated_instruments.sample import load_sample
from simulated_instruments.served.bench import Served
from simulated_instruments.served.client import ServedBench

OF_QCODES = {"IDN", "timeout"}
"""Parameters that every driver has and that are no wire."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("served") / "bench.json"
    with Served(SimulatedBench(load_sample(), 1), Path(file), "simulated default", 1, None) as bench:
        yield bench


@contextmanager
def opened(served: Served, driver: type[VisaInstrument], address: str) -> Iterator[Any]:
    with closing(driver("foreign", served.wires.addresses[address], visalib="@py")) as one:
        yield one


def parameters(of: InstrumentBase) -> Iterator[tuple[str, ParameterBase]]:
    """By dotted names, with those of the channels."""
    yield from ((name, one) for name, one in of.parameters.items() if name not in OF_QCODES)
    for name, part in of.submodules.items():
        if isinstance(part, InstrumentBase):
            yield from ((f"{name}.{inner}", one) for inner, one in parameters(part))


def check_settings(driver: Any, values: Mapping[str, tuple[Any, ...]], spared: Mapping[str, str]) -> None:
    """Every setter takes each value, and its getter tells it again. spared: what is not tried, and why."""
    found = dict(parameters(driver))
    assert {name for name, one in found.items() if one.settable} == values.keys() | spared.keys()
    for name, wanted in values.items():
        for value in wanted:
            found[name](value)
            assert (name, found[name]()) == (name, value)


def check_readings(driver: Any, spared: Mapping[str, str]) -> None:
    """Every getter gets an answer."""
    for name, one in parameters(driver):
        if one.gettable and name not in spared:
            one.get()


def test_b2962a(served: Served) -> None:
    with opened(served, KeysightB2962A, "TCPIP0::192.168.10.21::inst0::INSTR") as driver:
        of_channel: dict[str, tuple[Any, ...]] = {
            "source_mode": ("current", "voltage"),
            "voltage_limit": (0.2, 6.0, 20.0),
            "current_limit": (1e-4, 0.05, 1.0),
            "source_current": (0.0, 1e-7, -0.123457, 0.5),
            "source_voltage": (0.0, -0.05, 1.5),
            "enable": (True, False),
            "remote_sensing": (True, False),
        }
        check_settings(driver, {f"ch{n}.{name}": values for n in (1, 2) for name, values in of_channel.items()}, {})
        check_readings(driver, {})
        assert driver.ask(":SYST:ERR:ALL?") == '+0,"No error"'


def test_gs200(served: Served) -> None:
    with opened(served, YokogawaGS200, "USB0::0x0B21::0x0039::91U112233::INSTR") as driver:
        values: dict[str, tuple[Any, ...]] = {
            "voltage_range": (0.01, 30.0, 1.0),
            "voltage": (0.3, -1.0),
            "source_mode": ("CURR", "VOLT", "CURR"),
            "current_range": (0.2, 0.001, 0.1),
            "range": (0.01, 0.2),
            "voltage_limit": (1, 30),
            "current_limit": (0.001, 0.2),
            "four_wire": ("on", "off"),
            "guard": ("on", "off"),
            "output": ("on",),
            "ramp_mode": ("SOFTWARE", "JUMP", "HARDWARE"),
            "ramp_blocking": (False, True),
            "ramp_rate": (1.0,),
            "ramp_step": (0.01,),
            "program.interval": (0.5, 1.0),
            "program.slope": (0.0, 1.0),
            "program.repeat": ("ON", "OFF"),
            "auto_range": (True, False),
        }
        spared = {
            "current": "ramps, below",
            "output_level": "is current or voltage",
            "BNC_out": "answers with the short form of what is set, below",
            "BNC_in": "likewise",
            "program.save": "without a program there is nothing to save; with the others below",
            "program.load": "likewise",
            "program.count": "likewise",
        }
        check_settings(driver, values, spared)
        driver.current(0.03)
        assert driver.current() == pytest.approx(0.03)
        for name, word in (("BNC_out", "ready"), ("BNC_out", "trigger"), ("BNC_in", "output"), ("BNC_in", "trigger")):
            driver.parameters[name](word)
            assert driver.parameters[name]() == word[:4].upper()
        driver.write(":PROG:EDIT:STAR;:SOUR:LEV 0.01;LEV 0.02;:PROG:EDIT:END")
        driver.program.save("two.csv")
        driver.program.load("two.csv")
        assert driver.program.load() == '"two.csv"'
        driver.program.count(2)
        assert driver.program.count() == 2
        check_readings(driver, {"voltage": "the source is set to current", "voltage_range": "likewise"})
        assert driver.system_errors() == '0,"No error"'


def test_sg384(served: Served) -> None:
    with opened(served, SG384, "TCPIP0::192.168.10.23::inst0::INSTR") as driver:
        on_off = ("ON", "OFF")
        values: dict[str, tuple[Any, ...]] = {
            "frequency": (9.5e5, 2.87e9, 4.05e9),
            "phase": (-360.0, 90.0, 0.0),
            "amplitude_LF": (-47.0, 13.0),
            "amplitude_RF": (16.5, -110.0, -10.0),
            "amplitude_clock": (0.4, 1.0),
            "noise_mode": ("Mode 2", "Mode 1"),
            "enable_RF": on_off,
            "enable_LF": on_off,
            "enable_clock": on_off,
            "offset_clock": (-2.0, 2.0, 0.0),
            "offset_rearDC": (-10.0, 10.0, 0.0),
            "offset_bnc": (-1.5, 1.5, 0.0),
            "modulation_coupling": ("DC", "AC"),
            "FM_deviation": (0.1, 32e6),
            "modulation_function": ("Sine", "Ramp", "Triangle", "Square", "Noise", "External"),
            "enable_modulation": on_off,
            "modulation_rate": (1e-6, 50e3),
            "modulation_type": ("AM", "Phi", "Sweep", "Pulse", "Blank", "IQ", "FM"),
        }
        doubler = {"amplitude_HF": "no frequency doubler is fitted", "enable_HF": "likewise"}
        check_settings(driver, values, doubler)
        check_readings(driver, doubler)
        assert driver.ask("LERR?").strip() == "0"
        driver.amplitude_HF(0)
        driver.timeout(0.1)
        with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
            driver.enable_HF()
        driver.timeout(5)
        assert driver.ask("LERR?;LERR?;LERR?").strip() == "15;15;0"


def test_sprout(served: Served) -> None:
    with opened(served, LighthousePhotonicsSproutG, "ASRL5::INSTR") as driver:
        clock = ServedBench(served.wires)
        driver.output_mode("idle")
        clock.sleep(30.0)
        spared = {
            "device_info": "is a group of others",
            "work_hours": "likewise",
            "status": "likewise",
            "output_power": "its getter tells the light, below",
            "enabled": "is output_mode by another name, below",
        }
        check_settings(driver, {"output_mode": ("calibrate", "idle", "on", "idle", "off")}, spared)
        driver.enabled("on")
        driver.output_power(0.4)
        assert (driver.output_setpoint(), driver.output_mode(), driver.enabled()) == (0.4, "warmup", False)
        clock.sleep(35.0)
        assert (driver.output_power(), driver.output_mode(), driver.enabled()) == (0.4, "on", True)
        check_readings(driver, {})
        driver.enabled("off")
        clock.close()
