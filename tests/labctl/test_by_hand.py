"""The bench set by hand: every control within its limits and interlocks, logged, and dark if anything fails."""

import re
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from support.everything_on import STATION, sample

from instruments.interface.roles import SAFE_STATE, LightSwitches
from labctl.bench.station import Wires, opened
from labctl.common.refusals import BenchFault, Refusal
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.gui.connection.hand_orders import HandOrders
from labctl.gui.connection.messages import HandDone, HandOrder
from labctl.hand.by_hand import ByHand
from labctl.hand.controls import Control
from labctl.hand.role_controls import CONTROLS
from labctl.hand.words import Commands
from sequences.core.lab import Lab
from simulated_instruments.bench import SimulatedBench
from simulated_instruments.faults.script import Fault


@dataclass
class Held:
    """A bench in hand, what was logged, and the twin behind it."""

    hand: ByHand
    lab: Lab
    bench: SimulatedBench
    logged: list[str]

    def say(self, line: str) -> list[str]:
        return list(Commands(self.hand).obey(line))

    @property
    def on(self) -> list[str]:
        return self.bench.still_on(magnet=False)


@pytest.fixture(scope="module")
def shared():
    with SimulatedBench(sample(), 3) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as station:
            yield bench, station.lab(Kept())


@pytest.fixture
def held(shared):
    bench, lab = shared
    logged = []
    held = Held(ByHand(lab, logged.append), lab, bench, logged)
    yield held
    held.hand.dark()
    assert held.on == []


SET = {
    "microwave.frequency": ("2.87e9", lambda now: now.carrier_hz, 2.87e9),
    "microwave.power": ("-12.5", lambda now: now.carrier_dbm, -12.5),
    "microwave.on": ("on", lambda now: now.carrier_on, True),
    "depletion_beam.x": ("120", lambda now: now.steering_v[0], 0.12),
    "depletion_beam.y": ("-80", lambda now: now.steering_v[1], -0.08),
    "magnet.x": ("0.01", lambda now: now.trim_x_a, 0.01),
    "magnet.y": ("-0.02", lambda now: now.trim_y_a, -0.02),
    "magnet.main": ("0.05", lambda now: now.main_a, 0.05),
    "magnet.field_x": ("1", lambda now: now.trim_x_a, 1 / 40),
    "magnet.field_y": ("2", lambda now: now.trim_y_a, 2 / 40),
    "magnet.field_z": ("11", lambda now: now.main_a, 0.1),
    "green_laser.power": ("20", None, 20.0),
    "green_laser.on": ("on", lambda now: now.green_w, 0.02),
    "aom.pump_share": ("0.5", lambda now: now.pump_aom, 0.5),
    "aom.pump_on": ("off", lambda now: now.pump_gate, "off"),
    "depletion_beam.power": ("300", lambda now: now.depletion_w * now.depletion_aom, 0.3),
    "shift_coil.current": ("-0.05", None, -0.05),
    "shift_coil.on": ("on", lambda now: now.shift_a, -0.05),
    "gradient_coil.current": ("0.06", None, 0.06),
    "gradient_coil.on": ("on", lambda now: now.gradient_a, 0.06),
    "compensation_coil.current": ("0.02", None, 0.02),
    "compensation_coil.on": ("on", lambda now: now.compensation_a, 0.02),
}
"""Control -> what is typed, where the twin shows it (None: as the instrument reads it back), and what it is then."""


def test_every_control_sets_what_it_says_and_is_logged_with_before_and_after(held):
    lines = [name for name in held.hand.controls if name.startswith("line.")]
    assert set(held.hand.controls) == {*SET, *lines}
    assert len(lines) == 8
    for name, (typed, seen, wanted) in SET.items():
        (answer,) = held.say(f"set {name} {typed}")
        assert held.logged[-1] == answer
        assert re.fullmatch(rf"{re.escape(name)}: .+ -> .+", answer)
        held.bench.still_on()  # the twin follows
        shown = held.hand.value(name) if seen is None else seen(held.bench.twin.setpoints)
        assert shown == (wanted if isinstance(wanted, str) else pytest.approx(wanted, rel=5e-3))
    for name in lines:
        assert held.say(f"set {name} high") == [f"{name}: low -> high"]
        assert held.bench.twin.levels == 1 << held.lab.wiring.lines[name.removeprefix("line.")]
        assert held.say(f"set {name} low") == [f"{name}: high -> low"]
    assert held.say("off") == [
        "the pulse lines are low; the AOM channels are off; the doughnut beam is off; the green laser is off; the "
        "microwave is off; the pulsed coils carry no current"
    ]
    assert held.on == []
    assert held.bench.still_on() != []  # the magnet keeps its field
    for axis in ("x", "y", "main"):
        held.say(f"set magnet.{axis} 0")
    assert held.bench.still_on() == []


