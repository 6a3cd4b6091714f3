"""Sprout-G on the wire: traces."""

import pytest
from support.bare_world import BareWorld, Step, check_trace

from simulated_instruments.visa.sprout import SproutG

POWER_ON: list[Step] = [
    ("PRODUCT?", "PRODUCT=Sprout-G-5W"),
    ("VERSION?", "VERSION=2.4.1"),
    ("SERIALNUMBER?", "SERIALNUMBER=1507"),
    ("CONFIG?", "CONFIG=532NM,5W,TEM00"),
    ("HOURS?", "HOURS=12:30:00"),
    ("RUN HOURS?", "RUN HOURS=10:00:00"),
    ("OPMODE?", "OPMODE=OFF"),
    ("WARNING?", "WARNING=NONE"),
    ("SHUTTER?", "SHUTTER=OPEN"),
    ("INTERLOCK?", "INTERLOCK=OK"),
    ("POWER?", "POWER=0.00"),
    ("POWER SET?", "POWER SET=0.00"),
]
COLD_START: list[Step] = [
    ("POWER SET=0.50", "0"),
    ("POWER SET?", "POWER SET=0.50"),
    ("OPMODE=ON", "0"),
    ("OPMODE?", "OPMODE=WARMUP"),
    ("POWER?", "POWER=0.00"),
    30.0,
    ("OPMODE?", "OPMODE=ON"),
    ("POWER?", "POWER=0.00"),
    2.5,
    ("POWER?", "POWER=0.25"),
    2.5,
    ("POWER?", "POWER=0.50"),
    ("HOURS?", "HOURS=12:30:35"),
    ("RUN HOURS?", "RUN HOURS=10:00:35"),
]
IDLE_START: list[Step] = [
    ("POWER SET=0.20", "0"),
    ("OPMODE=IDLE", "0"),
    30.0,
    ("OPMODE=ON", "0"),
    5.0,
    ("POWER?", "POWER=0.20"),
    ("POWER SET=0.10", "0"),
    2.5,
    ("POWER?", "POWER=0.15"),
    2.5,
    ("POWER?", "POWER=0.10"),
    ("OPMODE=IDLE", "0"),
    ("POWER?", "POWER=0.00"),
    ("OPMODE=CALIBRATE", "0"),
    ("OPMODE?", "OPMODE=CALIBRATE"),
    ("OPMODE=OFF", "0"),
    ("OPMODE?", "OPMODE=OFF"),
]
# pylablib 1.4.5, LighthousePhotonics.SproutG.get_output_mode: "warmup" and "interlock" are modes that are read, never
# set; public MATLAB code of a Sprout sends 'warning?', 'shutter?' and OPMODE=WARMUP, that of a Sprout-G12W OPMODE=On.
ANY_CASE: list[Step] = [
    ("warning?", "WARNING=NONE"),
    ("power set=0.30", "0"),
    ("Power Set?", "POWER SET=0.30"),
    ("OPMODE=Idle", "0"),
    ("opmode?", "OPMODE=IDLE"),
    ("OPMODE=Off", "0"),
]
WARM_UP: list[Step] = [
    ("POWER SET=0.30", "0"),
    ("OPMODE=WARMUP", "0"),
    ("OPMODE?", "OPMODE=WARMUP"),
    ("OPMODE=CALIBRATE", "3"),
    30.0,
    ("OPMODE?", "OPMODE=IDLE"),
    60.0,
    ("POWER?", "POWER=0.00"),
    ("OPMODE=ON", "0"),
    ("OPMODE?", "OPMODE=ON"),  # warm already
    5.0,
    ("POWER?", "POWER=0.30"),
    ("OPMODE=INTERLOCK", "2"),
]
REFUSALS: list[Step] = [
    ("POWER SET=0.50", "0"),
    *[(wrong, "1") for wrong in ("POWER=0.50", "FREQ?", "SHUTTER=OPEN", "INTERLOCK=OK", "*IDN?", "ON", "OPMODE ?")],
    *[(wrong, "2") for wrong in ("POWER SET=5.01", "POWER SET=-0.10", "POWER SET=0.505", "POWER SET=nan")],
    ("POWER SET=", "2"),
    ("OPMODE=", "2"),
    ("OPMODE=CALIBRATE", "3"),  # from IDLE only
    ("POWER SET?", "POWER SET=0.50"),
    ("OPMODE?", "OPMODE=OFF"),
    ("", None),
]


@pytest.mark.parametrize(
    "trace",
    [POWER_ON, COLD_START, IDLE_START, ANY_CASE, WARM_UP, REFUSALS],
    ids=["power-on", "cold", "idle", "any-case", "warm-up", "refusals"],
)
def test_trace(trace: list[Step]) -> None:
    world = BareWorld()
    check_trace(SproutG(world), world.clock, trace)


def lit() -> tuple[BareWorld, SproutG]:
    world = BareWorld()
    laser = SproutG(world)
    check_trace(laser, world.clock, [("POWER SET=0.40", "0"), ("OPMODE=ON", "0"), 35.0, ("POWER?", "POWER=0.40")])
    return world, laser


def test_light_follows_the_mode() -> None:
    world, laser = lit()
    assert world.setpoints.depletion_w == 0.4
    laser.answer(b"OPMODE=IDLE")
    assert world.setpoints.depletion_w == 0.0


def test_closed_shutter_is_dark_though_the_laser_is_on() -> None:
    world, laser = lit()
    laser.open_shutter(False)
    assert world.setpoints.depletion_w == 0.0
    check_trace(laser, world.clock, [("SHUTTER?", "SHUTTER=CLOSED"), ("POWER?", "POWER=0.40")])
    laser.open_shutter(True)
    assert world.setpoints.depletion_w == 0.4


def test_open_interlock_switches_off_for_good() -> None:
    world, laser = lit()
    laser.open_interlock()
    assert world.setpoints.depletion_w == 0.0
    check_trace(
        laser,
        world.clock,
        [
            ("INTERLOCK?", "INTERLOCK=OPEN"),
            ("WARNING?", "WARNING=INTERLOCK OPEN"),
            ("OPMODE=ON", "3"),
            ("OPMODE?", "OPMODE=INTERLOCK"),
            ("OPMODE=OFF", "0"),
            ("OPMODE?", "OPMODE=INTERLOCK"),
        ],
    )
    laser.open_interlock(False)
    check_trace(laser, world.clock, [("OPMODE?", "OPMODE=OFF"), ("OPMODE=ON", "0"), 35.0, ("POWER?", "POWER=0.40")])
