"""SRS SG386 on the wire: traces."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.sg386 import SG386

POWER_ON: list[Step] = [
    ("*IDN?", "Stanford Research Systems,SG386,s/n001671,ver1.21.26"),
    ("FREQ?", "10000000.000000"),
    ("ENBR?", "0"),
    ("MODL?", "0"),
    ("LERR?", "0"),
    ("OPTN? 2", "0"),
    ("OPTN? 3", "1"),
    ("TEMP?", "38.5"),
    ("*STB?", "0"),
]
CARRIER: list[Step] = [
    ("FREQ 2870000000.000", None),
    ("FREQ?", "2870000000.000000"),
    ("FREQ 5740.5 MHz", None),
    ("FREQ?", "5740500000.000000"),
    ("FREQ? GHz", "5.740500000000000"),
    ("AMPR -10.00", None),
    ("AMPR?", "-10.00"),
    # volts into 50 ohm, as public drivers ask for them; six digits are assumed *(check)*
    ("AMPR? RMS;AMPR? VPP", "0.070711;0.200000"),
    ("AMPR 0.1 RMS;AMPR?", "-6.99"),
    ("AMPR 0.2VPP;AMPR?;AMPR? vpp", "-10.00;0.200000"),
    ("AMPL 1 VPP;AMPL?;AMPL? RMS", "3.98;0.353578"),
    ("AMPR 0 VPP;LERR?;AMPR 9 RMS;LERR?;AMPR?", "10;10;-10.00"),
    ("ENBR 1", None),
    ("ENBR?;FREQ?", "1;5740500000.000000"),
    ("PHAS 90.0;PHAS?", "90.00"),
    ("LERR?", "0"),
]
MODULATION: list[Step] = [
    ("FREQ 2.87 GHz;TYPE 6;QFNC 5;MODL 1", None),
    ("MODL?;TYPE?;QFNC?", "1;6;5"),
    ("TYPE 4;PFNC 5;TYPE?;PFNC?", "4;5"),
    ("COUP 0;COUP?", "0"),
    ("RATE 2 kHz;RATE?", "2000.000000"),
    ("LERR?", "0"),
]
IQ_LIMITS: list[Step] = [
    ("TYPE 6;MODL 1;LERR?", "11"),  # the carrier is at 10 MHz
    ("FREQ 2.87 GHz;MODL 1;AMPR 11;LERR?;AMPR?", "10;-110.00"),
    ("FREQ 300 MHz;LERR?;FREQ?", "11;2870000000.000000"),
    ("MODL 0;AMPR 11;MODL 1;LERR?;MODL?", "11;0"),
]
NO_DOUBLER: list[Step] = [
    ("AMPH 3", None),
    ("LERR?", "15"),
    ("AMPH?", None),
    ("ENBH?", None),
    ("LERR?;LERR?;LERR?", "15;15;0"),
]
REFUSALS: list[Step] = [
    ("FREQ 7e9;LERR?", "10"),
    ("AMPR 17;LERR?", "10"),
    ("FOOO 1;LERR?", "111"),
    ("*TRG?;LERR?", "112"),
    ("LERR 1;LERR?", "113"),
    ("FREQ 1,;LERR?", "114"),
    ("FREQ 1,2;LERR?", "115"),
    ("FREQ;LERR?", "116"),
    ("TYPE 1.5;LERR?", "120"),
    ("TYPE x;LERR?", "120"),
    ("FREQ x;LERR?", "121"),
    ("FREQ 1 dBm;LERR?", "126"),
    ("!;LERR?", "126"),
    ("OPTN? 9;LERR?", "10"),
    ("FREQ 7e9;FREQ 8e9;FOOO", None),
    ("LERR?;LERR?;LERR?;LERR?", "10;10;111;0"),
    ("FOOO;*CLS;LERR?", "0"),
    ("FREQ?", "10000000.000000"),  # what is refused changes nothing
]
# SRS's registers and commands as in its own Python package for the DG645 (srsinst), whose errors and status are the
# same family: ESR bits 0 OPC, 2 QYE, 3 DDE, 4 EXE, 5 CME, 7 PON; STB bits 0 INSB, 5 ESB, 6 MSS; *RCL 0 is *RST;
# TIMB? 0 crystal, 1 oven, 2 rubidium, 3 external. What *RCL says of an empty place is assumed *(check)*.
COMMON_COMMANDS: list[Step] = [
    ("*ESR?;*ESR?;*TST?;*WAI;*OPC?", "128;0;0;1"),
    ("TIMB?;TIMB 2;LERR?", "1;113"),
    ("*ESR?;FREQ 7e9;*OPC;*ESR?;*ESR?", "32;17;0"),
    ("*ESE?;*SRE?;INSE?", "0;0;0"),
    ("FREQ 7e9;*STB?", "0"),  # an error alone sets no bit there
    ("*ESE 16;*SRE 32;*STB?;*ESE?;*SRE?", "96;16;32"),
    ("*CLS;*STB?;*ESR?;LERR?;*ESE?", "0;0;0;16"),
    ("*ESE 256;LERR?;*SRE x;LERR?;*ESE;LERR?", "10;120;116"),
]
PLACES: list[Step] = [
    ("FREQ 2.87 GHz;AMPR -20;MODL 0;ENBR 1;*SAV 3", None),
    ("FREQ 1 GHz;ENBR 0;*RCL 3;FREQ?;AMPR?;ENBR?", "2870000000.000000;-20.00;1"),
    ("*RCL 4;LERR?;FREQ?", "13;2870000000.000000"),
    ("*SAV 0;LERR?;*SAV 10;LERR?;*RCL;LERR?", "10;10;116"),
    ("*RCL 0;FREQ?;ENBR?;LERR?", "10000000.000000;0;0"),
]
OVERFLOW: list[Step] = [
    *[("FOOO", None)] * 30,
    (";".join(["LERR?"] * 21), ";".join(["111"] * 19 + ["254", "0"])),
]
LIST: list[Step] = [
    ("LSTE 1;LERR?", "12"),
    ("LSTC? 0", "0"),
    ("LSTC? 2", "1"),
    ("LSTS?", "2"),
    ("LSTP? 0", ",".join(["N"] * 15)),
    ("LSTP 0,2.87e9,N,N,N,-5,N,4,N,N,N,N,N,N,N,N", None),
    ("LSTP 1,2.88e9,N,N,N,N,N,N,1,N,N,2e6,N,N,N,N", None),
    ("LERR?", "0"),
    ("LSTP? 0", "2.87E9,N,N,N,-5,N,4,N,N,N,N,N,N,N,N"),
    ("*TRG;FREQ?", "10000000.000000"),  # not armed
    ("LSTE 1;LSTE?", "1"),
    ("*TRG;FREQ?;AMPR?;ENBR?", "2870000000.000000;-5.00;1"),
    ("LSTI?", "1"),
    ("*TRG;FREQ?;FDEV?;AMPR?", "2880000000.000000;2000000.0;-5.00"),
    ("LSTI?", "0"),
    ("LSTI 1;LSTI?", "1"),
    ("LSTR;LSTI?", "0"),
    ("LSTD;LSTS?;LSTE?", "0;0"),
]
LIST_REFUSALS: list[Step] = [
    ("LSTC? 2", "1"),
    ("LSTP 2," + ",".join(["N"] * 15) + ";LERR?", "10"),
    ("LSTP 0,N;LERR?", "116"),
    ("LSTP 0," + ",".join(["N"] * 16) + ";LERR?", "115"),
    ("LSTP 0,7e9," + ",".join(["N"] * 14) + ";LERR?", "10"),
    ("LSTP 0,N,N,N,N,N,N,N,N,N,N,N,N,N,3,N;LERR?", "15"),
    ("LSTI 5;LERR?", "10"),
    ("LSTE 2;LERR?", "10"),
    ("LSTT;LERR?", "111"),
]


@pytest.mark.parametrize(
    "trace",
    [
        POWER_ON,
        CARRIER,
        MODULATION,
        IQ_LIMITS,
        NO_DOUBLER,
        REFUSALS,
        COMMON_COMMANDS,
        PLACES,
        OVERFLOW,
        LIST,
        LIST_REFUSALS,
    ],
)
def test_trace(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(SG386(world), world.clock, trace)


def test_the_bench_hears_the_carrier() -> None:
    world = BareWorld()
    generator = SG386(world)
    generator.answer(b"FREQ 2.87 GHz;AMPR -3;ENBR 1")
    assert (world.setpoints.carrier_hz, world.setpoints.carrier_dbm, world.setpoints.carrier_on) == (2.87e9, -3.0, True)
    generator.answer(b"FREQ 100 kHz")  # below the type-N output's band
    assert not world.setpoints.carrier_on
    generator.answer(b"*RST")
    assert (world.setpoints.carrier_hz, world.setpoints.carrier_on) == (10e6, False)


def test_an_open_loop_is_summed_up_in_the_status_byte() -> None:
    world = BareWorld()
    generator = SG386(world)
    check_trace(generator, world.clock, [("INSE 31;*SRE 1;*STB?", "0")])
    generator.unlock(True)
    check_trace(generator, world.clock, [("*STB?;INSR?", "65;16")])
    generator.unlock(False)
    check_trace(generator, world.clock, [("INSR?;*STB?", "16;0")])
