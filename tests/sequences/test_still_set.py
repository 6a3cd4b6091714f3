"""A bench that changes behind a sequence's back: noticed at the next look, and named."""

from collections.abc import Callable

import pytest
from support.everything_on import MAGNET_A, all_on

from instruments.common.errors import ChangedError
from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.results import SequenceError
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure
from sequences.routines.bench.verify import LOOK_AFTER_S, still_set
from simulated_instruments.faults.script import Fault

pytestmark = pytest.mark.system

HAPPENINGS = [
    ("main_supply", "reset", "main_supply"),
    ("main_supply", "trip", "main_supply"),
    ("main_supply", "open_coil", "main_supply"),
    ("main_supply", "overheat", "main_supply"),
    ("pulsed_supply", "reset", "pulsed_supply"),
    ("pulsed_supply", "trip", "pulsed_supply"),
    ("pulsed_supply", "open_coil", "pulsed_supply"),
    ("trim_x", "reset", "trim_x"),
    ("trim_y", "reset", "trim_y"),
    ("microwave", "reset", "microwave"),
    ("microwave", "rf_off", "microwave"),
    ("microwave", "unlock", "microwave"),
    ("green_laser", "reset", "green_laser"),
    ("green_laser", "interlock", "green_laser"),
    ("green_laser", "drop_out", "green_laser"),
    ("aom", "reset", "aom"),
    ("sprout", "reset", "depletion_beam"),
    ("sprout", "interlock", "depletion_beam"),
]


@pytest.fixture(scope="module")
def calls() -> Callable[[str], int]:
    """Messages to each instrument until everything is on: the same on every bench."""
    with all_on() as (_, bench):
        found = {name: bench.injector.count_of(name) for name, _, _ in HAPPENINGS}
    return found.__getitem__


def test_a_bench_that_is_as_it_was_set_passes_every_look_and_nine_exchanges_do() -> None:
    with all_on() as (lab, bench):
        still_set(lab)
        before = bench.injector.count
        still_set(lab)
        assert bench.injector.count - before == 9
        controls.dark(lab)
        controls.coils_off(lab)
        still_set(lab)


@pytest.mark.parametrize(("name", "kind", "blamed"), HAPPENINGS)
def test_what_happened_behind_our_back_is_noticed_at_the_next_look(calls, name: str, kind: str, blamed: str) -> None:
    with all_on(Fault(kind=kind, instrument=name, call=calls(name) + 1)) as (lab, bench):
        with pytest.raises(ChangedError, match="not as it was set") as caught:
            still_set(lab)
        assert caught.value.instrument == blamed
        assert [injected.kind for injected in bench.injector.log] == [kind]


@pytest.mark.parametrize("name", ["main_supply", "pulsed_supply", "trim_x", "microwave"])
def test_a_reset_is_noticed_even_if_everything_was_set_again_after_it(calls, name: str) -> None:
    with all_on(Fault(kind="reset", instrument=name, call=calls(name) + 1)) as (lab, _):
        with pytest.raises(ChangedError) as caught:
            set_again(lab)
        assert caught.value.instrument == name


def set_again(lab: Lab) -> None:
    controls.carrier(lab, 2.87e9, -20.0)
    lab.magnet.switch_on()
    controls.pulsed_coils(lab, -0.05, 0.1, 0.02)
    lab.magnet.ramp_to(MAGNET_A)
    still_set(lab)


def test_looks_are_taken_after_so_much_playing_and_before_a_sequence_ends(calls) -> None:
    with all_on(Fault(kind="rf_off", instrument="microwave", call=calls("microwave") + 1)) as (lab, _):
        program = cw_odmr(100)
        repeats = round(0.4 * LOOK_AFTER_S / (program.duration_ns * 1e-9))
        measure(lab, program, repeats)
        measure(lab, program, repeats)
        with pytest.raises(ChangedError, match="ENBR is 0, was 1"):
            measure(lab, program, repeats)
    with all_on(Fault(kind="rf_off", instrument="microwave", call=calls("microwave") + 2)) as (lab, bench):
        with pytest.raises(ChangedError, match="microwave"), controls.left_safe(lab):
            measure(lab, program, 10)
        assert bench.still_on(magnet=False) == []


def test_no_conclusion_is_believed_from_a_bench_that_changed(calls) -> None:
    with all_on(Fault(kind="reset", instrument="aom", call=calls("aom") + 2)) as (lab, bench):
        with pytest.raises(ChangedError, match="pump is_on is False, was True") as caught, controls.left_safe(lab):
            raise SequenceError("The line pump is dead", "Check its cable")
        assert caught.value.instrument == "aom"
        assert "The line pump is dead" in str(caught.value.__context__)
        assert bench.still_on(magnet=False) == []
    with all_on() as (lab, _), pytest.raises(SequenceError, match="is dead"), controls.left_safe(lab):
        raise SequenceError("The line pump is dead", "Check its cable")


def test_a_sequence_is_not_blamed_for_what_happened_before_it(calls) -> None:
    """After a run that found the generator reset, or none at all, the next one sets everything anew."""
    faults = [
        Fault(kind="reset", instrument=name, call=calls(name) + 1) for name in ("microwave", "main_supply", "aom")
    ]
    with all_on(*faults) as (lab, _):
        for _ in range(2):
            with controls.left_safe(lab):
                set_again(lab)
                controls.pump(lab)
                measure(lab, cw_odmr(100), 10)


def test_a_supply_that_was_off_has_its_limits_again(calls) -> None:
    """At its power-on limit of 2 V the coil's current would trip it."""
    with all_on(Fault(kind="reset", instrument="main_supply", call=calls("main_supply") + 1)) as (lab, bench):
        with pytest.raises(ChangedError, match="was switched off and on again"):
            still_set(lab)
        lab.magnet.switch_on()
        lab.magnet.ramp_to(MAGNET_A)
        assert bench.twin.knobs.main_a == MAGNET_A[2]
        assert (lab.shift_coil.protection(), lab.shift_coil.voltage_limit()) == (True, 6.0)


def test_a_supply_that_was_off_is_not_switched_on_unsaid() -> None:
    """Nobody looked since, and whoever switches on would meet it as it is after power-on."""
    with all_on(Fault(kind="reset", instrument="main_supply", matching="OUTP2 0")) as (lab, bench):
        lab.shift_coil.output(False)
        with pytest.raises(ChangedError, match=r"main_supply.*was switched off and on again"):
            lab.magnet.switch_on()
        assert bench.twin.knobs.main_a == 0.0
