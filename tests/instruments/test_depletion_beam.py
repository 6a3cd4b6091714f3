"""The doughnut beam over the wires of its laser and its AOM, with the twin behind them and a card that writes down."""

from collections.abc import Iterator

import pytest
from qcodes.instrument import Instrument
from qcodes_contrib_drivers.drivers.LighthousePhotonics.Lighthouse_Photonics_Sprout_G import LighthousePhotonicsSproutG

from instruments.aom import MPDS
from instruments.depletion_beam import DepletionBeam, DepletionBeamError, Split, SteeringRangeError, split
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend
from simulated_instruments.visa.sprout import WARM_UP_S, SproutG


class RecordingCard(Instrument):
    """Remembers what was written to the analogue outputs."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.written: list[dict[str, float]] = []

    def write_analog(self, volts: dict[str, float]) -> None:
        self.written.append(volts)


@pytest.fixture
def twin() -> Twin:
    return Twin(load_sample())


@pytest.fixture
def head(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> SproutG:
    """The simulated laser behind the wire, for hands laid on its shutter and interlock."""
    head = SproutG(twin)
    monkeypatch.setitem(backend.DIALECTS, "ASRL5::INSTR", lambda _: head)
    return head


@pytest.fixture
def visalib(twin: Twin, head: SproutG) -> Iterator[str]:  # noqa: ARG001  # the head must be plugged in first
    yield backend.connect(twin)
    backend.disconnect()


@pytest.fixture
def sprout(visalib: str) -> Iterator[LighthousePhotonicsSproutG]:
    driver = LighthousePhotonicsSproutG("sprout", "ASRL5::INSTR", visalib=visalib)
    yield driver
    driver.close()


@pytest.fixture
def aom(visalib: str) -> Iterator[MPDS]:
    driver = MPDS("aom", "ASRL4::INSTR", visalib=visalib)
    yield driver
    driver.close()


@pytest.fixture
def card() -> Iterator[RecordingCard]:
    recording = RecordingCard("ni_card")
    yield recording
    recording.close()


@pytest.fixture
def beam(twin: Twin, sprout: LighthousePhotonicsSproutG, aom: MPDS, card: RecordingCard) -> Iterator[DepletionBeam]:
    driver = DepletionBeam("depletion_beam", sprout.name, f"{aom.name}.doughnut", card.name)
    driver.clock = twin.clock
    yield driver
    driver.close()


def light_mw(twin: Twin) -> float:
    """What the twin sees behind the AOM while its gate is open."""
    return twin.setpoints.depletion_w * twin.setpoints.depletion_aom * 1e3


# ---- the contributed Sprout driver, as it is ---------------------------------------------------------------------


def test_sprout_settings_round_trip(twin: Twin, sprout: LighthousePhotonicsSproutG) -> None:
    for watts in (0.0, 0.01, 0.5, 5.0):
        sprout.output_power(watts)
        assert sprout.output_setpoint() == watts
    for mode in ("idle", "calibrate", "on", "off"):
        sprout.output_mode(mode)
        twin.clock.sleep(WARM_UP_S)  # until then its mode is "warmup"
        assert sprout.output_mode() == mode
    for enabled in (True, False):
        sprout.enabled(enabled)
        twin.clock.sleep(WARM_UP_S)
        assert sprout.enabled() is enabled


def test_sprout_readings(sprout: LighthousePhotonicsSproutG) -> None:
    assert sprout.get_idn() == {
        "vendor": "Lighthouse Photonics",
        "model": "Sprout-G-5W",
        "serial": "1507",
        "firmware": "2.4.1",
    }
    assert sprout.config() == "532NM,5W,TEM00"
    assert (sprout.on_hours(), sprout.run_hours()) == (12.5, 10.0)
    assert (sprout.warning_status(), sprout.shutter_status(), sprout.interlock_status()) == ("NONE", "OPEN", "OK")
    assert sprout.output_power() == 0.0


@pytest.mark.parametrize("command", ["POWER SET=5.01", "POWER SET=0.005", "OPMODE=CALIBRATE", "NONSENSE=1"])
def test_sprout_refusals_reach_the_driver(sprout: LighthousePhotonicsSproutG, command: str) -> None:
    with pytest.raises(RuntimeError, match="not accepted"):
        sprout.write(command)
    assert sprout.output_mode() == "off"


def test_sprout_does_not_know_nonsense(sprout: LighthousePhotonicsSproutG) -> None:
    with pytest.raises(RuntimeError, match="Unknown command"):
        sprout.ask("NONSENSE?")


# ---- power -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mw", [0.2, 1.0, 5.0, 33.3, 300.0, 600.0, 5000.0])
def test_power_round_trips_and_reaches_the_twin(twin: Twin, beam: DepletionBeam, mw: float) -> None:
    beam.power_mw(mw)
    assert beam.power_mw() == pytest.approx(mw, rel=3e-3)
    assert light_mw(twin) == pytest.approx(mw, rel=3e-3)
    assert twin.setpoints.depletion_gate == "ttl"


def test_zero_is_dark_and_the_laser_idle(
    twin: Twin, beam: DepletionBeam, sprout: LighthousePhotonicsSproutG, aom: MPDS
) -> None:
    beam.power_mw(100.0)
    beam.power_mw(0.0)
    assert beam.power_mw() == 0.0
    assert twin.setpoints.depletion_w == 0.0
    assert twin.setpoints.depletion_gate == "off"
    assert sprout.output_mode() == "idle"
    assert not aom.doughnut.output()


def test_zero_on_a_cold_bench_is_dark(twin: Twin, beam: DepletionBeam) -> None:
    beam.power_mw(0.0)
    assert twin.setpoints.depletion_w == 0.0


def test_small_changes_are_left_to_the_aom(twin: Twin, beam: DepletionBeam) -> None:
    beam.power_mw(300.0)
    laser_w, before_s = twin.setpoints.depletion_w, twin.clock.now()
    for mw in (250.0, 100.0, 340.0):
        beam.power_mw(mw)
        assert light_mw(twin) == pytest.approx(mw, rel=3e-3)
    assert twin.setpoints.depletion_w == laser_w
    assert twin.clock.now() == before_s


def test_beam_is_closed_while_the_laser_moves(twin: Twin, beam: DepletionBeam) -> None:
    class Watch:
        """The bench's clock, which notes whether light could pass while somebody waited."""

        def __init__(self) -> None:
            self.gates: set[str] = set()

        def now(self) -> float:
            return twin.clock.now()

        def sleep(self, seconds: float) -> None:
            self.gates.add(twin.setpoints.depletion_gate)
            twin.clock.sleep(seconds)

    beam.power_mw(10.0)
    watch = Watch()
    beam.clock = watch
    beam.power_mw(500.0)
    assert watch.gates == {"off"}


