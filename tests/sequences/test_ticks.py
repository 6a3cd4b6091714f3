"""Pulse sources with other ticks than the card's: every program can be played, and the experiments find the same."""

import dataclasses
from dataclasses import replace

import pytest
from support.known_bench import know_aligned

from instruments.interface.playable import Playable, whole_ns
from instruments.pulse_generator import PulseGenerator
from labctl.config.station_file import read_station
from labctl.plans.catalogue import ENTRIES
from labctl.safety.limits import Bounds
from labctl.unwired import STATION, unwired
from sequences.delays import DelaysPlan, delays
from sequences.pulses.compile import compiled
from sequences.pulses.grid import at_least_ns, guard_ns, on_grid
from sequences.pulses.program import Program, PulseError
from sequences.rabi import RabiPlan, rabi
from sequences.results import SequenceError
from sequences.routines.bench.line_delays import ahead_ticks, remainders
from sequences.routines.bench.measure import measure
from tools.trials.wired import run, sample

TICKS_NS = (1, 2, 7, 8, 30, 100, 200)
LONGEST_TRAIN = 33
"""Quarter turns in one pulse. Each, and each interval, is off by half a tick at most, or by one if it must be over."""
FILE = read_station(STATION)


def with_tick(tick_ns):
    """The station of this tree with another pulse source."""
    wiring = FILE.model.wiring.model_copy(update={"tick_ns": tick_ns})
    init = {"card": "ni_card", "rate_hz": 1e9 / tick_ns}
    source = FILE.instruments["pulse_generator"].model_copy(update={"init": init})
    instruments = {**FILE.instruments, "pulse_generator": source}
    return replace(FILE, model=FILE.model.model_copy(update={"wiring": wiring, "instruments": instruments}))


def bench(tick_ns, seed=3, **truth):
    made = unwired(sample(**truth), seed, with_tick(tick_ns))
    assert made.lab.pulse_generator.playable.tick_ns == tick_ns
    made.lab.magnet.switch_on()
    return made


@pytest.mark.parametrize("tick_ns", TICKS_NS)
@pytest.mark.parametrize("name", ENTRIES)
def test_every_program_can_be_played_on_every_grid(name, tick_ns):
    entry, wiring = ENTRIES[name], FILE.wiring()
    plan = on_grid(entry.plan(), tick_ns)
    parts = entry.parts(plan, wiring.model_copy(update={"tick_ns": tick_ns}))
    usual = entry.parts(entry.plan(), wiring)
    for (_, programs), (_, known) in zip(parts, usual, strict=True):
        for program, like in zip(programs, known, strict=True):
            pattern = compiled(program, wiring.lines, {"pump": 1, "mw_x": 2})
            assert sum(ticks for ticks, _ in pattern) * tick_ns == program.duration_ns
            assert all(ticks == int(ticks) >= 1 for ticks, _ in pattern)
            coarser_ns, roundings = max(tick_ns, like.tick_ns), len(like.intervals) + LONGEST_TRAIN
            assert abs(program.duration_ns - like.duration_ns) <= 0.5 * coarser_ns * roundings


def test_what_must_be_over_lasts_at_least_so_long():
    assert [at_least_ns(1000, tick_ns) for tick_ns in (1, 7, 100, 300)] == [1000, 1001, 1000, 1200]
    assert [guard_ns(tick_ns) for tick_ns in (1, 8, 100, 200)] == [100, 104, 100, 200]


@pytest.mark.parametrize("tick_ns", [1, 8])
def test_plans_are_held_to_the_grid_of_the_source(tick_ns):
    bounds = Bounds(FILE.limits(), tick_ns)
    assert bounds.faults(RabiPlan(pi_half_ns=40 if tick_ns == 8 else 37)) == []
    (fault,) = Bounds(FILE.limits(), 100).faults(RabiPlan(pi_half_ns=37))
    assert fault.endswith("37 is not a whole number of the pulse source's 100 ns ticks: choose 100")


