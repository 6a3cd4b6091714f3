"""The NI card's driver on the simulated card, through NI's own gRPC service."""

from collections.abc import Iterator

import pytest
from nidaqmx.errors import DaqError, RpcError

from instruments.ni_card import CardError, NICard
from instruments.photon_counter import PhotonCounter
from instruments.pulse_generator import PulseGenerator
from simulated_instruments.nidaq.server import NIServer
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin


@pytest.fixture
def twin() -> Twin:
    return Twin(load_sample())


@pytest.fixture
def target(twin: Twin) -> Iterator[str]:
    server = NIServer(twin)
    yield server.start()
    server.stop()


@pytest.fixture
def card(target: str) -> Iterator[NICard]:
    driver = NICard("ni_card", "Dev1", target)
    yield driver
    driver.close()


def test_it_says_what_it_is(card: NICard) -> None:
    assert card.IDN() == {
        "vendor": "National Instruments",
        "model": "PCIe-6363",
        "serial": "1D3A6B2",
        "firmware": None,
    }
    assert card.do_max_hz == 10e6


def test_analogue_outputs_steer_the_doughnut(card: NICard, twin: Twin) -> None:
    card.write_analog({"ao0": 1.5, "ao1": -2.5})
    assert twin.setpoints.steering_v == (1.5, -2.5)
    card.ao1(0.25)
    assert twin.setpoints.steering_v == (1.5, 0.25)
    assert (card.ao0(), card.ao1()) == (1.5, 0.25)
    assert card.snapshot()["parameters"]["ao1"]["value"] == 0.25


@pytest.mark.parametrize(
    ("volts", "value", "words"),
    [
        ({"ao0": 1.0, "ao1": 10.001}, 10.001, "beyond ±10 V"),
        ({"ao0": 1.0, "ao1": float("nan")}, pytest.approx(float("nan"), nan_ok=True), "beyond ±10 V"),
        ({"ao0": 1.0, "ao4": 0.0}, "ao4", "it has ao0, ao1, ao2, ao3"),
    ],
)
def test_nothing_moves_if_any_value_is_refused(
    card: NICard, twin: Twin, volts: dict[str, float], value: object, words: str
) -> None:
    with pytest.raises(CardError, match=words) as caught:
        card.write_analog(volts)
    assert caught.value.value == value
    assert twin.setpoints.steering_v == (0.0, 0.0)


def test_the_driver_checks_a_parameter_too(card: NICard, twin: Twin) -> None:
    with pytest.raises(CardError, match="ao0: -11 V"):
        card.ao0(-11.0)
    assert twin.setpoints.steering_v == (0.0, 0.0)


def test_a_reset_puts_everything_to_zero_and_the_drivers_go_on(card: NICard, twin: Twin) -> None:
    pulses, counter = PulseGenerator("pulses", card), PhotonCounter("counter", card)
    card.write_analog({"ao0": 3.0})
    pulses.hold(5)
    counter.arm()
    card.reset()
    assert twin.setpoints.steering_v == (0.0, 0.0)
    assert (twin.levels, card.ao0()) == (0, 0.0)
    card.write_analog({"ao0": 1.0})
    pulses.hold(6)
    counter.arm()
    assert (twin.setpoints.steering_v, twin.levels, counter.read()) == ((1.0, 0.0), 6, {"signal": 0, "reference": 0})
    pulses.close()
    counter.close()


def test_another_device_is_refused_by_name(target: str) -> None:
    wrong = NICard("wrong", "Dev2", target)
    with pytest.raises(DaqError, match="Dev2"):
        wrong.get_idn()
    wrong.close()


def test_a_server_that_is_not_there_is_an_error_and_no_silence() -> None:
    alone = NICard("alone", "Dev1", "127.0.0.1:9")
    with pytest.raises(RpcError, match="Failed to connect"):
        alone.get_idn()
    alone.close()


@pytest.mark.parametrize("first", ["card", "users"])
def test_closing_even_twice_leaves_the_lines_low_in_whichever_order(target: str, twin: Twin, first: str) -> None:
    card = NICard("closed", "Dev1", target)
    pulses, counter = PulseGenerator("pulses", card), PhotonCounter("counter", "closed")
    pulses.hold(9)
    counter.arm()
    order = [card, pulses, counter] if first == "card" else [counter, pulses, card]
    for instrument in (*order, *order):
        instrument.close()
    assert twin.levels == 0
    again = NICard("again", "Dev1", target)
    counter = PhotonCounter("counter", again)
    counter.arm()
    assert counter.read() == {"signal": 0, "reference": 0}
    again.close()
    counter.close()
