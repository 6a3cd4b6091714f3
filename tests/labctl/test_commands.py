"""Every command that labctl tells says which bench, station and data it is about."""

from functools import partial
from pathlib import Path

import pytest

from labctl.common.commands import About, addressed
from labctl.common.refusals import Refusal
from labctl.data.reader import one_run
from sequences.results import SequenceError

TWIN = About.given({"simulated": True, "sample": Path("lab"), "seed": 3, "data": Path("my night")})


def test_a_command_takes_the_options_that_it_knows():
    assert TWIN.command("run", "odmr", "--set", "hours=2") == (
        "labctl run odmr --set hours=2 --simulated --sample lab --seed 3 --data 'my night'"
    )
    assert TWIN.command("resume", "4") == "labctl resume 4 --simulated --sample lab --data 'my night'"
    assert TWIN.command("runs", "--repair") == "labctl runs --repair --data 'my night'"
    assert About.given({"data": Path("data"), "station": Path("station.yaml")}).command("check") == "labctl check"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Run labctl run rabi again", "Run `labctl run rabi --bench b.json --data d` again"),
        ("`labctl runs` lists them", "`labctl runs --data d` lists them"),
        ("move it aside: labctl runs --repair", "move it aside: labctl runs --repair --data d"),
        (
            "labctl run align, then labctl show 3",
            "labctl run align --bench b.json --data d, then labctl show 3 --data d",
        ),
        ("labctl run toy --bench other", "labctl run toy --bench other"),
        ("`labctl pause 3` or `labctl stop RUN`", "`labctl pause 3 --data d` or `labctl stop RUN --data d`"),
        ("labctl running well", "labctl running well"),
    ],
)
def test_commands_within_a_sentence_are_completed_once(said, told):
    about = About.given({"bench": Path("b.json"), "data": Path("d")})
    assert about.in_words(said) == told
    assert about.in_words(told) == told


def test_a_refusal_is_about_what_the_command_was_given():
    @addressed
    def command(**_):
        raise Refusal("Look at `labctl run --list` and labctl run align")

    with pytest.raises(Refusal, match=r"labctl run align --faults f.yaml --data d$"):
        command(data=Path("d"), script=Path("f.yaml"))


def test_the_data_are_said_where_the_environment_says_others(monkeypatch):
    monkeypatch.setenv("LABCTL_DATA", "elsewhere")
    assert About.given({"data": Path("data")}).command("runs") == "labctl runs --data data"


def test_what_a_failed_run_tells_is_about_its_own_bench(labctl, tmp_path, monkeypatch):
    remedied = partial(SequenceError, "The counts fell to 3", "Look with labctl run rabi")
    monkeypatch.setattr("toy.SequenceError", lambda *_, **__: remedied())
    options = f"--simulated --sample paper --data {tmp_path / 'data'}"
    failed = labctl("run", "toy", "--simulated", "--sample", "paper", "--set", "ends=badly")
    assert failed.code == 1
    assert f"labctl run rabi {options}" in failed.err
    assert one_run(tmp_path / "data", 1).record["options"] == {"simulated": "", "sample": "paper"}
    assert f"labctl run rabi {options}" in labctl("show", "1").out


def test_what_could_not_start_is_told_and_not_stored(labctl, tmp_path):
    refused = labctl("run", "tomography", "--simulated")
    assert refused.code == 1
    assert "tomography has not begun: No calibration of field.x_a is stored" in refused.err
    assert f"labctl run align --simulated --data {tmp_path / 'data'}" in refused.err
    assert labctl("runs", "--json").json == []
    assert labctl("run", "part", "--simulated").code == 0
    assert [run["status"] for run in labctl("runs", "--json").json] == ["completed"]
