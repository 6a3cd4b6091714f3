"""Yokogawa GS200 on the wire: traces."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.gs200 import GS200

NO_ERROR = '0,"No error"'
READY: list[Step] = [("SOUR:FUNC CURR", None), (":SOUR:RANG 0.2", None), ("OUTPUT 1", None)]
POWER_ON: list[Step] = [
    ("*IDN?", "YOKOGAWA,GS210,91U112233,2.02"),
    ("*OPT?", "NONE"),
    ("OUTPUT?", "0"),
    (":SOUR:FUNC?", "VOLT"),
    (":SOUR:RANG?", "+10E+0"),
    (":SOUR:LEV?", "+0.00000E+0"),
    (":SENS:REM?;GUAR?", "0;0"),
    (":ROUT:BNCO?;BNCI?", "TRIG;TRIG"),
    ("SYST:LFR?", "50"),
    (":STAT:COND?", "256"),
    (":SYSTem:ERRor?", NO_ERROR),
]
AS_QCODES_SENDS: list[Step] = [
    *READY,
    (":SOUR:RANG?", "+200E-3"),
    (":SOUR:LEV 1.23400e-03", None),
    (":SOUR:LEV?", "+1.23400E-3"),
    (":SOUR:PROT:VOLT 20;VOLT?", "+20E+0"),
    (":SOUR:PROT:CURR 0.100;CURR?", "+100E-3"),
    (":SENS:REM 1;REM?", "1"),
    (":ROUT:BNCO ready;BNCO?", "READ"),
    (":SOUR:LEV:AUTO 5.00000e-03", None),
    (":SOUR:RANG?;LEV?", "+10E-3;+5.00000E-3"),
    (":SYST:ERR?", NO_ERROR),
]
LIMITS_OF_PROTECTION: list[Step] = [
    (":SOUR:PROT:VOLT? MIN", "+1E+0"),
    (":SOUR:PROT:VOLT? MAX", "+30E+0"),
    (":SOUR:PROT:VOLT 31", None),
    (":SYST:ERR?", '-222,"Data out of range"'),
]
PATHS: list[Step] = [
    (":SOURce:FUNCtion VOLTage;RANGe 100E-3;RANGe?", "+100E-3"),
    (":SOUR:FUNC?;RANG?;LEV?", "VOLT;+100E-3;+0.00000E+0"),
]
RANGES: list[Step] = [
    *READY,
    (":SOUR:LEV 0.21", None),
    (":SYST:ERR?", '-222,"Data out of range"'),
    (":SOUR:RANG 0.01;LEV 0.012;LEV?", "+12.00000E-3"),  # the hardware gives 1.2 times its range
    (":SOUR:LEV 0.0121", None),
    (":SYST:ERR?", '-222,"Data out of range"'),
    (":SOUR:RANG 1", None),
    (":SYST:ERR?", '-222,"Data out of range"'),
    (":SOUR:RANG 0.001;LEV?", "+1.20000E-3"),
]
RESOLUTION: list[Step] = [
    *READY,
    (":SOUR:LEV 0.0123456;LEV?", "+12.34600E-3"),
    (":SOUR:RANG 0.001;LEV 1.23456E-4;LEV?", "+123.46000E-6"),
]
LIVE_OUTPUT: list[Step] = [
    *READY,
    ("SOUR:FUNC VOLT", None),
    (":SYST:ERR?", '-221,"Settings conflict"'),
    ("OUTPUT 0;:SOUR:FUNC VOLT;FUNC?", "VOLT"),
]
NO_MONITOR: list[Step] = [
    (":SENS?", None),
    (":SYST:ERR?", '-241,"Hardware missing"'),
    (":MEAS?", None),
    (":SYST:ERR?", '-241,"Hardware missing"'),
]
REFUSALS: list[Step] = [
    (":SOUR:LEVEL:FOO 1", None),
    (":SYST:ERR?", '-113,"Undefined header"'),
    (":SOUR:LEV", None),
    (":SYST:ERR?", '-109,"Missing parameter"'),
    (":PROG:RUN", None),
    (":SYST:ERR?", '-221,"Settings conflict"'),
    (":PROG:LOAD 'nothing'", None),
    (":SYST:ERR?", '-224,"Illegal parameter value"'),
    ("*ESE 32", None),
    ("FOO", None),
    ("*STB?", "36"),
    ("*CLS;*STB?", "0"),
]
RAMP = (
    "*CLS;:PROG:REP 0;:PROG:SLOP 5.000000E-01;:PROG:INT 5.000000E-01;"
    ":PROG:EDIT:STAR;:SOUR:LEV 5.000000E-02;:PROG:EDIT:END;:PROG:RUN"
)
HARDWARE_RAMP: list[Step] = [
    *READY,
    (RAMP, None),
    (":SOUR:LEV?", "+0.00000E+0"),
    0.25,
    (":SOUR:LEV?", "+25.00000E-3"),
    (":STAT:COND?", "0"),
    (":SOUR:LEV 0.1", None),
    (":SYST:ERR?", '-221,"Settings conflict"'),
    0.25,
    (":STAT:EVEN?", "192"),  # end of step, end of program
    (":STAT:EVEN?", "0"),
    (":SOUR:LEV?", "+50.00000E-3"),
    ("*STB?", "0"),
]
POLLED_RAMP: list[Step] = [*READY, (RAMP, None), *[(":STAT:EVEN?", "0")] * 4, (":STAT:EVEN?", "192")]
PAUSED_RAMP: list[Step] = [
    *READY,
    (RAMP, None),
    0.1,
    (":PROG:PAUS", None),
    3600.0,
    (":SOUR:LEV?", "+10.00000E-3"),
    (":STAT:EVEN?", "0"),
    (":PROG:CONT", None),
    0.1,
    (":SOUR:LEV?", "+20.00000E-3"),
    (":PROG:HOLD", None),
    0.1,
    (":PROG:HOLD", None),
    0.1,
    (":SOUR:LEV?", "+30.00000E-3"),
    ("OUTPUT 0", None),
    1.0,
    (":SOUR:LEV?", "+30.00000E-3"),
]
STEPS: list[Step] = [
    *READY,
    ("*CLS;:PROG:EDIT:STAR;:SOUR:LEV 0.01;LEV 0.02;:PROG:EDIT:END;:PROG:SAVE 'two.csv'", None),
    (":PROG:SLOP 0;INT 0.2;:PROG:SLOP?;INT?;COUN?", "0.0;0.2;1"),
    (":PROG:STEP", None),
    0.2,
    (":SOUR:LEV?;:PROG:COUN?", "+10.00000E-3;2"),
    (":PROG:COUN 1;:PROG:REP 1;:PROG:RUN", None),
    0.2,
    (":SOUR:LEV?", "+20.00000E-3"),
    0.2,
    (":SOUR:LEV?", "+10.00000E-3"),
    (":PROG:EDIT:STAR;END;:OUTPUT 0;:OUTPUT 1;:PROG:LOAD 'two.csv';:PROG:LOAD?;REP?", '"two.csv";1'),
    (":SYST:ERR?", NO_ERROR),
]


# IM GS210-01EN, p. 13-12: LEV:AUTO takes the smallest range that includes the level; MIN and MAX take the largest one;
# LEV:AUTO? is the level, or its ends with MIN and MAX. RANG UP and RANG DOWN are what public drivers send; that the
# last range stays when there is no further one is assumed *(check)*.
LEVEL_WORDS: list[Step] = [
    *READY,
    (":SOUR:LEV:AUTO 5E-3;AUTO?;:SOUR:RANG?", "+5.00000E-3;+10E-3"),
    (":SOUR:LEV? MAX;LEV? MIN", "+12.00000E-3;-12.00000E-3"),  # of this range: it gives 1.2 times its name
    (":SOUR:LEV:AUTO? MAX;AUTO? MINimum", "+200.00000E-3;-200.00000E-3"),
    (":SOUR:RANG? MAX;RANG? MIN;RANG?", "+200E-3;+1E-3;+10E-3"),
    (":SOUR:RANG UP;RANG?;RANG UP;RANG?;RANG UP;RANG?", "+100E-3;+200E-3;+200E-3"),
    (":SOUR:LEV 0;RANG MIN;RANG?;RANG UP;RANG?;RANG DOWN;RANG?;RANG DOWN;RANG?", "+1E-3;+10E-3;+1E-3;+1E-3"),
    (":SOUR:LEV MAX;LEV?", "+1.20000E-3"),
    (":SOUR:LEV:AUTO MIN;:SOUR:RANG?;LEV?", "+200E-3;-200.00000E-3"),
    (":SOUR:LEV:AUTO MAX;:SOUR:LEV?", "+200.00000E-3"),
    (":SOUR:LEV? 1;LEV:AUTO? 1;:SYST:ERR?", None),  # a command error ends the message
    (":SYST:ERR?", '-108,"Parameter not allowed"'),
    (":SOUR:RANG SIDEWAYS", None),
    (":SYST:ERR?", '-104,"Data type error"'),
    ("OUTPUT 0;:SOUR:FUNC VOLT;RANG? MAX;LEV:AUTO? MAX", "+30E+0;+32.00000E+0"),
]
# p. 13-12: "During program editing, this command sets […] the current step's source level": the output stays.
AUTO_IN_A_PROGRAM: list[Step] = [
    *READY,
    (
        ":SOUR:RANG 0.01;LEV 0.002;:PROG:EDIT:STAR;:SOUR:LEV:AUTO 0.05;AUTO 1.5E-3;:SOUR:LEV?;RANG?",
        "+2.00000E-3;+10E-3",
    ),
    (":SOUR:RANG MAX;LEV MAX;RANG?;LEV?;:PROG:EDIT:END", "+10E-3;+2.00000E-3"),
    (":PROG:INT 1;SLOP 0;REP 0;:PROG:RUN;:SOUR:RANG?;LEV?", "+100E-3;+50.00000E-3"),
    1.0,
    (":SOUR:RANG?;LEV?", "+10E-3;+1.50000E-3"),
    1.0,
    (":SOUR:RANG?;LEV?", "+200E-3;+200.00000E-3"),
    1.0,
    (":SOUR:RANG?;LEV?;:STAT:COND?;:SYST:ERR?", f"+200E-3;+200.00000E-3;256;{NO_ERROR}"),
    (":OUTPUT 0;:SOUR:FUNC VOLT;:OUTPUT 1;:PROG:RUN;:SYST:ERR?", '-221,"Settings conflict"'),  # a program of currents
]


@pytest.mark.parametrize(
    "trace",
    [
        POWER_ON,
        AS_QCODES_SENDS,
        LIMITS_OF_PROTECTION,
        PATHS,
        RANGES,
        RESOLUTION,
        LIVE_OUTPUT,
        NO_MONITOR,
        REFUSALS,
        HARDWARE_RAMP,
        POLLED_RAMP,
        PAUSED_RAMP,
        STEPS,
        LEVEL_WORDS,
        AUTO_IN_A_PROGRAM,
    ],
)
def test_trace(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(GS200(world, "trim_x_a", "91U112233", 20.0), world.clock, trace)


KNOBS = [
    (":SOUR:LEV 0.1", 0.1),
    ("OUTPUT 0", 0.0),
    ("OUTPUT 1", 0.1),
    (":SOUR:PROT:VOLT 1", 0.05),  # 20 ohm
    (":SOUR:PROT:VOLT 30", 0.1),
    ("*RST", 0.0),
]


def test_the_coil_carries_what_the_output_gives() -> None:
    world = BareWorld()
    source = GS200(world, "trim_x_a", "91U112233", 20.0)
    check_trace(source, world.clock, READY)
    for message, amps in KNOBS:
        source.answer(message.encode())
        assert (message, world.setpoints.trim_x_a) == (message, pytest.approx(amps))


def test_a_level_that_is_edited_moves_no_current() -> None:
    world = BareWorld()
    source = GS200(world, "trim_x_a", "91U112233", 20.0)
    check_trace(source, world.clock, [*READY, (":SOUR:LEV 0.02;:PROG:EDIT:STAR;:SOUR:LEV:AUTO 0.1;RANG MIN", None)])
    assert world.setpoints.trim_x_a == 0.02


def test_a_ramp_reaches_the_coil_in_laboratory_time() -> None:
    world = BareWorld()
    source = GS200(world, "trim_y_a", "91U112234", 20.0)
    check_trace(source, world.clock, [*READY, (RAMP, None), 0.2, (":STAT:COND?", "0")])
    assert world.setpoints.trim_y_a == pytest.approx(0.02)