def test_no_role_of_the_safe_state_is_out_of_reach_by_hand():
    assert {safe.role for safe in SAFE_STATE} <= set(CONTROLS)


BEYOND = [
    ("set microwave.power 11", "microwave.power = 11 dBm is beyond its limits, -110 to 10 dBm"),
    ("set microwave.frequency 7e9", "beyond its limits, 950000 to 6075000000 Hz"),
    ("set green_laser.power 100.5", "beyond its limits, 0 to 100 mW"),
    ("set depletion_beam.power 1300", "beyond its limits, 0 to 1200 mW"),
    ("set magnet.main 0.99", "beyond its limits, -0.98 to 0.98 A"),
    ("set gradient_coil.current -0.2", "beyond its limits, -0.1 to 0.1 A"),
    ("set aom.pump_share 1.1", "beyond its limits, 0 to 1"),
    ("set microwave.power nan", "is a number in dBm, not 'nan'"),
    ("set microwave.power loud", "is a number in dBm, not 'loud'"),
    ("set microwave.on 3", "is a switch: say on or off, not '3'"),
    ("set line.pump maybe", "is a switch: say high or low"),
    ("set microwave.frequncy 2e9", "There is no control 'microwave.frequncy'; did you mean 'microwave.frequency'?"),
    ("set microwave.on", "Say: set NAME VALUE"),
    ("get", "Say: get NAME"),
    ("watch colour", "'colour' cannot be watched"),
    ("watch counts never", "Watch for more than 0"),
    ("watch counts 0", "Watch for more than 0"),
    ("fire", "'fire' is no command"),
]


@pytest.mark.parametrize(("line", "words"), BEYOND)
def test_what_is_beyond_or_unknown_is_refused_and_nothing_moves(held, line, words):
    before = held.bench.twin.setpoints
    with pytest.raises(Refusal, match=re.escape(words)):
        held.say(line)
    assert held.bench.twin.setpoints == before
    assert held.logged == []


def test_the_limits_across_instruments_hold_with_the_lines_as_they_rest(held):
    held.say("set depletion_beam.power 1100")  # 550 mW at the sample, if the line were high
    with pytest.raises(Refusal, match=r"line\.depletion was not set: .* would be 5[45]\d.* mW, above limits\.sample"):
        held.say("set line.depletion high")
    assert "the line depletion is high" not in held.on
    held.say("set depletion_beam.power 400")
    held.say("set line.depletion high")
    with pytest.raises(Refusal, match=r"depletion_beam\.power was not set: .*above limits\.sample"):
        held.say("set depletion_beam.power 1100")
    assert held.hand.value("depletion_beam.power") == pytest.approx(400.0, rel=5e-3)
    held.say("set line.mw_x high")
    held.say("set microwave.power 10")
    held.say("set microwave.on on")
    with pytest.raises(Refusal, match=r"line\.mw_y was not set: microwave at the antenna would be 20 mW"):
        held.say("set line.mw_y high")


def test_the_steering_refuses_what_it_does_not_reach_and_nothing_is_switched_off(held):
    held.say("set green_laser.power 20")
    held.say("set green_laser.on on")
    with pytest.raises(BenchFault, match=r"x = 90000 nm needs 90 V.*It is as it was: 120 nm"):
        held.say("set depletion_beam.x 120") and held.say("set depletion_beam.x 90000")
    assert held.on == ["the green laser emits 20 mW"]


