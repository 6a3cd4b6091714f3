"""Every fault of a VISA wire, seen through PyVISA as a driver sees it, and what it leaves on the bench."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from pyvisa.errors import VisaIOError
from support.faulty_wires import Bench, benches

from simulated_instruments.faults.injector import TIME_OUT_S
from simulated_instruments.faults.kinds import RESOURCES, applicable, kinds_of
from simulated_instruments.faults.script import Fault
from simulated_instruments.visa import backend


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield from benches()


def raises(code: str) -> AbstractContextManager[object]:
    return pytest.raises(VisaIOError, match=code)


@contextmanager
def unterminated() -> Iterator[None]:
    """PyVISA warns of a message without its end, and hands it on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def test_a_bench_without_faults_counts_its_calls(bench: Bench) -> None:
    wired = bench()
    supply, source = wired.open("main_supply"), wired.open("microwave")
    supply.write(":OUTP1 0")
    supply.query(":OUTP1?")
    source.query("ENBR?")
    calls = [(c.instrument, c.number, c.overall, c.text, c.replied) for c in wired.injector.calls]
    assert calls == [
        ("main_supply", 1, 1, ":OUTP1 0", False),
        ("main_supply", 2, 2, ":OUTP1?", True),
        ("microwave", 1, 3, "ENBR?", True),
    ]
    assert (wired.injector.count, wired.injector.count_of("main_supply")) == (3, 2)
    assert wired.injector.log == []


def test_the_short_names_are_those_of_all_instruments() -> None:
    assert set(RESOURCES.values()) == set(backend.DIALECTS)


# ---- replies -------------------------------------------------------------------------------------------------------


def test_an_unanswered_query_was_obeyed_and_times_out(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "unanswered", "matching": "CURR"})
    supply = wired.open("main_supply")
    with raises("VI_ERROR_TMO"):
        supply.query(":SOUR1:FUNC:MODE CURR;:SOUR1:FUNC:MODE?")
    assert supply.query(":SOUR1:FUNC:MODE?") == "CURR"
    assert wired.world.clock.now() == TIME_OUT_S


def test_a_lost_message_is_neither_obeyed_nor_answered(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "lost", "call": 1, "times": 2})
    supply = wired.open("main_supply")
    supply.write(":SOUR1:FUNC:MODE CURR")
    with raises("VI_ERROR_TMO"):
        supply.query(":SOUR1:FUNC:MODE?")
    assert supply.query(":SOUR1:FUNC:MODE?") == "VOLT"


def test_garbage_is_no_reply(bench: Bench) -> None:
    wired = bench({"instrument": "trim_x", "kind": "garbage"})
    source = wired.open("trim_x")
    source.write(":OUTP?")
    assert source.read_raw() not in (b"0\n", b"1\n", b"\n")
    assert source.query(":OUTP?") == "0"


def test_a_reply_can_be_replaced(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "replaced", "matching": r"l\?", "text": "7"})
    assert wired.open("green_laser").query("l?") == "7"


def test_a_truncated_reply_has_no_end(bench: Bench) -> None:
    wired = bench(
        {"instrument": "main_supply", "kind": "truncated"}, {"instrument": "green_laser", "kind": "truncated"}
    )
    with unterminated():
        assert wired.open("main_supply").query("*IDN?") == "Keysight Technologies,"
    with raises("VI_ERROR_TMO"):  # no end line on a serial port
        wired.open("green_laser").query("gsn?")


def test_a_late_reply_comes_in_front_of_the_next(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "late", "call": 2})
    supply = wired.open("main_supply")
    supply.write(":SOUR1:FUNC:MODE CURR")
    with raises("VI_ERROR_TMO"):
        supply.query(":SOUR1:FUNC:MODE?")
    assert [supply.query(":OUTP1?"), supply.query("*IDN?")[:8]] == ["CURR", "0"]


def test_a_missing_end_is_a_time_out_on_a_serial_port_only(bench: Bench) -> None:
    wired = bench({"instrument": "trim_y", "kind": "unterminated"}, {"instrument": "sprout", "kind": "unterminated"})
    with unterminated():
        assert wired.open("trim_y").query(":OUTP?") == "0"
    with raises("VI_ERROR_TMO"):
        wired.open("sprout").query("OPMODE?")


