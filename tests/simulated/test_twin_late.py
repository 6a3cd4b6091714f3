"""Light and microwave that follow their lines late, light that rises, coils that settle, and shelved NVs."""

import numpy as np
import pytest
from support import aligned_twin
from support.aligned_twin import PI, PUMPED, QUARTER, READ, SIGNAL, TICK_S, pattern, play, word, z
from support.shots import FAR, HUGE, bench, exact

from simulated_instruments.cables import LINES
from simulated_instruments.twin.timeline import timeline

pytestmark = pytest.mark.twin

STEADY = {"background_cps": 0.0, "dark_cps": 0.0, "contrast": 0.0}
"""Light that tells only whether it is there."""
BEFORE, AFTER = [(30, 0)], [(30, 0)]


def counted(window, **optics):
    """Expected counts of a thousand shots in this window; the light, too weak to saturate, is on for 20 ticks."""
    out = exact(bench(optics=STEADY | optics))
    out.turn(green_w=1e-4)
    parts = {
        "while its line is high": [(20, word("pump") | SIGNAL)],
        "after its fall": [(20, word("pump")), (20, SIGNAL)],
        "all of it": [(20, word("pump") | SIGNAL), (20, SIGNAL)],
    }
    return play(out, [*BEFORE, *parts[window], *AFTER], 1000)[0]


@pytest.mark.parametrize(("delay_ns", "rise_ns"), [(150.0, 0.0), (0.0, 40.0), (450.0, 40.0), (33.3, 7.7)])
def test_late_light_begins_and_ends_later(delay_ns, rise_ns):
    late = {"aom_delay_ns": delay_ns, "aom_rise_ns": rise_ns}
    prompt = counted("while its line is high")
    share = (delay_ns + 0.5 * rise_ns) / 2000.0
    assert 1 - counted("while its line is high", **late) / prompt == pytest.approx(share, abs=1e-4)
    assert counted("after its fall", **late) / prompt == pytest.approx(share, abs=1e-4)
    assert counted("all of it", **late) / prompt == pytest.approx(1.0, abs=1e-4)


def test_a_ramp_is_a_straight_line():
    """Shares in the middle of each piece, on a grid finer than the tick."""
    truth = aligned_twin.sample(optics={"aom_delay_ns": 120.0, "aom_rise_ns": 60.0})
    program = timeline(pattern((5, 0), (5, word("pump")), (5, 0)), TICK_S, [], truth)
    begin_ns = np.cumsum([0.0, *(one.duration_s * 1e9 for one in program.intervals)])
    middle_ns = 0.5 * (begin_ns[1:] + begin_ns[:-1])
    expected = np.interp(middle_ns, [620.0, 680.0, 1120.0, 1180.0], [0.0, 1.0, 1.0, 0.0])
    np.testing.assert_allclose([one.setting.light[0] for one in program.intervals], expected, atol=1e-6)
    assert sum(one.duration_s for one in program.intervals) == pytest.approx(15 * TICK_S)
    dose_ns = sum(one.setting.light[0] * one.duration_s for one in program.intervals) * 1e9
    assert dose_ns == pytest.approx(500.0)


def test_what_is_late_at_the_end_acts_at_the_beginning():
    truth = aligned_twin.sample(optics={"aom_delay_ns": 300.0})
    program = timeline(pattern((5, 0), (5, word("pump"))), TICK_S, [], truth)
    lit_s = [one.duration_s for one in program.intervals if one.setting.light[0]]
    assert lit_s == pytest.approx([300e-9, 200e-9])


def test_late_microwave_is_a_pulse_that_is_played_later():
    """Two ticks late: as if the line itself had risen two ticks later."""
    late = bench(microwave={"delay_ns": 200.0})
    play(late, [*PUMPED, *PI, (4, word("shift"))], counting=False)
    prompt = bench()
    play(prompt, [*PUMPED, (2, word("shift")), *PI, (2, word("shift"))], counting=False)
    np.testing.assert_allclose(late.state.vector, prompt.state.vector, atol=1e-9)


def test_delays_are_finer_than_the_tick():
    """30 ns of 100: as on a grid of 10 ns with the line moved by three ticks."""
    late = bench(microwave={"delay_ns": 30.0})
    parts = [*PUMPED, (QUARTER, word("mw_x", "shift", "gradient")), (QUARTER, word("shift"))]
    play(late, parts, counting=False)
    prompt = bench()
    words = np.repeat(pattern(*parts), 10)
    bit = np.uint32(1 << LINES["mw_x"])
    prompt.play((words & ~bit) | np.roll(words & bit, 3), 1e-8, 1, [])
    prompt.clock.sleep(len(words) * 1e-8)
    np.testing.assert_allclose(late.state.vector, prompt.state.vector, atol=1e-6)
    on_time = bench()
    play(on_time, parts, counting=False)
    assert np.abs(late.state.vector - on_time.state.vector).max() > 0.05


@pytest.mark.parametrize("delay_ns", [0.0, 150.0])
def test_evolutions_are_named_by_their_lines(delay_ns):
    out = bench(optics={"aom_delay_ns": delay_ns})
    play(out, [*PUMPED, (54, 0), (1, word("shift") | SIGNAL)])
    assert list(out.freezes) == [5400]


