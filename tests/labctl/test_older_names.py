"""What was stored under names of before 0.1.0 is read as what is stored today."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from labctl.cli import watchdog
from labctl.cli.main import app
from labctl.cli.runs import _status
from labctl.data.acquisitions import Acquisition
from labctl.data.writing.records import AcquisitionRecord, as_json, from_json
from labctl.run.replay import checks_before, verified

pytestmark = pytest.mark.unit


def counted(number, **settings):
    return Acquisition(1, number, 2, "toy", "0123456789abcdef", 10, 5, 2, 10.0 * number, 10.0 * number + 9.0, settings)


@pytest.mark.parametrize("key", ["checks", "looks"])
def test_acquisitions_after_which_the_bench_was_verified_are_trusted(key):
    found = tuple(counted(k, **{key: k // 2}) for k in range(5))
    assert [checks_before(one) for one in found] == [0, 0, 1, 1, 2]
    assert verified(found) == found[:4]


def test_of_a_run_that_noted_no_checks_the_last_seconds_are_not_trusted():
    found = tuple(counted(k) for k in range(3))
    assert checks_before(found[0]) is None
    assert verified(found) == found[:2]


@pytest.mark.parametrize("key", ["acquisitions", "blocks"])
def test_an_interrupted_run_says_how_much_was_counted(key):
    run = SimpleNamespace(status="interrupted", outcome={"points": 2, key: 3})
    assert _status(run) == "interrupted (2 points, 3 acquisitions)"


def test_the_command_of_the_watchdog_has_an_older_name():
    assert [one.name for one in app.registered_commands if one.callback is watchdog.watchdog] == ["watchdog", "guard"]
    assert CliRunner().invoke(app, ["guard", "--help"]).exit_code == 0


def test_a_line_about_an_acquisition_is_read_under_both_names():
    record = AcquisitionRecord(counted(3))
    older = {"run_id": 1, "number": 3, "part_id": 2, "program": "toy", "digest": "0123456789abcdef", "repeats": 10}
    older |= {"signal": 5, "reference": 2, "began_s": 30.0, "ended_s": 39.0, "settings": {}}
    assert from_json({"kind": "block", "block": older}) == from_json(json.loads(as_json(record))) == record
