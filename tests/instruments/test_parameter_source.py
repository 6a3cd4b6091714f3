"""Parameters of another instrument as a current source: set, read back, refused, and noticed when they change."""

from collections.abc import Callable, Iterator

import pytest
from qcodes.instrument import Instrument, InstrumentChannel
from qcodes.validators import Enum

from instruments.common.errors import ChangedError
from instruments.common.supply import CurrentLimitError, SupplyError
from instruments.interface.fitness import lacking, members_of
from instruments.interface.roles import CurrentSource
from instruments.magnet import find_current_source
from instruments.parameter_source import ParameterSource


class Meter(Instrument):
    """An instrument whose level and output can be set, and that is no current source at first."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        source = self.add_submodule("source", InstrumentChannel(self, "source"))
        source.add_parameter("level", initial_value=0.1, set_cmd=None)
        source.add_parameter("full", initial_value=False, set_cmd=None)
        self.add_parameter("mode", initial_value="voltage", set_cmd=None)
        self.add_parameter("output", initial_value="off", vals=Enum("off", "on"), set_cmd=None)

    def get_idn(self) -> dict[str, str | None]:
        return {"vendor": "ours", "model": "meter", "serial": None, "firmware": None}


@pytest.fixture
def meter() -> Iterator[Meter]:
    driver = Meter("meter")
    yield driver
    driver.close()


@pytest.fixture
def source(meter: Meter) -> Iterator[Callable[..., ParameterSource]]:
    """source(**arguments) -> a current source made of the meter's parameters."""
    made: list[ParameterSource] = []

    def make(**arguments: object) -> ParameterSource:
        settings = {"current": "source.level", "limit_a": 0.2, "output": "output", "at_limit": "source.full"}
        settings |= {"on_value": "on", "off_value": "off"}
        made.append(ParameterSource("coil", meter.name, **{**settings, "prepared": {"mode": "current"}, **arguments}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_is_a_current_source_that_the_magnet_finds(source: Callable[..., ParameterSource], meter: Meter) -> None:
    coil = source()
    assert lacking(coil, members_of(CurrentSource)) == []
    assert find_current_source("coil") is coil
    assert (coil.get_idn()["model"], coil.supply) == ("meter", coil)
    assert (meter.source.level(), meter.mode(), meter.output()) == (0.1, "voltage", "off")  # opening it set nothing


def test_it_is_prepared_and_goes_on_from_0_a(source: Callable[..., ParameterSource], meter: Meter) -> None:
    coil = source()
    coil.switch_on()
    assert (meter.mode(), meter.source.level(), coil.is_on(), coil.setpoint_a()) == ("current", 0.0, True, 0.0)
    coil.set_current(0.15)
    coil.switch_on()
    assert (coil.setpoint_a(), coil.asked_a(), coil.settings()) == (0.15, 0.15, {"output": True, "current_a": 0.15})
    assert [(r.value, r.limit, r.verdict) for r in coil.readings()] == [(0.15, 0.2, "on")]
    with pytest.raises(CurrentLimitError, match=r"limit of ±0\.2 A"):
        coil.set_current(0.21)
    coil.verify()
    assert coil.make_safe() == ""
    assert (meter.source.level(), coil.is_on(), coil.asked_a(), coil.settings()) == (0.0, False, 0.0, {})
    coil.verify()


def test_a_coil_behind_a_pulse_line_is_energised_at_once(source: Callable[..., ParameterSource], meter: Meter) -> None:
    coil = source()
    coil.energise(-0.05)
    assert (meter.mode(), meter.source.level(), coil.is_on()) == ("current", -0.05, True)


def test_one_without_an_output_is_safe_at_0_a(source: Callable[..., ParameterSource], meter: Meter) -> None:
    coil = source(output=None)
    assert coil.is_on()
    coil.set_current(0.1)
    assert coil.asked_a() == 0.1
    assert (coil.make_safe(), meter.source.level()) == ("", 0.0)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("source.level", 0.02, "its current is 0.02 A, was 0.05 A"),
        ("output", "off", "its output is off, was on"),
        ("source.full", True, "it is at its voltage limit"),
    ],
)
def test_what_changed_behind_our_back_is_named_once(
    source: Callable[..., ParameterSource], meter: Meter, path: str, value: object, words: str
) -> None:
    coil = source()
    coil.energise(0.05)
    coil.verify()
    coil._parameter(path).set(value)
    with pytest.raises(ChangedError, match=words) as caught:
        coil.verify()
    assert caught.value.instrument == "coil"
    assert len(list(coil.causes())) == (path == "source.full")
    meter.source.full(False)
    coil.verify()


def test_a_parameter_that_does_not_take_what_it_is_told_is_named(
    source: Callable[..., ParameterSource], meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    coil = source()
    monkeypatch.setattr(meter.source.level, "set", lambda _: None)
    with pytest.raises(SupplyError, match=r"coil: a current of 0\.05 A was not obeyed, it answers 0\.1 A"):
        coil.set_current(0.05)
    monkeypatch.setattr(meter.output, "set", lambda _: None)
    with pytest.raises(SupplyError, match="coil: output on was not obeyed"):
        coil._put_output(True)
