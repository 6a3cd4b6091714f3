"""Delay and rise of a beam from made-up photons: honest errors for any of them, on a grid of 100 ns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequences.analysis.checks.light_delays import Window, fit_edges, glimpse, lit_ns
from sequences.pulses.program import LINES
from sequences.routines.checks.light_edges import edge_program

TICK_NS, LIT_NS = 100.0, 5_000.0
BRIGHT_CPS, DARK_CPS, SATURATION, LITTLE = 4.4e5, 300.0, 6.7, 0.02
REPEATS = 100_000


def shine(t_ns, rising, late_ns, rise_ns, saturation, glow=0.0):
    """Fluorescence at these times after an edge, 1 when all is lit; glow: more of it when the light comes."""
    light = np.clip((t_ns - late_ns) / rise_ns, 0.0, 1.0)
    light = light if rising else 1.0 - light
    more = 1.0 + glow * np.exp(-np.maximum(t_ns - late_ns, 0.0) / 700.0) if rising else 1.0
    return more * light * (1.0 + saturation) / (1.0 + saturation * light)


def mean_lit(begin_ns, *edge, **more):
    """Of one tick, by adding up a thousand moments."""
    return float(np.mean(shine(begin_ns + TICK_NS * (np.arange(1000) + 0.5) / 1000, *edge, **more)))


def counted(rng, late_ns, rise_ns, glow=0.0):
    """A whole scan at the most power, then the ticks near the edges longer, at both powers."""
    windows = []

    def play(ticks, power, times):
        saturation, repeats = SATURATION * power, times * REPEATS
        bright = BRIGHT_CPS * power * (1.0 + SATURATION) / (1.0 + saturation)
        for begin_ns in TICK_NS * np.asarray(ticks):
            for rising in (True, False):
                lit = mean_lit(begin_ns, rising, late_ns, rise_ns, saturation, glow=glow if power == 1.0 else 0.0)
                photons = repeats * 1e-9 * TICK_NS * (bright * lit + DARK_CPS)
                windows.append(Window(float(begin_ns), rising, power, int(rng.poisson(photons)), repeats))

    play(range(-3, 23), 1.0, 1)
    seen = glimpse(windows, TICK_NS)
    first, last = (int(edge // TICK_NS) for edge in sorted((seen.on_ns, seen.off_ns)))
    play(range(first - 2, last + 3), 1.0, 4)
    play(range(first - 2, last + 3), LITTLE, 4)
    return windows


@given(st.floats(-250, 1900), st.floats(1, 300), st.floats(0.01, 20), st.integers(-3, 22), st.booleans())
def test_light_in_a_tick_is_its_fluorescence_added_up(late_ns, rise_ns, saturation, tick, rising):
    begin = np.array([tick * TICK_NS])
    found = lit_ns(begin, TICK_NS, np.array([rising]), late_ns, rise_ns, np.array([saturation]))
    expected = TICK_NS * mean_lit(begin[0], rising, late_ns, rise_ns, saturation)
    assert found[0] == pytest.approx(expected, abs=0.3)


def test_errors_are_honest_for_any_delay_and_rise():
    rng = np.random.default_rng(5)
    pulls, errors, chi2 = [], [], []
    for _ in range(24):
        late_ns, rise_ns, glow = rng.uniform(-150, 1850), rng.uniform(2, 120), rng.uniform(-0.1, 0.1)
        found = fit_edges(counted(rng, late_ns, rise_ns, glow), TICK_NS, LIT_NS)
        pulls.append(
            ((found.delay_ns - late_ns) / found.delay_noise_ns, (found.rise_ns - rise_ns) / found.rise_noise_ns)
        )
        errors.append(found.delay_noise_ns)
        chi2.append(found.reduced_chi2)
    assert np.abs(pulls).max() < 4.0
    assert 0.5 < np.sqrt(np.mean(np.square(pulls))) < 1.4
    assert max(errors) < 5.0
    assert np.mean(chi2) == pytest.approx(1.0, abs=0.2)


def test_a_delay_beyond_the_scan_shows():
    rng = np.random.default_rng(6)

    def scan(late_ns, bright_cps=BRIGHT_CPS):
        return glimpse(
            [
                Window(
                    begin_ns,
                    rising,
                    1.0,
                    int(rng.poisson(1e-2 * (bright_cps * mean_lit(begin_ns, rising, late_ns, 40.0, 1.0) + DARK_CPS))),
                    REPEATS,
                )
                for begin_ns in 100.0 * np.arange(-3, 23)
                for rising in (True, False)
            ],
            TICK_NS,
        )

    assert scan(1_200.0).within
    assert scan(1_200.0).on_ns == pytest.approx(1_220.0, abs=25.0)
    for late_ns in (2_400.0, -400.0):
        assert not scan(late_ns).within
    assert scan(500.0).is_light
    assert not scan(500.0, bright_cps=0.0).is_light


@pytest.mark.parametrize("begin", [-3, 0, 21])
def test_each_counter_is_open_for_one_tick_after_its_edge(begin):
    program = edge_program("depletion", begin, 100)
    starts, at = {}, 0
    for interval in program.merged():
        for role in interval.lines:
            starts.setdefault(role, at)
        at += interval.duration_ns
    assert at == 10_000
    assert program.time_high_ns("depletion") == 5_000
    assert (starts["gate_signal"] - starts["depletion"]) % 10_000 == 100 * begin % 10_000
    assert (starts["gate_reference"] - 5_000) % 10_000 == 100 * begin % 10_000
    assert [program.time_high_ns(role) for role in LINES[-2:]] == [100, 100]
