"""The VFL's drivers over its wire, and the doughnut that is made of it, with the twin behind them."""

from collections.abc import Iterator

import pytest
from qcodes.instrument import Instrument

from instruments.aom import MPDS
from instruments.depletion_beam import DepletionBeam, DepletionBeamError, Split, split
from instruments.mpb_vfl import MPBVFL, VFLError
from instruments.sprout import SproutG
from instruments.vfl import VFL, RefusedError
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend
from simulated_instruments.visa.vfl import STARTUP_S
from simulated_instruments.visa.vfl import VFL as Head


class SilentCard(Instrument):
    """Takes voltages."""

    def write_analog(self, volts: dict[str, float]) -> None:
        """Nobody is steered."""


@pytest.fixture
def twin() -> Twin:
    return Twin(load_sample())


@pytest.fixture
def head(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Head:
    """The simulated laser behind the wire, for hands laid on its key and interlock."""
    head = Head(twin)
    monkeypatch.setitem(backend.DIALECTS, "ASRL6::INSTR", lambda _: head)
    return head


@pytest.fixture
def visalib(twin: Twin, head: Head) -> Iterator[str]:  # noqa: ARG001  # the head must be plugged in first
    yield backend.connect(twin)
    backend.disconnect()
    Instrument.close_all()


@pytest.fixture
def plain(visalib: str, twin: Twin) -> MPBVFL:
    twin.clock.sleep(STARTUP_S)
    return MPBVFL("plain", "ASRL6::INSTR", visalib=visalib)


def beam_of(visalib: str, twin: Twin, laser: type[Instrument], address: str, mode: str) -> DepletionBeam:
    driver = laser("laser", address, visalib=visalib)  # type: ignore[call-arg]
    parts = (driver, MPDS("aom", "ASRL4::INSTR", visalib=visalib), SilentCard("card"))  # QCoDeS keeps no reference
    for part in parts:
        if hasattr(part, "clock"):
            part.clock = twin.clock
    beam = DepletionBeam("beam", "laser", "aom.doughnut", "card", mode=mode)  # type: ignore[arg-type]
    beam.clock = twin.clock
    return beam


@pytest.fixture
def beam(visalib: str, twin: Twin) -> DepletionBeam:
    return beam_of(visalib, twin, VFL, "ASRL6::INSTR", "STED")


def test_the_plain_driver_sets_and_reads_everything(plain: MPBVFL, twin: Twin) -> None:
    assert plain.get_idn()["model"] == "VFL-P-1500-775-OEM3"
    assert (plain.power_limits_mw(), plain.current_limits_ma()) == ((100.0, 1500.0), (0.0, 5000.0))
    plain.power_setpoint_mw(250.0)
    plain.emission(True)
    assert (plain.emission(), plain.state()) == (True, "turning on")
    twin.clock.sleep(10.0)
    assert (plain.state(), plain.power_mw()) == ("on at constant power", 250.0)
    plain.tune()
    assert (plain.tuning(), plain.tuning_ready()) == ("tuned", (True, 100.0, 0.0))
    plain.control("current")
    plain.current_setpoint_ma(1000.0)
    assert (plain.state(), plain.power_mw(), plain.current_ma()) == ("on at constant current", 200.0, 1000.0)
    assert plain.report()[0] == "Laser state: 41"
    plain.emission(False)
    assert (plain.state(), twin.setpoints.sted_w) == ("off", 0.0)


def test_the_plain_driver_says_what_was_refused_and_why(plain: MPBVFL, head: Head) -> None:
    head.lock_key()
    with pytest.raises(VFLError, match=r"refused 'setldenable 1': DATA_CANNOT_BE_SET. State: key locked") as refused:
        plain.emission(True)
    assert (refused.value.command, refused.value.state) == ("setldenable 1", "key locked")
    assert plain.key_locked()


def test_powers_are_split_between_laser_and_modulator_within_what_the_laser_has() -> None:
    powers = (100.0, 1500.0, 1.0)
    assert split(8.0, 0.0, powers) == Split(100.0, 0.08)
    assert split(401.0, 0.0, powers) == Split(502.0, 401.0 / 502.0)
    assert split(1450.0, 0.0, powers) == Split(1500.0, 1450.0 / 1500.0)


def test_the_red_beam_waits_for_its_laser_and_shines(beam: DepletionBeam, twin: Twin) -> None:
    assert beam.selects == "inside"
    beam.set_power(400.0)
    assert twin.clock.now() >= STARTUP_S
    assert twin.setpoints.sted_w * twin.setpoints.depletion_aom == pytest.approx(0.4, rel=0.01)
    assert twin.setpoints.depletion_gate == "ttl"
    beam.verify()
    assert beam.make_safe() == ""
    assert (twin.setpoints.sted_w, twin.setpoints.depletion_gate) == (0.0, "off")


@pytest.mark.parametrize(
    ("hand", "why", "remedy"),
    [
        ("lock_key", "its key is locked", "unlock it"),
        ("open_interlock", "its interlock is open", "close it"),
        ("drop_out", "it has a fault", "remove its cause"),
    ],
)
def test_what_holds_the_laser_is_named_and_waited_for(
    beam: DepletionBeam, head: Head, twin: Twin, hand: str, why: str, remedy: str
) -> None:
    twin.clock.sleep(STARTUP_S)
    assert list(beam.causes()) == []
    getattr(head, hand)()
    with pytest.raises(RefusedError, match=f"laser cannot be switched on: {why}"):
        beam.set_power(100.0)
    (cause,) = beam.causes()
    assert cause.what == f"beam: laser: {why}"
    assert cause.remedy.startswith(remedy)
    assert not cause.is_gone()
    head.lock_key()  # a fault is forgotten with that
    head.lock_key(False)
    head.open_interlock(False)
    assert cause.is_gone()
    beam.set_power(100.0)
    assert twin.setpoints.sted_w > 0.0


def test_a_laser_that_goes_dark_is_noticed(beam: DepletionBeam, head: Head) -> None:
    beam.set_power(100.0)
    head.open_interlock()
    with pytest.raises(Exception, match=r"beam is not as it was set: its laser is off at 0 mW, was at 125 mW"):
        beam.verify()


def test_a_laser_that_gives_too_little_is_refused_by_name(beam: DepletionBeam, head: Head, twin: Twin) -> None:
    head.fade(0.9)
    with pytest.raises(DepletionBeamError, match="laser stands at 90 mW, 120 s after it was set to 100 mW"):
        beam.set_power(50.0)
    assert twin.setpoints.depletion_gate == "off"
    assert beam.make_safe() == ""


@pytest.mark.parametrize(
    ("laser", "address", "mode", "said"),
    [
        (VFL, "ASRL6::INSTR", "GSD", "mode 'GSD' needs a laser at 532 nm, and this bench has one at 775 nm"),
        (SproutG, "ASRL5::INSTR", "STED", "mode 'STED' needs a laser at 775 nm, and this bench has one at 532 nm"),
    ],
)
def test_a_mode_wants_its_colour(
    visalib: str, twin: Twin, laser: type[Instrument], address: str, mode: str, said: str
) -> None:
    with pytest.raises(DepletionBeamError, match=said):
        beam_of(visalib, twin, laser, address, mode)


def test_a_green_doughnut_selects_what_is_outside(visalib: str, twin: Twin) -> None:
    assert beam_of(visalib, twin, SproutG, "ASRL5::INSTR", "GSD").selects == "outside"
