"""The magnet over its three sources, with the twin behind them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from qcodes.instrument import Instrument

from instruments.common.errors import InstrumentError
from instruments.current_source import B2962A
from instruments.magnet import MOST_STEPS, STEP_S, Magnet, MagnetLimitError, MagnetOffError
from instruments.trim_source import GS200
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend


@dataclass
class Watch:
    """Passes the waits on to the bench's clock and notes what the coils carried meanwhile."""

    twin: Twin
    seen: list[tuple[float, tuple[float, float, float]]] = field(default_factory=list)

    def now(self) -> float:
        return self.twin.clock.now()

    def sleep(self, seconds: float) -> None:
        knobs = self.twin.knobs
        self.seen.append((seconds, (knobs.trim_x_a, knobs.trim_y_a, knobs.main_a)))
        self.twin.clock.sleep(seconds)


@pytest.fixture
def twin() -> Iterator[Twin]:
    yield Twin(load_sample())
    backend.disconnect()


@pytest.fixture
def watch(twin: Twin) -> Watch:
    return Watch(twin)


@pytest.fixture
def magnet(twin: Twin, watch: Watch) -> Iterator[Magnet]:
    visalib = backend.connect(twin)
    sources = [
        B2962A("main_supply", "TCPIP0::192.168.10.21::inst0::INSTR", visalib=visalib),
        GS200("trim_x", "USB0::0x0B21::0x0039::91U112233::INSTR", visalib=visalib),
        GS200("trim_y", "USB0::0x0B21::0x0039::91U112234::INSTR", visalib=visalib),
    ]
    magnet = Magnet("magnet", "trim_x", "trim_y", "main_supply.ch1")
    magnet.clock = watch
    yield magnet
    magnet.close()
    for source in sources:
        source.close()


def currents(twin: Twin) -> tuple[float, float, float]:
    return twin.knobs.trim_x_a, twin.knobs.trim_y_a, twin.knobs.main_a


def test_a_ramp_arrives_and_reads_back(magnet: Magnet, twin: Twin) -> None:
    magnet.switch_on()
    magnet.ramp_to((0.01, -0.02, 0.93))
    assert currents(twin) == (0.01, -0.02, 0.93)
    assert magnet.currents() == (0.01, -0.02, 0.93)


@pytest.mark.parametrize("rate_a_per_s", [0.05, 0.5, 0.001])
def test_no_current_changes_faster_than_allowed(magnet: Magnet, watch: Watch, rate_a_per_s: float) -> None:
    magnet.switch_on()
    magnet.ramp_a_per_s = rate_a_per_s
    magnet.ramp_to((0.1, -0.2, 0.93))
    elapsed, before = 0.0, np.zeros(3)
    for seconds, seen in watch.seen:
        jump = np.max(np.abs(np.array(seen) - before))
        assert jump <= rate_a_per_s * seconds + 1e-6
        assert jump <= max(rate_a_per_s * STEP_S, 0.93 / MOST_STEPS) + 1e-6
        elapsed, before = elapsed + seconds, np.array(seen)
    assert elapsed == pytest.approx(0.93 / rate_a_per_s)
    assert len(watch.seen) <= MOST_STEPS


def test_the_currents_of_a_ramp_move_together(magnet: Magnet, watch: Watch) -> None:
    magnet.switch_on()
    magnet.ramp_to((0.1, -0.2, 0.9))
    for _, (x, y, main) in watch.seen:
        assert (x, y) == (pytest.approx(main / 9, abs=2e-6), pytest.approx(-main / 4.5, abs=2e-6))


def test_a_small_move_is_a_single_step(magnet: Magnet, watch: Watch) -> None:
    magnet.switch_on()
    magnet.ramp_to((0.0, 0.0, 0.04))
    assert [seen for _, seen in watch.seen] == [(0.0, 0.0, 0.04)]


@pytest.mark.parametrize(
    ("target", "axis", "value_a", "limit_a"),
    [
        ((0.21, 0.0, 0.5), "x", 0.21, 0.2),
        ((0.0, -0.21, 0.5), "y", -0.21, 0.2),
        ((0.1, 0.1, 0.99), "main", 0.99, 0.98),
        ((0.1, 0.1, float("inf")), "main", float("inf"), 0.98),
    ],
)
def test_a_target_beyond_the_limits_moves_nothing(
    magnet: Magnet, twin: Twin, target: tuple[float, float, float], axis: str, value_a: float, limit_a: float
) -> None:
    magnet.limits_a = (0.2, 0.2, 0.98)
    magnet.switch_on()
    magnet.ramp_to((0.01, 0.02, 0.03))
    with pytest.raises(MagnetLimitError, match=f"for {axis} is beyond its limit") as refusal:
        magnet.ramp_to(target)
    assert (refusal.value.axis, refusal.value.value_a, refusal.value.limit_a) == (axis, value_a, limit_a)
    assert currents(twin) == (0.01, 0.02, 0.03)