def test_light_is_seen_in_the_count_rate_and_nothing_without_it(held):
    def rate(line):
        return [float(word.split(" counts ")[1].split()[0]) for word in held.say(line)]

    assert all(cps < 1e4 for cps in rate("watch counts 2"))
    for line in ("green_laser.power 20", "green_laser.on on", "aom.pump_share 1", "line.pump high"):
        held.say(f"set {line}")
    assert len(rate("watch counts 2.5")) == 3
    assert all(cps > 1e5 for cps in rate("watch counts 2"))
    assert [line.split("  ")[-1].split()[0] for line in held.say("watch reference 1")] == ["reference"]
    assert held.say("watch green_laser.power 1") == ["     1.0 s  green_laser.power 20 mW"]
    assert "the line pump is high" in held.on  # to count moves no line


def test_an_interlock_that_opens_makes_the_bench_dark_and_nothing_is_lit_until_it_is_closed(held):
    for line in ("green_laser.power 20", "green_laser.on on", "microwave.on on"):
        held.say(f"set {line}")
    held.bench.injector.add(Fault(kind="interlock", instrument="green_laser", for_s=600.0))
    with pytest.raises(BenchFault, match=r"green_laser is not as it was set: it is no longer lit"):
        held.hand.look()
    assert held.on == []
    with pytest.raises(Refusal, match=r"green_laser: its interlock is open: close it"):
        held.say("set green_laser.on on")
    held.bench.clock.sleep(600.0)
    held.say("set green_laser.on on")
    assert held.on == ["the green laser emits 20 mW"]


def test_a_list_shows_every_control_with_its_limits(held):
    listed = held.say("list")
    assert [line.split()[0] for line in listed] == list(held.hand.controls)
    assert re.search(r"^microwave\.power +-?[\d.]+ dBm  -110 to 10 dBm$", "\n".join(listed), re.MULTILINE)
    assert held.say("get line.pump") == ["line.pump: low"]
    assert held.say("  # nothing") == held.say("") == []
    assert "watch NAME [SECONDS]" in held.say("help")[0]


def test_a_switch_of_light_that_ignored_its_line_follows_it_again(held):
    held.lab.aom.pump.ignore_line()
    held.say("set aom.pump_share 0.4")
    assert not held.lab.aom.pump.ignores_line()


def test_a_value_is_said_with_its_unit():
    share = Control("a.share", lambda: 0.5, lambda _: None, "", (0.0, 1.0))
    assert (share.said(0.5), share.limits) == ("0.5", "0 to 1")
    assert LightSwitches in CONTROLS


# ---- for the window, in the process that owns the bench


@pytest.fixture
def orders(held, tmp_path):
    said = []
    bench = SimpleNamespace(lab=held.lab, store=SimpleNamespace(folder=tmp_path), heartbeat=None)
    return HandOrders(bench, said.append), said


def test_the_window_hears_what_was_done_and_what_the_controls_of_that_instrument_are_at_now(orders):
    by_hand, said = orders
    by_hand.obey(HandOrder("set", "microwave.power", "-20"))
    done, read = said
    assert done.words.endswith("-> -20 dBm")
    assert [state.name for state in read.states] == ["microwave.frequency", "microwave.power", "microwave.on"]
    assert read.states[1].value == -20.0
    by_hand.obey(HandOrder("set", "microwave.power", "11"))
    assert said[2] == HandDone("microwave.power = 11 dBm is beyond its limits, -110 to 10 dBm. Nothing was set", True)


def test_a_run_that_begins_finds_a_dark_bench_and_no_counting(held, orders):
    by_hand, said = orders
    by_hand.obey(HandOrder("count"))
    by_hand.obey(HandOrder("set", "microwave.on", "on"))
    by_hand.idle()
    assert set(said[-1].cps) == {"counts", "signal", "reference"}
    by_hand.end()
    assert held.on == []
    count = len(said)
    by_hand.idle()
    assert len(said) == count


def test_the_null_goes_where_the_calibration_has_the_nv(held, orders):
    by_hand, said = orders
    by_hand.obey(HandOrder("centre"))
    assert said[0].is_trouble
    assert "No place of an NV is calibrated yet" in said[0].words
    for axis, nm in (("x", 40.0), ("y", -30.0)):
        held.lab.calibration.put(f"pair.left_{axis}_nm", nm, 0.1)
    by_hand.obey(HandOrder("centre"))
    assert held.lab.depletion_beam.position() == (40.0, -30.0)
