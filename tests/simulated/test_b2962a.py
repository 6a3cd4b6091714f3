"""Keysight B2962A on the wire: traces."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.b2962a import B2962A

NO_ERROR = '+0,"No error"'
READY: list[Step] = [
    ("SENS1:VOLT:PROT 21", None),
    (":SOUR1:FUNC:MODE CURR", None),
    (":SOUR1:CURR:RANG 1", None),
]
POWER_ON: list[Step] = [
    ("*IDN?", "Keysight Technologies,B2962A,MY51140021,6.3"),
    (":SYST:ERR?", NO_ERROR),
    ("OUTP1?", "0"),
    (":SOUR1:FUNC:MODE?", "VOLT"),
    ("SOURCE1:CURR?", "+0.00000000E+00"),
    (":SOUR1:CURR:RANG:AUTO?", "1"),
    (":OUTP1:ON:AUTO?", "1"),
    ("*ESR?", "128"),
    ("*ESR?", "0"),
    ("*STB?", "0"),
    ("*OPC?", "1"),
]
AS_QCODES_SENDS: list[Step] = [
    *READY,
    ("SOURCE1:CURR 0.93180000", None),
    ("SOURCE1:CURR?", "+9.31800000E-01"),
    ("OUTP1 1", None),
    ("OUTP1?", "1"),
    ("MEAS:CURR? (@1)", "+9.31800000E-01"),
    ("MEAS:VOLT? (@1)", "+1.11816000E+01"),
    ("MEAS:RES? (@1)", "+1.20000000E+01"),
    (":SYST:ERR?", NO_ERROR),
]
LONG_AND_SHORT: list[Step] = [
    (":SOURce2:CURRent:LEVel:IMMediate:AMPLitude 50 mA", None),
    ("sour2:curr?", "+5.00000000E-02"),
    (":SOUR2:CURR:LEV?;RANG?", "+5.00000000E-02;+1.00000000E-01"),  # continues the path :SOUR2:CURR
    (":SOUR2:CURR?;VOLT?", "+5.00000000E-02;+0.00000000E+00"),
    ("CURR 1E-3;:SOUR1:CURR?", "+1.00000000E-03"),
    ("*CLS;:SYSTem:ERRor:NEXT?", NO_ERROR),
]
RESOLUTION: list[Step] = [
    *READY,
    ("SOURCE1:CURR 0.1234564", None),
    ("SOURCE1:CURR?", "+1.23456000E-01"),
    (":SOUR2:CURR:RANG 0.1", None),
    ("SOURCE2:CURR 0.01234564", None),
    ("SOURCE2:CURR?", "+1.23456000E-02"),
]
RANGES: list[Step] = [
    *READY,
    (":SOUR1:CURR:RANG?;:SOUR1:CURR:RANG:AUTO?", "+1.00000000E+00;0"),
    ("SOURCE1:CURR 1.2", None),
    (":SYST:ERR?", '-222,"Data out of range"'),
    ("SOURCE1:CURR?", "+0.00000000E+00"),
    (":SOUR1:CURR:RANG:AUTO 1", None),
    ("SOURCE1:CURR 1.2", None),
    (":SOUR1:CURR:RANG?", "+1.50000000E+00"),
    (":SOUR1:CURR:RANG 1", None),
    (":SYST:ERR?", '-221,"Settings conflict"'),
    ("SOURCE1:CURR 1.6", None),  # 21 V allow 1.515 A
    (":SYST:ERR?", '-222,"Data out of range"'),
    ("SENS1:VOLT:PROT 30", None),  # 30 V would allow 0.105 A
    (":SYST:ERR?", '-221,"Settings conflict"'),
    ("SENS1:VOLT:PROT?;:SENS1:VOLT:PROT? MAX", "+2.10000000E+01;+2.10000000E+02"),
]
BOTH_CHANNELS: list[Step] = [
    ("SENS1:VOLT:PROT 21;:SOUR1:FUNC:MODE CURR;:SOUR1:CURR 1.4;:OUTP1 1", None),
    ("SENS2:VOLT:PROT 21;:SOUR2:FUNC:MODE CURR;:SOUR2:CURR 1.2;:OUTP2 1", None),
    ("OUTP1?;:OUTP2?", "1;0"),
    (":SYST:ERR?", '-221,"Settings conflict"'),
    (":SOUR2:CURR 1.1;:OUTP2 1;:OUTP2?", "1"),
    (":SYST:ERR?", NO_ERROR),
]
COMPLIANCE: list[Step] = [
    *READY,
    ("SENS1:VOLT:PROT 6;:SOUR1:CURR 0.8;:OUTP1 1", None),  # 12 ohm: 6 V push half an ampere
    ("MEAS:CURR? (@1)", "+5.00000000E-01"),
    (":SENS1:VOLT:PROT:TRIP?;:OUTP1?", "1;1"),
    (":STAT:QUES:COND?;:STAT:QUES:EVEN?", "0;0"),  # nothing was opened
    (":SOUR1:CURR 0.01;:SENS1:VOLT:PROT:TRIP?", "0"),
]
PROTECTION: list[Step] = [
    *READY,
    (":OUTP1:PROT 1;:OUTP1:PROT?", "1"),
    ("SENS1:VOLT:PROT 6;:SOUR1:CURR 0.4;:OUTP1 1;:OUTP1?;:SENS1:VOLT:PROT:TRIP?", "1;0"),
    (":SOUR1:CURR 0.8;:OUTP1?;:SENS1:VOLT:PROT:TRIP?", "0;0"),  # off, and so in no compliance any more
    (":STAT:QUES:COND?;:STAT:QUES:EVEN?;:STAT:QUES?", "4;4;0"),
    (":SOUR1:CURR 0.4;:OUTP1 1;:OUTP1?;:SENS1:VOLT:PROT:TRIP?;:STAT:QUES:COND?", "1;0;0"),
    (":SOUR1:CURR 0.8;*CLS;:STAT:QUES:COND?;:STAT:QUES:EVEN?", "4;0"),
]
MEASURING_SWITCHES_ON: list[Step] = [
    *READY,
    ("OUTP1?", "0"),
    ("MEAS:CURR? (@1)", "+0.00000000E+00"),
    ("OUTP1?", "1"),
    ("OUTP1 0;:OUTP1:ON:AUTO 0", None),
    ("MEAS:CURR? (@1)", "+9.91000000E+37"),
    ("OUTP1?", "0"),
]
MODE_CHANGE: list[Step] = [*READY, ("OUTP1 1;:OUTP1?", "1"), (":SOUR1:FUNC:MODE VOLT;:OUTP1?", "0")]
VOLTAGE_SOURCE: list[Step] = [
    ("SENS1:CURR:PROT 0.1;:SOUR1:VOLT 0.6;:OUTP1 1", None),
    ("MEAS:CURR? (@1)", "+5.00000000E-02"),
    (":SOUR1:VOLT 2.4", None),
    ("MEAS:CURR? (@1)", "+1.00000000E-01"),
    (":SENS1:CURR:PROT:TRIP?;:SENS1:VOLT:PROT:TRIP?", "1;0"),
]
REFUSALS: list[Step] = [
    ("FOO 1", None),
    (":SYST:ERR?", '-113,"Undefined header"'),
    ("SOUR1:CURR", None),
    (":SYST:ERR?", '-109,"Missing parameter"'),
    ("SOUR1:CURR 1,2", None),
    (":SYST:ERR?", '-108,"Parameter not allowed"'),
    ("SOUR1:CURR abc", None),
    (":SYST:ERR?", '-104,"Data type error"'),
    ("SOUR1:CURR 1 kg", None),
    (":SYST:ERR?", '-131,"Invalid suffix"'),
    ("SOUR3:CURR 0", None),
    (":SYST:ERR?", '-114,"Header suffix out of range"'),
    ("OUTP1 2", None),
    (":SYST:ERR?", '-224,"Illegal parameter value"'),
    (":OUTP1:OFF:MODE SOMETIMES", None),
    (":SYST:ERR?", '-141,"Invalid character data"'),
    ("MEAS:CURR? (@3)", None),
    (":SYST:ERR?", '-222,"Data out of range"'),
    ("::;", None),
    (":SYST:ERR?", '-102,"Syntax error"'),
    ("MEAS:CURR 1", None),
    (":SYST:ERR?", '-113,"Undefined header"'),
    ("*ESR?", "176"),  # power on, command error, execution error
    (":SYST:ERR?", NO_ERROR),
]
ERRORS_IN_A_MESSAGE: list[Step] = [
    ("FOO;SOUR1:CURR 0.05;:SOUR1:CURR?", None),  # a command error ends the message
    ("SOUR1:CURR 9;:SOUR1:CURR?", "+0.00000000E+00"),  # an execution error does not
    ("*STB?", "4"),
    (":SYST:ERR?;:SYST:ERR?;:SYST:ERR?", f'-113,"Undefined header";-222,"Data out of range";{NO_ERROR}'),
    ("*STB?", "0"),
]
OVERFLOW: list[Step] = [
    *([("FOO", None)] * 40),
    (";".join([":SYST:ERR?"] * 30), ";".join(['-113,"Undefined header"'] * 29 + ['-350,"Queue overflow"'])),
    (":SYST:ERR?", NO_ERROR),
]
RESET: list[Step] = [
    *READY,
    ("SOURCE1:CURR 0.5;:OUTP1 1", None),
    ("*RST", None),
    (":SOUR1:CURR?;:OUTP1?;:SOUR1:FUNC:MODE?", "+0.00000000E+00;0;VOLT"),
]


def supply(world: BareWorld) -> B2962A:
    return B2962A(world, ("main_a", "shift_a"), "MY51140021", (12.0, 5.0))


@pytest.mark.parametrize(
    "trace",
    [
        POWER_ON,
        AS_QCODES_SENDS,
        LONG_AND_SHORT,
        RESOLUTION,
        RANGES,
        BOTH_CHANNELS,
        COMPLIANCE,
        PROTECTION,
        MEASURING_SWITCHES_ON,
        MODE_CHANGE,
        VOLTAGE_SOURCE,
        REFUSALS,
        ERRORS_IN_A_MESSAGE,
        OVERFLOW,
        RESET,
    ],
)
def test_trace(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(supply(world), world.clock, trace)


KNOBS = [
    ("SOURCE1:CURR 0.5", 0.0, 0.0),  # the output is off
    ("OUTP1 1", 0.5, 0.0),
    ("SOURCE1:CURR -0.25", -0.25, 0.0),
    (":SOUR2:FUNC:MODE CURR;:SOUR2:CURR 0.04;:OUTP2 1", -0.25, 0.04),
    ("OUTP1 0", 0.0, 0.04),
    ("*RST", 0.0, 0.0),
]


def test_the_coils_carry_what_the_outputs_give() -> None:
    world = BareWorld()
    source = supply(world)
    check_trace(source, world.clock, READY)
    for message, main_a, shift_a in KNOBS:
        source.answer(message.encode())
        assert (message, world.knobs.main_a, world.knobs.shift_a) == (message, main_a, shift_a)


@pytest.mark.parametrize(("protection", "main_a"), [(0, 0.5), (1, 0.0)])
def test_a_coil_gets_no_more_than_its_compliance_voltage_pushes(protection: int, main_a: float) -> None:
    world = BareWorld()
    source = supply(world)
    check_trace(source, world.clock, READY)
    source.answer(f":OUTP1:PROT {protection};:SENS1:VOLT:PROT 6;:SOUR1:CURR 0.8;:OUTP1 1".encode())
    assert world.knobs.main_a == main_a