def test_late_light_shortens_the_dark():
    """Light that goes on for 450 ns after its line leaves that much less for the baths."""
    times = []
    for optics in ({"aom_delay_ns": 450.0}, {}):
        out = bench(bath={"spins": HUGE}, optics=optics)
        dark = 20 if optics else 16
        late = [] if optics else [(4, word("pump"))]
        play(out, [(60, word("pump")), *late, (dark, 0), (1, word("shift") | SIGNAL)])
        times.append(out.freezes[dark * 100].vector[[12, 3]])
    np.testing.assert_allclose(times[0], times[1], atol=0.02)


# ---- coils ----------------------------------------------------------------------------------------------------------


def test_the_tail_of_a_coil_is_an_exponential():
    """Its integral behind a rise is minus share times time constant; behind the fall as much again, the other way."""
    truth = aligned_twin.sample(pulsed_coils={"settling_share": 0.003, "settling_us": 2.0})
    program = timeline(pattern((500, word("shift")), (500, 0)), TICK_S, [], truth)
    for level, sign in ((True, -1.0), (False, 1.0)):
        tail = [
            one.setting.lag[0] * one.duration_s
            for one in program.intervals
            if bool(one.setting.levels & word("shift")) is level
        ]
        assert sum(tail) == pytest.approx(sign * 0.003 * 2e-6, rel=1e-3)
    assert all(one.setting.lag[1] == 0.0 for one in program.intervals)


def test_a_tail_that_has_not_died_before_the_next_switching_goes_on():
    """Very slow coils hardly follow: the field stays near its mean."""
    truth = aligned_twin.sample(pulsed_coils={"settling_share": 0.1, "settling_us": 1000.0})
    program = timeline(pattern((10, word("shift")), (30, 0)), TICK_S, [], truth)
    high, low = (one.setting.lag[0] for one in program.intervals if one.duration_s > 0)
    assert high == pytest.approx(-0.1 * 0.75, rel=1e-3)
    assert low == pytest.approx(0.1 * 0.25, rel=1e-3)


@pytest.mark.parametrize("wait_ticks", [10, 30])
def test_pulses_see_the_tail_of_the_shift(wait_ticks):
    """1 mT off by 0.3 % dying away in 1 us: a Ramsey phase of 2 pi 84 kHz x 1 us x what is left between the turns."""
    turn = (QUARTER, word("mw_x", "shift"))
    parts = [(60, word("pump")), (wait_ticks, word("shift")), turn, (40, word("shift")), turn, (10, 0)]
    ends = []
    for share in (0.003, 0.0):
        out = bench(pair=FAR, bath={"spins": HUGE}, pulsed_coils={"settling_share": share, "settling_us": 1.0})
        play(out, parts[:-1], counting=False)
        ends.append(z(out)[1])
    begin_us = 0.1 * wait_ticks + 0.2 * (1 - 2 / np.pi)
    left = np.exp(-begin_us) - np.exp(-begin_us - 4.0 - 0.8 / np.pi)
    assert ends[0] / ends[1] == pytest.approx(np.cos(2 * np.pi * 84e3 * 1e-6 * left), abs=4e-3)


# ---- the shelf ------------------------------------------------------------------------------------------------------

PUMPING_PER_S = 1e6 * (20 / 3) / (1 + 20 / 3)
"""Under the Gaussian beam of `lit`: 100 mW, of which 5 % arrive where 0.75 mW saturate."""


def test_a_pulse_right_after_the_light_finds_nobody():
    """A shelf of 10 us: when light goes off most are in it, and come out in |0> after the pulse."""
    settled = [(600, word("pump", "shift"))]
    out = bench(pair=FAR, bath={"spins": HUGE}, optics={"singlet_ns": 10_000.0})
    play(out, [*settled, *PI, (1000, word("shift"))], counting=False)
    free = 1.0 / (1.0 + PUMPING_PER_S * 10e-6)
    np.testing.assert_allclose(z(out), 0.996 * (1 - 2 * free), atol=0.06)
    later = bench(pair=FAR, bath={"spins": HUGE}, optics={"singlet_ns": 10_000.0})
    play(later, [*settled, (1000, word("shift")), *PI], counting=False)
    assert np.all(z(later) < -0.97)


def test_the_shelf_keeps_the_purity_and_dims_the_light():
    program = [(300, word("pump", "shift")), (100, word("pump", "shift") | SIGNAL), (100, word("shift"))]
    dark = {"background_cps": 0.0, "dark_cps": 0.0, "pump_fidelity": (0.95, 0.9)}
    ends = {}
    for singlet_ns in (0.0, 250.0):
        out = exact(bench(pair=FAR, bath={"spins": HUGE}, optics=dark | {"singlet_ns": singlet_ns}))
        ends[singlet_ns] = play(out, program, 100)[0]
        np.testing.assert_allclose(z(out), [0.9, 0.8], atol=6e-3)
    assert ends[250.0] / ends[0.0] == pytest.approx(1.0 / (1.0 + PUMPING_PER_S * 250e-9), rel=1e-3)


def test_a_short_shelf_is_none():
    ends = []
    for singlet_ns in (0.0, 0.01):
        out = exact(bench(optics={"singlet_ns": singlet_ns}))
        ends.append([play(out, [*PUMPED, *PI, (54, 0), *READ], repeats)[0] for repeats in (1, 500)])
    assert ends[1] == pytest.approx(ends[0], rel=2e-4)
