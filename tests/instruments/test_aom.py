"""The MPDS driver on the wire of the simulated driver, with the twin behind it."""

from collections.abc import Iterator

import pytest

from instruments.aom import LOWEST_EFFICIENCY, MPDS, AomChannel, AomError, ChannelStatus, diffraction, power_for
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend


@pytest.fixture
def twin() -> Iterator[Twin]:
    yield Twin(load_sample())
    backend.disconnect()


@pytest.fixture
def aom(twin: Twin) -> Iterator[MPDS]:
    driver = MPDS("aom", "ASRL4::INSTR", visalib=backend.connect(twin))
    yield driver
    driver.close()


@pytest.fixture(params=["pump", "doughnut"])
def channel(aom: MPDS, request: pytest.FixtureRequest) -> AomChannel:
    found = aom.submodules[request.param]
    assert isinstance(found, AomChannel)
    return found


SETTINGS = [
    ("power_dbm", (0.0, 12.34, 22.0)),
    ("frequency_mhz", (150.0, 199.875, 250.0)),
    ("output", (True, False)),
    ("gate", ("internal", "external")),
]


@pytest.mark.parametrize(("name", "values"), SETTINGS, ids=[name for name, _ in SETTINGS])
def test_setting_round_trips(channel: AomChannel, name: str, values: tuple[object, ...]) -> None:
    for value in values:
        channel.parameters[name](value)
        assert channel.parameters[name]() == value


@pytest.mark.parametrize("efficiency", [0.0, 0.0155, 0.1, 0.5, 0.9, 1.0])
def test_efficiency_round_trips_within_the_step_of_the_power(channel: AomChannel, efficiency: float) -> None:
    channel.efficiency(efficiency)
    assert channel.efficiency() == pytest.approx(efficiency, rel=2e-3)


def test_no_parameter_is_untested(aom: MPDS) -> None:
    assert set(aom.parameters) == {"IDN", "timeout", "blanking"}
    assert set(aom.pump.parameters) == set(aom.doughnut.parameters) == {"efficiency", *(name for name, _ in SETTINGS)}


def test_blanking_round_trips(aom: MPDS) -> None:
    for source in ("external", "internal"):
        aom.blanking(source)
        assert aom.blanking() == source


def test_channels_are_apart(aom: MPDS) -> None:
    aom.pump.efficiency(1.0)
    aom.doughnut.frequency_mhz(210.0)
    aom.doughnut.gate("internal")
    assert aom.status() == {
        1: ChannelStatus(frequency_mhz=200.0, power_dbm=22.0, is_on=True, is_external=True),
        2: ChannelStatus(frequency_mhz=210.0, power_dbm=0.0, is_on=False, is_external=False),
    }


def test_identification(aom: MPDS) -> None:
    assert aom.get_idn() == {
        "vendor": "AA Opto-Electronic",
        "model": "MPDS2C-B66-22-150.250",
        "serial": None,
        "firmware": None,
    }


def test_light_that_reaches_the_twin(twin: Twin, aom: MPDS) -> None:
    aom.pump.gate("external")
    aom.pump.efficiency(0.5)
    assert twin.setpoints.pump_aom == pytest.approx(0.5, rel=2e-3)
    assert twin.setpoints.pump_gate == "ttl"
    assert twin.setpoints.depletion_gate == "off"
    aom.pump.gate("internal")
    assert twin.setpoints.pump_gate == "on"


def test_efficiency_zero_is_off_though_0_dbm_still_diffracts(twin: Twin, aom: MPDS) -> None:
    aom.pump.efficiency(0.7)
    aom.pump.efficiency(0.0)
    assert twin.setpoints.pump_gate == "off"
    assert not aom.pump.output()
    aom.pump.output(True)
    assert twin.setpoints.pump_aom == pytest.approx(LOWEST_EFFICIENCY)
    assert aom.pump.efficiency() == pytest.approx(LOWEST_EFFICIENCY)


def test_efficiency_below_the_lowest_power_is_refused(aom: MPDS) -> None:
    aom.pump.efficiency(0.5)
    with pytest.raises(AomError, match=r"efficiency 0\.01 lies below 0\.0155"):
        aom.pump.efficiency(0.01)
    assert aom.pump.efficiency() == pytest.approx(0.5, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("power_dbm", 22.1), ("power_dbm", -0.1), ("frequency_mhz", 149.0), ("efficiency", 1.01), ("gate", "ttl")],
)
def test_out_of_range_never_reaches_the_wire(channel: AomChannel, name: str, value: object) -> None:
    before = channel.status()
    with pytest.raises(ValueError, match=name):
        channel.parameters[name](value)
    assert channel.status() == before


def test_value_that_the_driver_does_not_take_is_noticed(aom: MPDS) -> None:
    with pytest.raises(AomError, match=r"did not take 'L1D23.00'.*stands at 200.0 MHz, 0.0 dBm") as caught:
        aom.pump._set("D23.00", power_dbm=23.0)
    assert caught.value.reply == "l1F200.000P0.0S0"


def test_unknown_command_is_refused_and_the_wire_stays_in_step(aom: MPDS) -> None:
    with pytest.raises(AomError, match="does not know 'L7O1'") as caught:
        aom.command("L7O1")
    assert caught.value.reply == "?"
    assert aom.command("L1") == "l1F200.000P0.0S0"


def test_store_keeps_the_wire_in_step(aom: MPDS) -> None:
    aom.pump.power_dbm(20.0)
    aom.store()
    aom.write("M")
    assert aom.pump.power_dbm() == 20.0


@pytest.mark.parametrize("dbm", [0.0, 3.0, 15.98, 21.99, 22.0])
def test_power_for_undoes_diffraction(dbm: float) -> None:
    assert power_for(diffraction(dbm)) == pytest.approx(dbm, abs=1e-6)
