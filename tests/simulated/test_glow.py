"""Counters between the plays: a line that rests high, through the unmodified nidaqmx client and in the twin itself."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.nidaq_bench import Client, client

from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin

GATE = 1 << 6
SHINING = {"green_w": 0.05, "pump_aom": 1.0, "pump_gate": "ttl"}
PUMP = np.full(1000, 1, dtype=np.uint32)


@pytest.fixture
def card() -> Iterator[Client]:
    with client() as made:
        yield made


def test_only_open_counters_that_run_see_the_glow(card: Client) -> None:
    free, gated, lines = card.counter("ctr0"), card.counter("ctr1", "/Dev1/PFI9"), card.lines()
    card.world.glow = 5
    free.start()
    assert free.read() == 0, "what was before it was started is not its own"
    gated.start()
    lines.write(1)
    card.world.glow += 100
    assert (free.read(), gated.read()) == (100, 0)
    lines.write(GATE)
    card.world.glow += 30
    assert (free.read(), gated.read()) == (130, 30)
    card.world.glow += 7
    lines.write(0)  # what came until now came with the gate open
    assert (free.read(), gated.read()) == (137, 37)


def test_a_play_is_not_counted_twice(card: Client) -> None:
    counter, pattern = card.counter(), card.pattern([1, 1], samples=2_000)
    counter.start()
    pattern.start()
    card.world.glow += 1_000_000  # the lines rest at the play's last word only when it is over
    assert counter.read() == 0
    pattern.wait_until_done()
    assert counter.read() == 2_000


def test_the_glow_is_that_of_a_play_under_the_same_light() -> None:
    twin = Twin(load_sample(), seed=1)
    twin.turn(**SHINING)
    (played,) = twin.play(PUMP, 1e-7, 5_000, [np.ones(1000, dtype=bool)])
    twin.hold(1)
    twin.clock.sleep(0.5)
    before = twin.glowed()
    twin.clock.sleep(0.5)
    glowed = twin.glowed() - before
    assert glowed == pytest.approx(played, abs=5 * np.sqrt(2 * played))
    twin.turn(green_w=0.0)
    before = twin.glowed()
    twin.clock.sleep(0.5)
    assert twin.glowed() - before < 0.01 * glowed


def test_lines_that_rest_low_do_not_glow_and_to_look_changes_nothing() -> None:
    counts = []
    for looks in (False, True):
        twin = Twin(load_sample(Path("lab")), seed=1)
        twin.turn(**SHINING)
        for _ in range(3):
            twin.clock.sleep(1.0)
            if looks:
                assert twin.glowed() == 0
            twin.clock.sleep(1.0)
            pulse = np.where(np.arange(1000) < 500, PUMP, 0).astype(np.uint32)
            counts += twin.play(pulse, 1e-7, 1000, [np.ones(1000, dtype=bool)])
    assert counts[:3] == counts[3:]
