"""A pulse source with a tick of 1 ns takes the place of the NI card by its entries in station.yaml alone."""

from contextlib import contextmanager
from math import pi, sin
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from toy_hardware import BOXES, CONTRAST, MICROWAVE, RABI_MHZ, Edge, ToyBox
from toy_pulse_source import ToyPulseSource

from instruments.common.errors import PlayError
from labctl.bench.station import Wires, opened
from labctl.common.refusals import BenchFault, Refusal
from labctl.config import drivers, roles
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.safety.safe_state import make_safe
from sequences.pulses.library import pulse, pulsed
from sequences.pulses.program import Program
from sequences.rabi import RabiPlan
from sequences.routines.bench.measure import measure
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample

pytestmark = pytest.mark.system

HERE = Path(__file__).parent
STATION = HERE.parents[1] / "station.yaml"
MW_X = MICROWAVE.bit_length() - 1


@pytest.fixture(autouse=True)
def _drivers_from_anywhere(monkeypatch):
    """As long as station.yaml may name drivers of some packages only, this module counts as one of them."""
    try:
        drivers.driver("toy_pulse_source.ToyPulseSource")
    except ImportError:
        for module in (drivers, roles):
            monkeypatch.setattr(module, "PACKAGES", (*module.PACKAGES, "toy_pulse_source."))


@pytest.fixture
def box(monkeypatch):
    """A fresh box at the address that station.yaml names."""
    made = ToyBox()
    monkeypatch.setitem(BOXES, "toy-1", made)
    return made


def written(folder, **wiring):
    """The station.yaml of this tree with the entries of this folder. wiring: what else differs."""
    yaml = YAML(typ="safe", pure=True)
    content, ours = (yaml.load(file.read_text(encoding="utf-8")) for file in (STATION, HERE / "pulses.yaml"))
    content["instruments"] |= ours["instruments"]
    del content["wiring"]["terminals"]
    content["wiring"] |= ours["wiring"] | wiring
    with (folder / "station.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    return folder / "station.yaml"


@contextmanager
def on_bench(file):
    """A station, all else of it over the simulated wires."""
    with Bench(load_sample(), 1) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(file), wires) as station:
            yield station


@pytest.fixture
def lab(box, tmp_path):  # noqa: ARG001  # the box must be there first
    """The lab of that station."""
    with on_bench(written(tmp_path)) as station:
        yield station.lab(Kept())


def rabi(duration_ns):
    return pulsed("rabi", pulse(duration_ns, tick_ns=1))


def high(box, channel):
    """When it rises and falls within a repeat."""
    edges = [edge for edge in box.edges() if edge.channel == channel]
    return [(up.at_ns, down.at_ns) for up, down in zip(edges[::2], edges[1::2], strict=True)]


def test_a_rabi_oscillation_is_played_and_counted_to_the_nanosecond(lab, box):
    before_s, lasted_ns = lab.clock.now(), 0
    for duration_ns in (1, 37, 50, 63, 100):
        counts = measure(lab, rabi(duration_ns), 100_000)
        assert high(box, MW_X) == [(7000, 7000 + duration_ns)]
        assert box.lasts_ns == 16_200 + duration_ns + 1  # in which the gate closes
        brightness = 1.0 - CONTRAST * sin(pi * RABI_MHZ * 1e-3 * duration_ns) ** 2
        assert counts.signal / counts.reference == pytest.approx(brightness, abs=1e-4)
        lasted_ns += 100_000 * box.lasts_ns
    assert lab.clock.now() - before_s == pytest.approx(1e-9 * lasted_ns)
    assert box.levels == 0


def test_a_delay_is_made_up_for_to_half_a_nanosecond(lab, box):
    lab.calibration.put("delays.mw_ns", 13.4, 0.2)
    measure(lab, rabi(37), 1000)
    assert high(box, MW_X) == [(6987, 7024)]


def test_edges_are_those_of_the_intervals():
    box = ToyBox(((3, 0b1), (4, 0b101), (2, 0)))
    assert box.edges() == [Edge(0, 0, True), Edge(3, 2, True), Edge(7, 0, False), Edge(7, 2, False)]


def test_a_pulse_of_37_ns_is_taken_here_and_refused_on_the_card_s_grid(lab, tmp_path):
    plan = RabiPlan(pi_half_ns=37)
    assert read_station(tmp_path / "station.yaml").bounds().faults(plan) == []
    lab.refuse_off_grid(plan)
    (fault,) = read_station(STATION).bounds().faults(plan)
    assert fault.startswith("pi_half_ns = 37 is not a whole number of the pulse source's 100 ns ticks")


def test_a_long_play_is_cut_into_pieces_that_the_box_can_play(lab, box):
    program = Program("long", 1).then(50_000_001, "pump", "gate_signal")
    assert measure(lab, program, 3000).duration_s == pytest.approx(150.000003)
    assert box.plays == [1199, 1199, 602]


def test_a_play_that_jams_is_played_again_with_a_fresh_start(lab, box):
    clean = measure(lab, rabi(37), 1000)
    box.jams = 2
    assert measure(lab, rabi(37), 1000) == clean
    assert (box.restarts, box.plays) == (2, [1000] * 4)
    box.jams = 3
    with pytest.raises(PlayError, match="its box jammed"):
        measure(lab, rabi(37), 1000)
    assert box.levels == 0


def test_the_safe_state_takes_its_lines_low(lab, box):
    lab.pulse_generator.hold(0b101)
    assert box.levels == 0b101
    assert [step for step in make_safe(lab, ramp_magnet=False) if step.fault] == []
    assert box.levels == 0


def test_a_source_that_tells_only_when_it_is_open_is_held_to_the_wiring_then(monkeypatch, tmp_path):
    monkeypatch.delattr(ToyPulseSource, "playable_as")
    terminals = {"photons": "a", "gate_signal": "b", "gate_reference": "c"}
    with (
        on_bench(written(tmp_path, tick_ns=2, terminals=terminals)) as station,
        pytest.raises(BenchFault) as refusal,
    ):
        station.lab(Kept())
    assert len(refusal.value.faults) == 2
    assert "wiring.tick_ns is 2, but the pulse_generator plays ticks of 1 ns" in refusal.value.faults[0]
    assert "the photon_counter has none to choose: remove the section" in refusal.value.faults[1]


@pytest.mark.parametrize(
    ("wiring", "words"),
    [
        ({"tick_ns": 100}, "wiring.tick_ns is 100, but the pulse_generator plays ticks of 1 ns"),
        ({"lines": {"pump": 12}}, "wiring.lines.pump must be at most 7, not 12: the pulse_generator drives ch0 to ch7"),
    ],
)
def test_a_wiring_that_the_box_cannot_play_is_refused_with_the_file(tmp_path, wiring, words):
    names = ("depletion", "mw_x", "mw_y", "shift", "gradient", "gate_signal", "gate_reference")
    if "lines" in wiring:
        wiring = {"lines": {name: k for k, name in enumerate(names)} | wiring["lines"]}
    with pytest.raises(Refusal, match=words):
        read_station(written(tmp_path, **wiring))