def test_not_a_number_is_refused(magnet: Magnet) -> None:
    with pytest.raises(MagnetLimitError):
        magnet.ramp_to((float("nan"), 0.0, 0.0))


def test_limits_default_to_what_the_sources_give(magnet: Magnet) -> None:
    assert magnet.limits_a == (0.2, 0.2, 1.0)


def test_a_source_that_is_off_goes_nowhere(magnet: Magnet, twin: Twin, watch: Watch) -> None:
    with pytest.raises(
        MagnetOffError, match=r"x \(trim_x\), main \(main_supply_ch1\) is off before the ramp"
    ) as refusal:
        magnet.ramp_to((0.1, 0.0, 0.5))
    assert refusal.value.axes == ("x", "main")
    assert (currents(twin), watch.seen) == ((0.0, 0.0, 0.0), [])


def test_to_zero_is_always_allowed(magnet: Magnet) -> None:
    magnet.ramp_to((0.0, 0.0, 0.0))
    assert magnet.currents() == (0.0, 0.0, 0.0)


def test_a_coil_that_trips_is_reported(magnet: Magnet) -> None:
    magnet.switch_on()
    Instrument.find_instrument("main_supply", B2962A).ch1.voltage_limit(6.0)
    with pytest.raises(MagnetOffError, match=r"main \(main_supply_ch1\) is off after the ramp"):
        magnet.ramp_to((0.0, 0.0, 0.9))
    assert magnet.currents()[2] == 0.0


def test_switching_on_keeps_what_is_on(magnet: Magnet, twin: Twin) -> None:
    magnet.switch_on()
    magnet.ramp_to((0.01, 0.02, 0.03))
    magnet.switch_on()
    assert currents(twin) == (0.01, 0.02, 0.03)


def test_the_field_is_the_coil_matrix_times_the_currents(magnet: Magnet) -> None:
    matrix = np.array([[40.3, 0.5, 0.4], [-0.4, 39.7, -0.7], [0.2, 0.3, 110.6]])
    magnet.coil_matrix_mt_per_a = matrix
    magnet.switch_on()
    magnet.ramp_to((0.01, 0.02, 0.9))
    np.testing.assert_allclose(magnet.field(), matrix @ [0.01, 0.02, 0.9])
    magnet.field((0.5, -0.25, 80.0))
    np.testing.assert_allclose(magnet.field(), (0.5, -0.25, 80.0), atol=110e-6)
    snapshot = magnet.snapshot(update=True)["parameters"]
    assert snapshot["currents"]["value"] == magnet.currents()


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.eye(2), np.full((3, 3), np.nan)])
def test_a_coil_matrix_must_be_one(magnet: Magnet, matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="coil matrix is 3 by 3"):
        magnet.coil_matrix_mt_per_a = matrix


def test_a_source_that_does_not_answer_keeps_no_other_one_up(
    magnet: Magnet, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    magnet.switch_on()
    magnet.ramp_to((0.02, -0.03, 0.5))

    def silent(*_: object) -> bool:
        raise InstrumentError("trim_x does not answer", instrument="trim_x")

    monkeypatch.setattr(magnet.sources[0], "is_on", silent)
    watch.seen.clear()
    with pytest.raises(InstrumentError, match="trim_x does not answer"):
        magnet.ramp_down()
    knobs = watch.twin.knobs
    assert (knobs.trim_x_a, knobs.trim_y_a, knobs.main_a) == (0.02, 0.0, 0.0)
    mains = [amps for _, (_, _, amps) in watch.seen]
    assert max(np.abs(np.diff([0.5, *mains]))) <= 1.001 * magnet.ramp_a_per_s * STEP_S


def test_all_currents_go_down_together(magnet: Magnet, watch: Watch) -> None:
    magnet.switch_on()
    magnet.ramp_to((0.02, -0.03, 0.2))
    magnet.ramp_down()
    assert magnet.currents() == (0.0, 0.0, 0.0)
    assert (watch.twin.knobs.trim_x_a, watch.twin.knobs.trim_y_a, watch.twin.knobs.main_a) == (0.0, 0.0, 0.0)
