"""The sweep's verdicts, and a few cases of it through the whole program."""

import subprocess
import sys
from pathlib import Path

import grpc
import nidaqmx
import pytest
from nidaqmx.errors import DaqError, RpcError
from support.nidaq_bench import CountingWorld

from simulated_instruments.faults.injector import Injected, Injector
from simulated_instruments.faults.kinds import Call
from simulated_instruments.faults.script import Fault
from tools.trials.fault_cases import cases_of, one_of_each
from tools.trials.faulted_run import Seen, pull, verdict
from tools.trials.loopback import Loopback

ROOT = Path(__file__).parents[2]
CALL = Call("sprout", 3, 9, "OPMODE?", replied=True)
NORMAL = {"field_mt": 5.0, "field_mt_err": 0.01, "offsets_hz": [1.0, 2.0], "offsets_hz_err": [1.0, 1.0], "level": 1}


def seen(**changes: object) -> Seen:
    told = {
        "code": 0,
        "said": "",
        "result": NORMAL,
        "still_on": (),
        "published": {1: 4},
        "stored": {1: 4},
        "log": (Injected(1.0, CALL, "lost"),),
    }
    return Seen(**{**told, **changes})


FAILED = {"code": 1, "result": None}
LASER = "the doughnut's laser emits 300 mW"
UNPLUGGED = Injected(1.0, CALL, "unplugged")
VERDICTS = [
    ("recovered", {}),
    ("recovered", {"result": {**NORMAL, "field_mt": 5.04}}),
    ("wrong result", {"result": {**NORMAL, "field_mt": 5.2}}),
    ("wrong result", {"result": {**NORMAL, "offsets_hz": [1.0, 12.0]}}),
    ("wrong result", {"result": None}),
    ("safe end", {**FAILED, "said": "labctl: odmr failed: sprout does not answer"}),
    ("safe end", {**FAILED, "said": "labctl: Beam 'depletion_beam': it is not there"}),
    ("nameless", {**FAILED, "said": "labctl: odmr failed: no dip"}),
    ("nameless", {"code": 2, "said": "labctl: sprout"}),
    ("unsafe", {**FAILED, "still_on": ("main_a is 0.9 A",), "said": "labctl: sprout"}),
    ("unsafe", {"still_on": ("main_a is 0.9 A",)}),
    ("unsafe", {**FAILED, "still_on": ("main_a is 0.9 A",), "said": "labctl: NOT SAFE: sprout"}),
    ("unsafe", {**FAILED, "still_on": (LASER,), "said": "labctl: NOT SAFE: sprout"}),
    ("unsafe", {**FAILED, "still_on": (LASER,), "log": (UNPLUGGED,)}),
    ("unsafe", {**FAILED, "still_on": (LASER, "main_a is 0.9 A"), "said": "labctl: NOT SAFE", "log": (UNPLUGGED,)}),
    ("out of reach", {**FAILED, "still_on": (LASER,), "said": "labctl: NOT SAFE: sprout", "log": (UNPLUGGED,)}),
    ("lost", {"stored": {1: 3}}),
    ("lost", {"stored": {}}),
    ("traceback", {**FAILED, "said": "labctl: unexpected KeyError: 3"}),
    ("traceback", {**FAILED, "said": "labctl: odmr failed: KeyError: 3 (traceback in labctl.log)"}),
    ("not reached", {"log": ()}),
    ("not reached", {"log": (Injected(1.0, CALL, "garbage", "none: there was no reply"),)}),
]


@pytest.mark.parametrize(("expected", "changes"), VERDICTS)
def test_verdicts(expected: str, changes: dict[str, object]) -> None:
    assert verdict(seen(**changes), False, "sprout", NORMAL) == expected


def test_a_run_that_never_answered_hung_or_died() -> None:
    assert [verdict(None, hung, "sprout", NORMAL) for hung in (True, False)] == ["hang", "traceback"]


def test_results_are_compared_in_their_standard_errors() -> None:
    assert pull(NORMAL, NORMAL) == 0.0
    assert pull({**NORMAL, "field_mt": 5.02}, NORMAL) == pytest.approx(2**0.5)
    assert pull({"a": {"x": 1.0, "x_err": 0.3}}, {"a": {"x": 2.0, "x_err": 0.4}}) == pytest.approx(2.0)
    assert pull({**NORMAL, "more": 1}, NORMAL) == float("inf")


def test_calls_of_one_form_differ_in_numbers_only() -> None:
    texts = ["FREQ 2870000000.5", "FREQ 1e9", "AMPR -3.2", "AMPR?", "AMPR 4"]
    calls = [Call("microwave", k, k, text, text.endswith("?")) for k, text in enumerate(texts, start=1)]
    forms = one_of_each(calls, 1)
    assert [call.text.rstrip("-.0123456789e") for call in forms] == ["FREQ ", "AMPR ", "AMPR?"]
    kinds = {case.kind for case in cases_of(forms) if case.call.text == "AMPR?"}
    assert {"garbage", "late", "lost", "unlock"} <= kinds
    assert "garbage" not in {case.kind for case in cases_of(forms) if case.call.text.startswith("FREQ")}


def test_a_few_cases_through_the_whole_program() -> None:
    """Slow answers: each of them is recovered from, or there is no recovery from anything."""
    sweep = [sys.executable, "benchmarks/fault_sweep.py", "--forms", "--kind", "slow", "--instrument", "aom"]
    done = subprocess.run([*sweep, "--sample", "2"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].split() == ["all", "2", "2"]


def test_without_a_network_the_card_fails_as_with_one() -> None:
    world, usual = CountingWorld(), grpc.insecure_channel
    faults = [
        Fault(kind="refused", instrument="ni_card", matching="^CreateTask$", code=-200324),
        Fault(kind="unavailable", instrument="ni_card", matching="^CreateTask$", call=2),
    ]
    loopback = Loopback(world, Injector(world.clock, faults))
    target = loopback.start()
    with grpc.insecure_channel(target) as channel:
        options = nidaqmx.GrpcSessionOptions(channel, "")
        with pytest.raises(DaqError, match="absent or unavailable") as caught:
            nidaqmx.Task(grpc_options=options)
        assert caught.value.error_code == -200324
        with pytest.raises(RpcError, match="Failed to connect to server"):
            nidaqmx.Task(grpc_options=options)
        nidaqmx.Task(grpc_options=options).close()
    loopback.stop()
    assert grpc.insecure_channel is usual


def test_a_run_is_forked_at_the_calls_of_its_faults() -> None:
    """Lost messages are sent again; the children end as soon as the bench is set as it is without the fault."""
    sweep = [sys.executable, "benchmarks/fault_sweep.py", "--forked", "--forms", "--kind", "lost", "--sample", "4"]
    done = subprocess.run([*sweep, "--jobs", "1"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 cases" in done.stdout
