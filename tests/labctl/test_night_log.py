"""The log through the night: what instruments say, the count rate, alarms at limits; and the room on the disk."""

import shutil
from collections import namedtuple
from datetime import datetime

import numpy as np
import pytest
import xarray

import labctl as package
from instruments.interface.readings import Reading
from labctl.bench.night_log import NightLog
from labctl.bench.status import Condition
from labctl.config.user_settings import Alarm
from labctl.data import disk
from labctl.data.bench_log import as_dataset, logged
from labctl.run.events import Counted, Playing, RunEvent
from sequences.pulses.program import Program
from sequences.results import Begin

GATE = Program("gate", 100).then(1000, "pump").then(9000, "pump", "gate_signal")


def laser(power_mw, verdict="on"):
    readings = (Reading("power", power_mw, "mW", verdict=verdict), Reading("emission", True), Reading("stage", "run"))
    return Condition("green_laser", "Laser", "", verdict, "", readings)


@pytest.fixture
def log(tmp_path):
    """A log whose instruments are asked by nobody, and what it told."""
    told = []
    alarms = [Alarm(instrument="green_laser", reading="power", least=5.0, most=50.0)]
    made = NightLog(None, tmp_path, 60.0, alarms, lambda what, _: told.append(what))
    made.told = told
    return made


def test_readings_and_count_rate_are_a_table_against_time(log, tmp_path):
    log.take([laser(20.0)])
    log.on_event(RunEvent(7, "odmr", 0, Begin("odmr", None), 0.0))
    log.on_event(RunEvent(7, "odmr", 0, Playing(GATE, 1000), 1.0))
    log.on_event(RunEvent(7, "odmr", 0, Counted(900, 0, 0.01), 2.0))
    log.take([laser(21.0), Condition("counter", "Counter", "", "silent", "does not answer (timeout)", ())])
    found = as_dataset(list(logged(tmp_path)))
    assert found["green_laser power"].values.tolist() == [20.0, 21.0]
    assert found["green_laser power"].units == "mW"
    assert found["green_laser emission"].values.tolist() == [1.0, 1.0]
    np.testing.assert_allclose(found["photon_counter count rate"], [np.nan, 900 / 9e-3])
    assert found.run_id.values.tolist() == [0, 7]
    assert "green_laser stage" not in found
    silent = [line for line in logged(tmp_path) if line.verdict == "silent"]
    assert [(line.instrument, line.value, line.lab_time_s) for line in silent] == [
        ("counter", "does not answer (timeout)", "2.0")
    ]
    assert list(logged(tmp_path, since=datetime(2999, 1, 1).astimezone())) == []


def test_an_alarm_is_told_once_when_something_stays_wrong(log, tmp_path):
    for power_mw in (60.0, 20.0, 60.0, 61.0, 62.0, 20.0, 4.0, 3.0):
        log.take([laser(power_mw)])
    assert log.told == [
        "green_laser: power 61 mW: above 50, the most in your settings",
        "green_laser: power 3 mW: below 5, the least in your settings",
    ]
    assert [line.value for line in logged(tmp_path) if line.alarm] == ["61", "3"]
    silent = Condition("green_laser", "Laser", "", "silent", "does not answer", ())
    for one in (laser(20.0), *[laser(20.0, "fault")] * 3, laser(20.0), silent, silent, laser(20.0), silent, silent):
        log.take([one])
    assert log.told[2:] == ["green_laser: power 20 mW", *["green_laser: answer does not answer"] * 2]


def test_what_is_damaged_is_left_out_and_a_folder_that_cannot_be_written_harms_nothing(log, tmp_path, caplog):
    log.take([laser(20.0)])
    (file,) = (tmp_path / "bench_log").glob("*.csv")
    with file.open("a") as stream:
        stream.write("\nxyz,,,,,,,,\n2026-12-01T01:02")
    assert len(list(logged(tmp_path))) == 3
    shutil.rmtree(tmp_path / "bench_log")
    (tmp_path / "bench_log").write_text("in the way")
    log.take([laser(20.0)])
    log.take([laser(20.0)])
    assert caplog.text.count("The log of the bench cannot be written") == 1


def test_a_run_is_logged_if_that_is_asked_for(labctl, tmp_path):
    assert labctl("run", "part", "--simulated", "--set", "points=1", "--log-every", "1").code == 0
    shown = labctl("log", "--since", "today").out
    assert any(line.split()[:2] == ["green_laser", "emission"] for line in shown.splitlines())
    assert labctl("log", "--to", str(tmp_path / "log.nc")).code == 0
    with xarray.open_dataset(tmp_path / "log.nc") as found:
        assert found["magnet nominal field"].sizes["time"] >= 1
    assert labctl("log", "--to", str(tmp_path / "log.csv")).code == 0
    assert (tmp_path / "log.csv").read_text(encoding="utf-8").startswith("time,run_id,lab_time_s,instrument,reading,")
    assert "magnet nominal field" in package.open_data(tmp_path / "data").bench_log(since="today")
    assert labctl("log", "--until", "2020-01-01").code == 2


def test_nothing_is_thrown_away_unless_it_is_named_and_was_shown(labctl, tmp_path, monkeypatch):
    data = tmp_path / "data"
    assert labctl("run", "part", "--simulated", "--set", "points=2").code == 0
    figure, own = data / "figures" / "run-00001-part.png", data / "figures" / "poster.png"
    figure.parent.mkdir(exist_ok=True)
    for file in (figure, own):
        file.write_bytes(b"x" * 1000)
    shown = labctl("disk")
    assert "left on the disk: " in shown.out
    assert "a night of 12 h takes: not known yet" in shown.out
    assert labctl("disk", "--json").json["shares"][0] == {"name": "figures", "files": 1, "size_bytes": 1000}
    monkeypatch.setattr("typer.confirm", lambda _: False)
    kept = labctl("disk", "--throw-away", "figures")
    assert str(figure) in kept.out
    assert "Nothing was deleted" in kept.out
    assert figure.exists()
    assert labctl("disk", "--throw-away", "database", "--yes").code == 2
    gone = labctl("disk", "--throw-away", "figures", "--yes")
    assert "1 files deleted, 1 kB" in gone.out
    assert not figure.exists()
    assert own.exists()
    assert labctl("show", "1").code == 0


def test_a_disk_that_is_nearly_full_is_told_before_anything_is_opened(labctl, tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(5e8))
    assert labctl("run", "part", "--simulated", "--set", "points=1").code == 0
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(5e7))
    monkeypatch.setattr("labctl.bench.connect.bench", lambda *_: pytest.fail("a bench was opened"))
    full = labctl("run", "part", "--simulated", "--set", "points=1")
    assert full.code == 2
    assert "has 50 MB left, and a run needs 100 MB to begin" in full.err
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(5e8))
    assert "has only 500 MB left" in disk.check_room(tmp_path)
