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
# Keysight B2961A/B2962A SCPI Command Reference, edition 6 (B2961-90030), of which the pages are named.
CHANNEL_LISTS: list[Step] = [
    *READY,
    (":SOUR1:CURR 0.5;:SOUR2:VOLT 0.0001;:SENS2:CURR:PROT 0.1;:OUTP1 1;:OUTP2 1", None),
    ("MEAS:CURR? (@2)", "+2.00000000E-05"),
    # p. 4-84: both channels answer "in this order", 1 before 2, also for (@2,1) and (@2:1); p. 1-8: (@1:2) is a list
    *[(f"MEAS:CURR? (@{both})", "+5.00000000E-01,+2.00000000E-05") for both in ("1,2", "2,1", "1:2", "2:1", "1, 2")],
    ("MEAS:VOLT?", "+6.00000000E+00"),  # channel 1 if none is named
    ("MEAS:CURR? (@1:3);:SYST:ERR?", '-222,"Data out of range"'),
    ("MEAS:CURR? (@1:999999999);:SYST:ERR?", '-222,"Data out of range"'),
    ("MEAS:CURR? (@);:SYST:ERR?", None),
    (":SYST:ERR?", '-104,"Data type error"'),
]
SIGNED_COMPLIANCE: list[Step] = [
    *READY,
    ("SENS1:VOLT:PROT:POS 6;:SENS1:VOLT:PROT:NEG?", "+2.10000000E+01"),  # p. 4-90
    ("SENS1:VOLT:PROT?;PROT:POS?", "+6.00000000E+00;+6.00000000E+00"),
    (":SOUR1:CURR 0.8;:OUTP1 1;:SENS1:VOLT:PROT:TRIP?", "1"),  # 12 ohm: 9.6 V
    (":SOUR1:CURR -0.8;:SENS1:VOLT:PROT:TRIP?", "0"),
    ("SENS1:VOLT:PROT:LEV:NEG 3;:SENS1:VOLT:PROT:TRIP?", "1"),
    ("MEAS:CURR?", "-2.50000000E-01"),
    (
        "SENS1:VOLT:PROT:BOTH 12;:SENS1:VOLT:PROT?;PROT:POS?;:SENS1:VOLT:DC:PROT:LEV:NEG?",
        ";".join(["+1.20000000E+01"] * 3),
    ),
    ("SENS1:VOLT:PROT:NEG 30;:SYST:ERR?", '-221,"Settings conflict"'),  # 30 V allow 0.105 A, either sign
    ("SENS1:CURR:PROT:POS 0.1;:SENS1:CURR:PROT:NEG?", "+1.00000000E-04"),
]
NAN = "+9.91000000E+37"
READING = "+6.00000000E+00,+5.00000000E-01,+1.20000000E+01,{time},+0.00000000E+00,+5.00000000E-01"
READINGS: list[Step] = [
    *READY,
    ("FETC?", ",".join([NAN] * 6)),  # p. 4-84: no data exists
    (":SOUR1:CURR 0.5;:OUTP1?", "0"),
    2.0,
    # p. 4-21: voltage, current, resistance, time, status, source; p. 4-67: READ switches the output on
    ("READ?", READING.format(time="+2.00000000E+00")),
    (":OUTP1?", "1"),
    3.0,
    (":FETCh:SCALar?", READING.format(time="+2.00000000E+00")),
    ("MEAS?", READING.format(time="+5.00000000E+00")),
    ("FETC:CURR?;:READ:VOLT?;:FETC:TIME? (@1)", "+5.00000000E-01;+6.00000000E+00;+5.00000000E+00"),
    ("FORM:ELEM:SENS SOURce,CURR;SENS?", "CURR,SOUR"),  # in their order, not in that of the command
    ("READ? (@2:1)", "+5.00000000E-01,+5.00000000E-01,+0.00000000E+00,+0.00000000E+00"),
    ("INIT (@1);:FETC?;*RST;:FORM:ELEM:SENS?", "+5.00000000E-01,+5.00000000E-01;VOLT,CURR,RES,TIME,STAT,SOUR"),
    ("FORM:ELEM:SENS OHMS;:SYST:ERR?", None),
    (":SYST:ERR?", '-141,"Invalid character data"'),
]
# SCPI-1999, volume 2, 21.8: ALL empties the queue, CODE tells numbers only.
ERROR_QUEUE: list[Step] = [
    (":SYST:ERR:ALL?;CODE?;COUN?;CODE:ALL?", f"{NO_ERROR};+0;0;+0"),
    ("FOO", None),
    ("SOUR1:CURR 9;:SOUR1:CURR 9;:SYST:ERR:COUN?;CODE?", "3;-113"),
    (":SYST:ERR:ALL?;COUN?", '-222,"Data out of range",-222,"Data out of range";0'),
    ("SOUR1:CURR 9;:SOUR1:CURR 9;:SYST:ERR:CODE:ALL?;NEXT?", "-222,-222;+0"),
]
# IEEE 488.2, 7.4.1.2: any white space parts a header from its data; 10.32: *RST has no parameter.
SYNTAX: list[Step] = [
    ("SOUR1:CURR\t0.05;:SOUR1:CURR?", "+5.00000000E-02"),
    ("MEAS:CURR?\t(@1)", "+0.00000000E+00"),
    ("*RST 1", None),
    (":SYST:ERR?;:SOUR1:CURR?", '-108,"Parameter not allowed";+5.00000000E-02'),
    *[(f"{wrong};:SYST:ERR?", None) for wrong in ("*CLS 0", "*IDN? 1", ":OUTP1? 1", ":SOUR1:CURR? 0.1")],
    (":SYST:ERR:CODE:ALL?", "-108,-108,-108,-108"),
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
        CHANNEL_LISTS,
        SIGNED_COMPLIANCE,
        READINGS,
        ERROR_QUEUE,
        SYNTAX,
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
        assert (message, world.setpoints.main_a, world.setpoints.shift_a) == (message, main_a, shift_a)


@pytest.mark.parametrize(("protection", "main_a"), [(0, 0.5), (1, 0.0)])
def test_a_coil_gets_no_more_than_its_compliance_voltage_pushes(protection: int, main_a: float) -> None:
    world = BareWorld()
    source = supply(world)
    check_trace(source, world.clock, READY)
    source.answer(f":OUTP1:PROT {protection};:SENS1:VOLT:PROT 6;:SOUR1:CURR 0.8;:OUTP1 1".encode())
    assert world.setpoints.main_a == main_a