@pytest.mark.parametrize(
    ("power_mw", "standing_mw", "expected"),
    [
        (400.0, 0.0, Split(500.0, 0.8)),
        (401.0, 0.0, Split(510.0, 401 / 510)),
        (1.0, 0.0, Split(10.0, 0.1)),
        (5000.0, 0.0, Split(5000.0, 1.0)),
        (60.0, 500.0, Split(500.0, 0.12)),
        (475.0, 500.0, Split(500.0, 0.95)),
        (476.0, 500.0, Split(600.0, 476 / 600)),
        (40.0, 500.0, Split(50.0, 0.8)),
    ],
)
def test_split(power_mw: float, standing_mw: float, expected: Split) -> None:
    parts = split(power_mw, standing_mw)
    assert parts.laser_mw == expected.laser_mw
    assert parts.efficiency == pytest.approx(expected.efficiency)


def test_power_below_what_both_can_do_is_refused(twin: Twin, beam: DepletionBeam) -> None:
    with pytest.raises(DepletionBeamError, match=r"0\.1 mW is less than 0\.155 mW") as caught:
        beam.power_mw(0.1)
    assert caught.value.seen["power_mw"] == 0.1
    assert twin.setpoints.depletion_w == 0.0


@pytest.mark.parametrize("mw", [-1.0, 5001.0])
def test_power_out_of_range_is_refused(beam: DepletionBeam, mw: float) -> None:
    with pytest.raises(ValueError, match="must be between"):
        beam.power_mw(mw)


def test_laser_that_does_not_rise_is_reported(twin: Twin, beam: DepletionBeam, head: SproutG) -> None:
    class Tripping:
        """The bench's clock; somebody opens the interlock while the driver waits."""

        def now(self) -> float:
            return twin.clock.now()

        def sleep(self, seconds: float) -> None:
            head.open_interlock()
            twin.clock.sleep(seconds)

    beam.clock = Tripping()
    with pytest.raises(DepletionBeamError, match=r"stands at 0 mW, 120 s after") as caught:
        beam.power_mw(100.0)
    assert caught.value.seen == {"set_mw": 130.0, "seen_mw": 0.0}
    assert twin.setpoints.depletion_gate == "off"


def test_open_interlock_refuses_at_once(beam: DepletionBeam, head: SproutG) -> None:
    head.open_interlock()
    with pytest.raises(RuntimeError, match="OPMODE=ON not accepted"):
        beam.power_mw(100.0)


# ---- position and mode -------------------------------------------------------------------------------------------


def test_steering_writes_volts(beam: DepletionBeam, card: RecordingCard) -> None:
    beam.steer(150.0, -20.0)
    assert card.written == [{"ao0": 0.15, "ao1": -0.02}]
    assert beam.position() == (150.0, -20.0)


def test_limit_of_the_outputs_itself_is_reached(beam: DepletionBeam, card: RecordingCard) -> None:
    beam.steer(10_000.0, -10_000.0)
    assert card.written == [{"ao0": 10.0, "ao1": -10.0}]


@pytest.mark.parametrize(
    ("x_nm", "y_nm", "axis"), [(10_001.0, 0.0, "x"), (0.0, -10_001.0, "y"), (float("nan"), 0.0, "x")]
)
def test_steering_beyond_the_outputs_moves_nothing(
    beam: DepletionBeam, card: RecordingCard, x_nm: float, y_nm: float, axis: str
) -> None:
    with pytest.raises(SteeringRangeError, match=f"{axis} = .* nm needs") as caught:
        beam.steer(x_nm, y_nm)
    assert caught.value.seen["axis"] == axis
    assert card.written == []
    assert beam.position() == (0.0, 0.0)


def test_mode_is_gsd_and_sted_is_not_fitted(beam: DepletionBeam) -> None:
    beam.mode("GSD")
    with pytest.raises(DepletionBeamError, match="needs a laser at 775 nm"):
        beam.mode("STED")
    assert beam.mode() == "GSD"


def test_station_that_asks_for_sted_is_refused(
    sprout: LighthousePhotonicsSproutG, aom: MPDS, card: RecordingCard
) -> None:
    with pytest.raises(DepletionBeamError, match="775 nm"):
        DepletionBeam("other_beam", sprout.name, f"{aom.name}.doughnut", card.name, mode="STED")


def test_no_parameter_is_untested(beam: DepletionBeam) -> None:
    assert set(beam.parameters) == {"IDN", "power_mw", "mode", "position"}