def test_a_doubled_end_leaves_an_empty_line_for_the_next_read(bench: Bench) -> None:
    wired = bench({"instrument": "green_laser", "kind": "twice_terminated"})
    laser = wired.open("green_laser")
    assert [laser.query("l?"), laser.query("gom?"), laser.query("ilk?")] == ["0", "", "0"]


def test_the_prompt_is_an_end_too(bench: Bench) -> None:
    wired = bench({"instrument": "aom", "kind": "unterminated"})
    aom = wired.open("aom")
    aom.write("S")
    with raises("VI_ERROR_TMO"):
        aom.read(termination="?")


def test_a_slow_answer_costs_laboratory_time(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "slow", "for_s": 3.5})
    assert wired.open("microwave").query("ENBR?") == "0"
    assert wired.world.clock.now() == 3.5


def test_what_needs_a_reply_does_nothing_without_one_and_the_log_says_so(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "garbage"})
    wired.open("main_supply").write(":OUTP1 0")
    assert [(entry.kind, entry.effect) for entry in wired.injector.log] == [("garbage", "none: there was no reply")]


# ---- connections ---------------------------------------------------------------------------------------------------


def test_a_broken_session_stays_broken_until_it_is_opened_again(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "disconnect", "call": 2})
    supply = wired.open("main_supply")
    supply.write(":SOUR1:FUNC:MODE CURR")
    for _ in range(3):
        with raises("VI_ERROR_CONN_LOST"):
            supply.query(":SOUR1:FUNC:MODE?")
    assert wired.open("main_supply").query(":SOUR1:FUNC:MODE?") == "CURR"  # its settings are what they were


def test_a_broken_session_may_mend_itself(bench: Bench) -> None:
    wired = bench({"instrument": "main_supply", "kind": "disconnect", "mends_after": 2})
    supply = wired.open("main_supply")
    for _ in range(2):
        with raises("VI_ERROR_CONN_LOST"):
            supply.query(":OUTP1?")
    assert supply.query(":OUTP1?") == "0"


def test_what_is_unplugged_cannot_be_opened(bench: Bench) -> None:
    wired = bench({"instrument": "sprout", "kind": "unplugged"})
    laser = wired.open("sprout")
    with raises("VI_ERROR_CONN_LOST"):
        laser.write("OPMODE?")
    with raises("VI_ERROR_RSRC_NFOUND"):
        wired.open("sprout")
    assert wired.open("green_laser").query("l?") == "0"


# ---- the instruments themselves ------------------------------------------------------------------------------------


def test_a_fault_of_the_whole_bench_takes_whoever_is_there(bench: Bench) -> None:
    wired = bench({"kind": "lost", "call": 3})
    supply, source = wired.open("main_supply"), wired.open("microwave")
    supply.query(":OUTP1?")
    supply.query(":OUTP1?")
    with raises("VI_ERROR_TMO"):
        source.query("ENBR?")
    assert wired.done == [("lost", "ENBR?")]


def test_a_fault_can_wait_for_its_message_and_last_for_several(bench: Bench) -> None:
    wired = bench({"instrument": "microwave", "kind": "lost", "matching": "^FREQ ", "call": 2, "times": 2})
    source = wired.open("microwave")
    for hz in (1e9, 2e9, 3e9, 4e9):
        source.write(f"FREQ {hz:.0f}")
        source.query("ENBR?")
    assert wired.done == [("lost", "FREQ 2000000000"), ("lost", "FREQ 3000000000")]


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_applicable_to_a_call_can_befall_its_instrument(bench: Bench, name: str) -> None:
    wired = bench()
    handle = wired.open(name)
    handle.write({"green_laser": "l?", "aom": "S", "sprout": "OPMODE?"}.get(name, "*IDN?"))
    (call,) = wired.injector.calls
    kinds = applicable(call)
    assert call.replied
    assert set(kinds) == set(kinds_of(name)) - {"replaced"}
    for kind in kinds:
        assert Fault(kind=kind, instrument=name).kind == kind