@pytest.mark.parametrize(("tick_ns", "ahead", "left"), [(1, 432, 0.4), (8, 54, 0.4), (100, 4, 32.4), (200, 2, 32.4)])
def test_delays_are_made_up_for_by_whole_ticks(tick_ns, ahead, left):
    lab = bench(tick_ns).lab
    lab.calibration.put("delays.pump_ns", 432.4, 1.0)
    assert ahead_ticks(lab) == {"pump": ahead}
    assert remainders(lab)["pump"] == pytest.approx(left)


def test_the_same_delays_are_found_on_a_finer_grid():
    made = bench(8, optics={"aom_delay_ns": 430.0, "aom_rise_ns": 40.0}, microwave={"delay_ns": 120.0})
    know_aligned(made)
    found, _ = run(delays(made.lab, DelaysPlan(point_s=0.1)))
    assert abs(found.pump_ns - 430.0) < 5 * found.pump_ns_err < 50.0
    assert abs(found.mw_ns - 120.0) < 5 * found.mw_ns_err < 50.0


def test_a_quarter_turn_of_17_ticks_of_8_ns_is_calibrated():
    made = bench(8)
    know_aligned(made)
    found, points = run(rabi(made.lab, RabiPlan(pi_half_ns=136, longest_ns=800)))
    assert found.pi_half_ns == 136
    true_mhz = made.twin.sample.microwave.rabi_mhz_at_0dbm * 10 ** (found.power_dbm / 20)
    assert true_mhz == pytest.approx(0.25e3 / 136, rel=5 * found.pi_half_ns_err / 136)
    assert found.pi_half_ns_err < 0.5
    assert [p.values["duration_ns"] for p in points if "duration_ns" in p.values][:2] == [96.0, 192.0]


def test_a_program_of_another_grid_is_not_played():
    lab = bench(1).lab
    with pytest.raises(PulseError, match="'coarse' has 100 ns ticks, the pulse_generator plays 1 ns"):
        measure(lab, Program("coarse", 100).then(500, "pump"), 10)


def test_a_play_is_cut_into_pieces_no_longer_than_the_source_plays():
    lab, program = bench(100).lab, Program("long", 100).then(1_000_000, "pump", "gate_signal")
    plays = []
    start = lab.pulse_generator.start
    lab.pulse_generator.start = lambda repeats: (plays.append(repeats), start(repeats))
    playable = lab.pulse_generator.playable
    lab.pulse_generator.playable = dataclasses.replace(playable, longest_s=0.25)
    assert measure(lab, program, 600, may_be_dark=True).repeats == 600
    lab.pulse_generator.playable = dataclasses.replace(playable, most_repeats=400)
    measure(lab, program, 600, may_be_dark=True)
    assert plays == [250, 250, 100, 400, 200]
    lab.pulse_generator.playable = dataclasses.replace(playable, longest_s=0.25, divisible=False)
    with pytest.raises(SequenceError, match="more than the 250 that the pulse_generator plays at once"):
        measure(lab, program, 600, may_be_dark=True)
    assert plays == [250, 250, 100, 400, 200]
    measure(lab, program, 250, may_be_dark=True)


@pytest.mark.parametrize("tick_ns", [2.5, 0.5, 0, 1e9 / 3e6])
def test_a_tick_that_is_no_whole_number_of_ns_is_refused_with_what_to_do(tick_ns):
    with pytest.raises(ValueError, match=r"is no whole number of ns.*state a multiple"):
        Playable(tick_ns, ())


def test_the_card_states_its_tick_by_its_rate():
    assert PulseGenerator.playable_as(rate_hz=5e6).tick_ns == 200
    assert PulseGenerator.playable_as().tick_ns == whole_ns(100.0) == 100
    with pytest.raises(ValueError, match=r"a tick of 333\.333 ns"):
        PulseGenerator.playable_as(rate_hz=3e6)
