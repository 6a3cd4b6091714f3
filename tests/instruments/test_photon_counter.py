"""The photon counter's driver on the simulated card, up to a Rabi oscillation counted through it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from instruments.ni_card import CardError, CardFault, NICard
from instruments.photon_counter import PhotonCounter
from instruments.pulse_generator import PulseGenerator
from sequences.pulses import library
from sequences.pulses.compile import compiled
from sequences.pulses.program import Program
from simulated_instruments.nidaq.server import NIServer
from simulated_instruments.sample import load_sample
from simulated_instruments.twin import Twin

LINES = {
    "pump": 0,
    "depletion": 1,
    "mw_x": 2,
    "mw_y": 3,
    "shift": 4,
    "gradient": 5,
    "gate_signal": 6,
    "gate_reference": 7,
}


@dataclass
class Rig:
    """The card's three drivers, and the twin behind them."""

    twin: Twin
    pulses: PulseGenerator
    counter: PhotonCounter

    def counted(self, program: Program, repeats: int, gated: bool = True) -> dict[str, int]:
        self.pulses.load(compiled(program, LINES))
        self.counter.arm(gated=gated)
        self.pulses.start(repeats)
        self.pulses.wait()
        self.pulses.hold(0)
        return self.counter.read()


def error_code(fault: CardFault) -> int | None:
    """DAQmx's own number for it."""
    return getattr(fault.__cause__, "error_code", None)


@pytest.fixture
def rig() -> Iterator[Rig]:
    twin = Twin(load_sample(), seed=11)
    server = NIServer(twin)
    card = NICard("ni_card", "Dev1", server.start())
    pulses, counter = PulseGenerator("pulse_generator", "ni_card"), PhotonCounter("photon_counter", "ni_card")
    yield Rig(twin, pulses, counter)
    for instrument in (counter, pulses, card):
        instrument.close()
    server.stop()


def flash(on: int, off: int) -> Program:
    """Light throughout; `on` ticks signal gate, `off` ticks reference gate."""
    return Program("flash", 100).then(on * 100, "pump", "gate_signal").then(off * 100, "pump", "gate_reference")


@pytest.fixture
def lit(rig: Rig) -> Rig:
    rig.twin.turn(green_w=0.1, pump_aom=1.0, pump_gate="ttl")
    return rig


def test_each_gate_counts_its_own_window(lit: Rig) -> None:
    counts = lit.counted(flash(300, 700), 20_000)
    total = counts["signal"] + counts["reference"]
    expected = 0.3 * total
    assert total > 100_000
    assert abs(counts["signal"] - expected) < 5 * np.sqrt(expected)


def test_ungated_both_count_every_photon(lit: Rig) -> None:
    gated, free = lit.counted(flash(300, 700), 20_000), lit.counted(flash(300, 700), 20_000, gated=False)
    total = sum(gated.values())
    assert abs(free["signal"] - total) < 7 * np.sqrt(total)
    assert abs(free["reference"] - total) < 7 * np.sqrt(total)
    assert lit.counter.gated() is False


def test_it_can_change_between_gated_and_free(lit: Rig) -> None:
    counts = [lit.counted(flash(100, 900), 2000, gated=g)["signal"] for g in (True, False, True)]
    assert counts[1] > 5 * counts[0]
    assert abs(counts[0] - counts[2]) < 6 * np.sqrt(counts[0] + counts[2])


def test_counters_that_run_on_tell_what_one_play_counted(lit: Rig) -> None:
    """Ten times as many repeats, ten times as many photons, in whatever order; and the card is not asked to start."""
    few, many, again = (lit.counted(flash(300, 700), n)["signal"] for n in (2000, 20_000, 2000))
    assert abs(few - again) < 6 * np.sqrt(few + again)
    assert abs(many - 10 * few) < 6 * np.sqrt(many + 100 * few)


def test_a_play_that_nobody_read_counts_for_no_other(lit: Rig) -> None:
    before = lit.counted(flash(300, 700), 2000)["signal"]
    lit.pulses.start(20_000)
    lit.pulses.wait()
    lit.pulses.hold(0)
    after = lit.counted(flash(300, 700), 2000)["signal"]
    assert abs(before - after) < 6 * np.sqrt(before + after)


