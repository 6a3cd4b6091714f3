"""An interlock, a fault, a trip or an unlocked carrier suspends a run; when it is gone the run goes on by itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labctl.bench.connect import Choice, opened_bench
from labctl.config.station_file import read_station
from labctl.data.acquisitions import blocks_of
from labctl.data.reader import all_runs, one_run
from labctl.plans.catalogue import entry
from labctl.run.events import Counted, Suspended
from labctl.run.replay import looked_at

STATION = read_station(Path(__file__).parents[2] / "station.yaml")
ODMR = entry("odmr")


def fault(text, tmp_path):
    file = tmp_path / "faults.yaml"
    file.write_text(f"faults: [{text}]\n")
    return file


def nothing(_bench):
    return lambda _news: None


def run(tmp_path, faults=None, listen=nothing, prepare=lambda bench: bench, plan=ODMR.plan()):  # noqa: B008  it is frozen
    """An odmr on a twin; what was told while it was suspended; what is still on."""
    told = []

    def hear(news):
        if isinstance(news.event, Suspended):
            told.append(news.event.why)

    data = tmp_path / "data"
    with opened_bench(Choice(True, seed=1, faults=faults), STATION, data) as bench:
        bench = prepare(bench)
        return bench.run(ODMR, plan, (hear, listen(bench))).run, told, data


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return run(tmp_path_factory.mktemp("unbroken"))[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{kind: interlock, instrument: green_laser, matching: 'gom', call: 60, for_s: 300}", "its interlock is open"),
        ("{kind: drop_out, instrument: green_laser, matching: 'gom', call: 60}", "fault constant power time-out"),
        ("{kind: trip, instrument: main_supply, matching: 'ESR', call: 20}", "main_supply: the protection of ch1"),
        (
            "{kind: overheat, instrument: main_supply, matching: 'ESR', call: 20, for_s: 300}",
            "main_supply: it is too hot",
        ),
        (
            "{kind: unlock, instrument: microwave, matching: 'INSR', call: 12, for_s: 120}",
            "does not hold its frequency",
        ),
    ],
)
def test_a_suspended_run_goes_on_and_finds_what_it_would_have_found(tmp_path, unbroken, text, told):
    ended, heard, data = run(tmp_path, fault(text, tmp_path))
    assert (ended.status, ended.message) == ("completed", "")
    assert any(told in why and "the run goes on by itself" in why for why in heard)
    assert heard[-1] == ""
    first = one_run(data, 1)
    assert first.status == "suspended"
    assert told in first.outcome["message"]
    assert one_run(data, ended.run_id).record["resumes"] == 1
    pulls = (np.array(ended.result["resonances_hz"]) - np.array(unbroken.result["resonances_hz"])) / np.hypot(
        ended.result["resonances_err_hz"], unbroken.result["resonances_err_hz"]
    )
    assert np.all(np.abs(pulls) < 4.0)
    kept = looked_at(blocks_of(data, 1))
    again = blocks_of(data, ended.run_id)
    assert 0 < len(kept) < len(again)
    assert [(b.digest, b.signal, b.reference) for b in again[: len(kept)]] == [
        (b.digest, b.signal, b.reference) for b in kept
    ]


def test_what_does_not_go_away_ends_the_run_with_its_reason(tmp_path):
    text = "{kind: interlock, instrument: green_laser, matching: 'gom', call: 15}"

    def hurry(bench):
        limits = bench.lab.limits.model_copy(update={"suspend_for_s": 50.0})
        return replace(bench, lab=replace(bench.lab, limits=limits))

    ended, heard, data = run(tmp_path, fault(text, tmp_path), prepare=hurry)
    assert ended.status == "failed"
    assert "its interlock is open" in ended.message
    assert "within 50 s (limits.suspend_for_s)" in ended.message
    assert heard
    assert len(all_runs(data)) == 1


@pytest.mark.parametrize("protected", [True, False])
def test_a_coil_that_stays_open_ends_the_run_safely_and_names_supply_and_channel(tmp_path, protected):
    def prepare(bench):
        main, count = bench.lab.magnet.sources[2], iter(range(12))

        def hear(news):
            if isinstance(news.event, Counted) and next(count, None) == 11:
                main.protection(protected)
                main.off_mode()  # here it comes open

        return hear

    text = "{kind: open_coil, instrument: main_supply, channel: 1, matching: 'OUTP1:OFF:MODE.$', call: 2}"
    ended, heard, data = run(tmp_path, fault(text, tmp_path), listen=prepare, plan=ODMR.plan(field_mt=5.0))
    assert ended.status == "failed"
    assert "the output of main (main_supply_ch1) is off" in ended.message
    assert any("main_supply: the protection of ch1 has tripped" in why for why in heard)
    first = one_run(data, 1)
    assert (first.status, "main_supply: the protection of ch1" in first.outcome["message"]) == ("suspended", True)


def test_a_coil_that_is_connected_again_lets_the_run_go_on(tmp_path):
    text = "{kind: open_coil, instrument: main_supply, matching: 'ESR', call: 20, for_s: 30}"
    ended, heard, _ = run(tmp_path, fault(text, tmp_path), plan=ODMR.plan(field_mt=5.0))
    assert (ended.status, ended.message, heard[-1]) == ("completed", "", "")
    assert abs(ended.result["field_mt"] - 5.0) < 0.5


def test_an_operator_ends_a_suspended_run(tmp_path):
    def listen(_bench):
        def hear(news):
            if isinstance(news.event, Suspended) and news.event.why:
                raise KeyboardInterrupt

        return hear

    text = "{kind: interlock, instrument: green_laser, matching: 'gom', call: 15}"
    ended, _, _ = run(tmp_path, fault(text, tmp_path), listen)
    assert (ended.status, "suspended" in ended.message) == ("aborted", True)


def test_a_laser_that_somebody_switched_off_is_not_switched_on_again(tmp_path):
    def listen(bench):
        count = iter(range(12))

        def hear(news):
            if isinstance(news.event, Counted) and next(count, None) is None:
                bench.lab.green_laser.write("l0")

        return hear

    ended, heard, _ = run(tmp_path, listen=listen)
    assert (ended.status, heard) == ("failed", [])
