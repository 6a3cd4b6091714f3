"""The pulse generator's driver on the simulated card."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from instruments.interface.playable import Pattern
from instruments.ni_card import CardError, CardFault, NICard
from instruments.photon_counter import PhotonCounter
from instruments.pulse_generator import MOST_TICKS, PulseGenerator
from simulated_instruments.nidaq.server import NIServer
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin

Counted = Callable[[Callable[[], object]], int]


def error_code(fault: CardFault) -> int | None:
    """DAQmx's own number for it."""
    return getattr(fault.__cause__, "error_code", None)


@pytest.fixture
def twin() -> Twin:
    return Twin(load_sample())


@pytest.fixture
def card(twin: Twin) -> Iterator[NICard]:
    server = NIServer(twin)
    driver = NICard("ni_card", "Dev1", server.start())
    yield driver
    driver.close()
    server.stop()


@pytest.fixture
def pulses(card: NICard) -> Iterator[PulseGenerator]:
    driver = PulseGenerator("pulse_generator", card.name)
    yield driver
    driver.close()


def words(*values: int) -> Pattern:
    """A tick each."""
    return tuple((1, value) for value in values)


def test_a_play_lasts_exactly_its_repeats_and_leaves_the_last_word(pulses: PulseGenerator, twin: Twin) -> None:
    pulses.load(words(1, 0, 0, 4))
    pulses.start(2_500_000)
    assert twin.clock.now() == 0.0, "start returns at once"
    pulses.wait()
    assert twin.clock.now() == pytest.approx(1.0)
    assert twin.levels == 4
    pulses.hold(0)
    assert twin.levels == 0


def test_patterns_of_any_length_follow_one_another(pulses: PulseGenerator, twin: Twin) -> None:
    plays = [(words(1, 2), 3), (words(1, 2), 4), (words(1, 2, 3, 4, 5), 4), (words(5, 6), 4)]
    lasted = []
    for bits, repeats in plays:
        before = twin.clock.now()
        pulses.load(bits)
        pulses.start(repeats)
        pulses.wait()
        lasted.append(round((twin.clock.now() - before) * 1e7))
    assert lasted == [6, 8, 20, 8]
    assert twin.levels == 6


def test_the_pattern_is_loaded_once_for_many_starts(pulses: PulseGenerator, twin: Twin) -> None:
    pulses.load(words(0, 3))
    for _ in range(3):
        pulses.start(5)
        pulses.wait()
        pulses.hold(0)
    assert twin.clock.now() == pytest.approx(3e-6)


def test_holding_stops_a_play_midway(pulses: PulseGenerator, twin: Twin) -> None:
    pulses.load(words(1, 2))
    pulses.start(MOST_TICKS // 2)
    pulses.hold(8)
    pulses.wait()
    assert twin.levels == 8
    assert twin.clock.now() == 0.0


def test_waiting_for_nothing_returns(pulses: PulseGenerator, twin: Twin) -> None:
    pulses.wait()
    assert twin.clock.now() == 0.0


@pytest.mark.parametrize(
    ("pattern", "words_"),
    [
        (words(1), "at least 2 words"),
        (((0, 1), (3, 2)), "at least one"),
        (((1.5, 1), (3, 2)), "whole number of ticks"),
        ((), "a row of"),
        (words(0, 0x100), "0x100 needs lines beyond Dev1/port0/line0:7"),
    ],
)
def test_a_pattern_that_the_port_cannot_play_is_refused(pulses: PulseGenerator, pattern: Pattern, words_: str) -> None:
    with pytest.raises(CardError, match=words_):
        pulses.load(pattern)
    with pytest.raises(CardError, match="no pattern is loaded"):
        pulses.start(1)


@pytest.mark.parametrize("repeats", [0, -1, MOST_TICKS // 2 + 1])
def test_repeats_that_the_card_cannot_count_are_refused(pulses: PulseGenerator, repeats: int) -> None:
    pulses.load(words(1, 2))
    with pytest.raises(CardError, match=f"{repeats} repeats of 2 ticks") as caught:
        pulses.start(repeats)
    assert caught.value.value == repeats


def test_levels_beyond_the_lines_are_refused(pulses: PulseGenerator, twin: Twin) -> None:
    with pytest.raises(CardError, match="0x100"):
        pulses.hold(0x100)
    assert twin.levels == 0


def test_a_port_that_somebody_else_uses_is_named(pulses: PulseGenerator, card: NICard) -> None:
    second = PulseGenerator("second", card)
    pulses.load(words(1, 2))
    pulses.start(10)
    second.load(words(1, 2))
    with pytest.raises(CardFault, match="port0/line0") as caught:
        second.start(10)
    assert error_code(caught.value) == -200587
    pulses.hold(0)
    second.start(10)
    second.wait()
    second.close()


def test_a_rate_that_the_card_cannot_play_is_refused_and_the_lines_stay_free(card: NICard, twin: Twin) -> None:
    fast = PulseGenerator("fast", card, rate_hz=20e6)
    fast.load(words(1, 2))
    with pytest.raises(CardFault, match="20000000") as caught:
        fast.start(10)
    assert error_code(caught.value) == -200077
    fast.hold(3)
    assert twin.levels == 3
    fast.close()


def test_the_snapshot_tells_what_was_played(pulses: PulseGenerator) -> None:
    pulses.load(words(1, 2, 3))
    pulses.start(7)
    pulses.wait()
    pulses.hold(1)
    values = {name: entry["value"] for name, entry in pulses.snapshot(update=True)["parameters"].items()}
    assert values.pop("IDN")["model"] == "PCIe-6363"
    assert values == {"tick_ns": 100, "port": "port0", "levels": 1, "ticks": 3, "repeats": 7}


def test_a_long_pattern_costs_no_more_calls_than_a_short_one(calls: Counted) -> None:
    """Neither here nor in the server, whose threads begin and end within what is counted."""

    def play(ticks: int) -> None:
        server = NIServer(Twin(load_sample()))
        with closing(NICard("ni_card", "Dev1", server.start())) as card:
            pulses, counter = PulseGenerator("pulse_generator", card), PhotonCounter("photon_counter", card)
            pulses.load(((ticks, 0),))
            for _ in range(3):
                counter.arm()
                pulses.start(10)
                pulses.wait()
                counter.read()
                counter.disarm()
                pulses.hold(0)
            counter.close()
            pulses.close()
        server.stop()

    play(100)  # what is done once only
    short, long = (calls(partial(play, ticks)) for ticks in (100, 100_000))
    print(f"{short} and {long} calls")
    assert long < 1.2 * short