def test_a_register_that_turns_over_loses_nothing(lit: Rig) -> None:
    """It has 32 bits: an hour under bright light."""
    one = lit.counted(flash(300, 700), 20_000)["signal"]
    readings = lit.counter._latest
    assert readings is not None
    lit.counter._latest = ({role: reading + 2**32 for role, reading in readings[0].items()}, readings[1])
    other = lit.counted(flash(300, 700), 20_000)["signal"]
    assert abs(one - other) < 6 * np.sqrt(one + other)


def test_swapped_gates_swap_the_counts(lit: Rig) -> None:
    lit.counter.gate_signal_terminal("PFI11")
    lit.counter.gate_reference_terminal("PFI9")
    counts = lit.counted(flash(100, 900), 2000)
    assert counts["signal"] > 5 * counts["reference"]


def test_a_terminal_without_the_detector_counts_nothing(lit: Rig) -> None:
    lit.counter.photons_terminal("/Dev1/PFI3")
    assert lit.counted(flash(100, 900), 2000) == {"signal": 0, "reference": 0}


def test_a_terminal_that_does_not_exist_is_refused_by_name(lit: Rig) -> None:
    assert lit.counted(flash(500, 500), 100)["signal"] > 0
    lit.counter.gate_signal_terminal("PFI77")
    with pytest.raises(CardFault, match="/Dev1/PFI77"):
        lit.counter.arm()
    lit.counter.gate_signal_terminal("PFI9")
    assert lit.counted(flash(500, 500), 100)["signal"] > 0


def test_it_is_read_only_while_armed(rig: Rig) -> None:
    with pytest.raises(CardError, match="not armed"):
        rig.counter.read()
    rig.counter.arm()
    with pytest.raises(CardError, match="armed already"):
        rig.counter.arm()
    assert rig.counter.read() == {"signal": 0, "reference": 0}
    with pytest.raises(CardError, match="not armed"):
        rig.counter.read()
    rig.counter.disarm()
    rig.counter.disarm()


def test_counters_in_use_elsewhere_are_refused(rig: Rig) -> None:
    rig.counter.arm()
    other = PhotonCounter("other", "ni_card")
    with pytest.raises(CardFault, match="Dev1/ctr0") as caught:
        other.arm()
    assert error_code(caught.value) == -50103
    other.close()


def test_the_snapshot_tells_where_it_listens(rig: Rig) -> None:
    rig.counter.photons_terminal("PFI8")
    values = {name: entry["value"] for name, entry in rig.counter.snapshot()["parameters"].items()}
    assert values["photons_terminal"] == "PFI8"
    assert values["gate_signal_terminal"] == "PFI9"
    assert values["gate_reference_terminal"] == "PFI11"


def test_the_pumped_nvs_are_brighter_than_those_that_a_pulse_has_turned(lit: Rig) -> None:
    """A Rabi oscillation, counted through the card: dark after half a turn, bright again after a whole one."""
    lit.twin.turn(main_a=0.3)
    lit.twin.turn(carrier_hz=float(np.mean(rabi_line_hz(lit.twin))), carrier_dbm=0.0, carrier_on=True)
    contrast = {}
    for ticks in (0, 5, 10):
        turn = library.pulse(ticks * 100, tick_ns=100) if ticks else library.wait(100, "shift", tick_ns=100)
        counts = lit.counted(library.pulsed("rabi", turn), 100_000)
        contrast[ticks] = counts["signal"] / counts["reference"]
    assert contrast[0] == pytest.approx(1.0, abs=0.02)
    assert contrast[5] < 0.9
    assert contrast[10] > contrast[5] + 0.05


def rabi_line_hz(twin: Twin) -> list[float]:
    """f+ of the strongest hyperfine component of both NVs, with the pulsed coils off."""
    along, across = twin.field_mt()
    return [float(twin.lines(float(b), across).plus_hz[0]) for b in along]
