"""Delay of a pulse from how far it turns the pair before or after a coil takes the line away."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequences.analysis.checks.late_pulse import Cut, fit_late, flipped
from sequences.routines.checks.late_pulse import cut_program

pytestmark = pytest.mark.unit

PI_NS, RABI_MHZ, TICK_NS = 400.0, 1.25, 100.0


def whole_and_cut(delay_ns):
    """The shots that `delays` measures, as they would be planned for this delay."""
    base = int(delay_ns // TICK_NS)
    stretches = [(0.0, 0, 0), (PI_NS, 0, 0)]
    for kept in (2, 3):
        stretches += [(PI_NS, base + kept, base + 7), (PI_NS, base - 2, base + kept)]
    return [Cut(pulse, from_ * TICK_NS, to * TICK_NS, 0.0, 1.0) for pulse, from_, to in stretches]


def seen(cuts, delay_ns, rabi_mhz, detuning_mhz, rng, error=1.8e-3):
    """What a bench would answer: level 0.95, contrast 0.18."""
    turned = flipped(cuts, np.array([delay_ns]), rabi_mhz, detuning_mhz)[0]
    ratios = 0.95 * (1.0 - 0.18 * turned) + error * rng.standard_normal(len(cuts))
    return [replace(c, ratio=float(r), error=error) for c, r in zip(cuts, ratios, strict=True)]


@given(st.floats(-300, 2000), st.floats(20, 60))
def test_an_uncut_half_turn_flips_and_one_wholly_off_resonance_does_not(delay_ns, detuning_mhz):
    cuts = [Cut(PI_NS, 0, 0, 0, 1), Cut(PI_NS, delay_ns - 1, delay_ns + 401, 0, 1), Cut(0, 0, 0, 0, 1)]
    whole, away, none = flipped(cuts, np.array([delay_ns]), RABI_MHZ, detuning_mhz)[0]
    assert whole == pytest.approx(1.0)
    assert away < (RABI_MHZ / detuning_mhz) ** 2 + 1e-9
    assert none == 0.0


@given(st.floats(0, 400))
def test_a_turn_is_cut_in_proportion_to_time_far_off_resonance(at_ns):
    cuts = [Cut(PI_NS, at_ns, 1e4, 0, 1), Cut(PI_NS, -1e4, at_ns, 0, 1)]
    ended, begun = flipped(cuts, np.array([0.0]), RABI_MHZ, 1e5)[0]
    assert ended == pytest.approx(np.sin(0.5 * np.pi * at_ns / 400) ** 2, abs=1e-4)
    assert begun == pytest.approx(np.cos(0.5 * np.pi * at_ns / 400) ** 2, abs=1e-4)


@pytest.mark.parametrize("known", [True, False])
def test_errors_are_honest_for_any_delay(known):
    """Also if it is known to a tenth only how far away the line lies."""
    rng = np.random.default_rng(8)
    pulls, errors = [], []
    for _ in range(12):
        delay_ns, rabi_mhz = rng.uniform(-100, 1900), RABI_MHZ * (1 + 1.5e-3 * rng.standard_normal())
        detuning_mhz = 28.0 if known else 44.8 * rng.uniform(0.92, 1.08)
        believed = (28.0,) if known else tuple(44.8 * np.linspace(0.9, 1.1, 41))
        shots = seen(whole_and_cut(delay_ns), delay_ns, rabi_mhz, detuning_mhz, rng)
        about_ns = delay_ns + rng.uniform(-20, 20)
        found = fit_late(shots, RABI_MHZ, 1.5e-3 * RABI_MHZ, believed, (about_ns - 150, about_ns + 150))
        pulls.append((found.delay_ns - delay_ns) / found.delay_err_ns)
        errors.append(found.delay_err_ns)
    assert np.abs(pulls).max() < 4.0
    assert 0.4 < np.sqrt(np.mean(np.square(pulls))) < 1.6
    assert max(errors) < 8.0
    assert np.median(errors) < 3.0


def test_a_scan_finds_the_tick_or_says_that_nothing_is_cut():
    rng = np.random.default_rng(9)
    scan = [Cut(PI_NS, k * TICK_NS, k * TICK_NS + PI_NS, 0, 1) for k in range(-4, 21)]
    shots = seen(scan, 737.0, RABI_MHZ, 28.0, rng, 6e-3)
    found = fit_late(shots, RABI_MHZ, 2e-3, (28.0,), (-400.0, 2000.0))
    assert found.delay_ns == pytest.approx(737.0, abs=4 * found.delay_err_ns)
    assert found.delay_err_ns < 15.0
    assert found.significance > 20.0
    beyond = seen(scan, 3_000.0, RABI_MHZ, 28.0, rng, 6e-3)
    assert fit_late(beyond, RABI_MHZ, 2e-3, (28.0,), (-400.0, 2000.0)).significance < 8.0


@pytest.mark.parametrize(("coil", "lines"), [("shift", {"mw_x"}), ("gradient", {"mw_x", "shift", "gradient"})])
def test_the_line_is_away_where_it_is_asked_for(coil, lines):
    program = cut_program(coil, 4, (2, 7), 100)
    ticks = [interval.lines for interval in program.intervals for _ in range(interval.duration_ns // 100)]
    begins = next(k for k, high in enumerate(ticks) if "mw_x" in high)
    assert [k - begins for k, high in enumerate(ticks) if "mw_x" in high] == [0, 1, 2, 3]
    dark = [k for k, high in enumerate(ticks) if "pump" not in high]
    unfrozen = [k - begins for k in dark if "shift" not in ticks[k]]
    bent = [k - begins for k in dark if "gradient" in ticks[k]]
    stretch = [2, 3, 4, 5, 6]
    assert (unfrozen, bent) == ((stretch, []) if coil == "shift" else ([], stretch))
    assert ticks[begins + 2] == lines
