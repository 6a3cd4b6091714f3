"""`labctl sweep`: runs one after another, as one group that can be gone on with, exported and drawn."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import xarray

import labctl as package
from labctl.bench.connect import Choice, opened_bench
from labctl.bench.sweep import measured, what_is_left
from labctl.common.refusals import Refusal
from labctl.config.station_file import read_station
from labctl.data.reader import one_run
from labctl.plans.catalogue import experiment_named
from labctl.plans.sweep import sweep_of
from labctl.run.events import Counted
from labctl.run.pause import Pause
from labctl.stored_runs.sweeps import StoredSweep

STATION = read_station(Path(__file__).parents[2] / "station.yaml")


def test_a_sweep_is_one_table_one_figure_and_one_dataset(labctl, tmp_path):
    data = tmp_path / "data"
    done = labctl(
        *("sweep", "part", "--simulated", "--seed", "3", "--over", "points=2,3"),
        *("--over", "shape=line,step", "--set", "span_mt=6"),
    )
    assert done.code == 0
    lines = [line.split()[:4] for line in done.out.splitlines()[1:5]]
    assert lines == [
        ["2", "line", "1", "completed"],
        ["2", "step", "2", "completed"],
        ["3", "line", "3", "completed"],
        ["3", "step", "4", "completed"],
    ]
    assert "sweep of part over points = 2, 3 × shape = line, step: 4 of 4 points completed" in done.out
    assert (data / "figures" / "sweep-00001-part.png").exists()
    assert "sweep: 100% point 4 of 4, points = 3, shape = step" in done.err

    assert labctl("export", "3", "--sweep", "--to", str(tmp_path / "s.nc")).code == 0
    with xarray.open_dataset(tmp_path / "s.nc") as found:
        assert found.run_id.sel(points=3, shape="step") == 4
        assert found.run_id.dims == ("points", "shape")
        assert set(found.status.values.ravel()) == {"completed"}
        assert found["result.slope_per_v"].sel(points=2, shape="line") == 100.0
        np.testing.assert_array_equal(found["voltage_v"].sel(points=2, shape="line"), [0.0, 3.0, np.nan])
        np.testing.assert_array_equal(found["voltage_v"].sel(points=3, shape="step"), [0.0, 2.0, 4.0])
        assert found.attrs["plan.span_mt"] == "6"
    read = package.open_data(data).sweep()
    assert [run.run_id for run in read.runs] == [1, 2, 3, 4]
    assert read.data.run_id.values.tolist() == [[1, 2], [3, 4]]
    assert read.plot().axes
    shown = labctl("show", "latest", "--sweep", "--json").json
    assert (shown["completed"], shown["left"], shown["points"][1]["point"]) == (4, 0, {"points": "2", "shape": "step"})
    assert "point 2 of 4 of a sweep: points = 2, shape = step" in labctl("show", "2").out
    nothing = labctl("sweep", "--resume", "latest", "--simulated")
    assert (nothing.code, "there is nothing left" in nothing.err) == (2, True)
    assert labctl("export", "3", "--sweep", "--to", str(tmp_path / "s.csv")).code == 2


def test_a_point_that_fails_is_passed_over_and_one_that_is_stopped_ends_all(labctl, tmp_path):
    swept = ("--over", "ends=well,badly,by hand", "--over", "parts=0,1", "--set", "points=1")
    done = labctl("sweep", "toy", "--simulated", *swept, "--json")
    assert done.code == 130
    points = done.json["points"]
    nothing = "not begun"
    assert [one["status"] for one in points] == ["completed", "completed", nothing, "failed", "aborted", nothing]
    assert "labctl: point 3 (ends = badly, parts = 0) failed: toy has not begun: The counts fell to 3" in done.err
    assert "labctl: point 4 (ends = badly, parts = 1) failed: The counts fell to 3. Look at the shutter (run 4)" in (
        done.err
    )
    assert "labctl: 4 points are left; to measure them: labctl sweep --resume 1 --simulated --data" in done.err
    again = labctl("sweep", "--resume", "5", "--simulated", "--json").json
    assert [one.get("run_id") for one in again["points"]] == [1, 2, None, 7, 9, None], "what was completed stays"
    assert one_run(tmp_path / "data", 7).record["seed"] > one_run(tmp_path / "data", 1).record["seed"]


def test_after_a_kill_what_was_completed_is_not_repeated(labctl, tmp_path):
    assert labctl("sweep", "part", "--simulated", "--over", "points=1,2,3").code == 0
    with closing(sqlite3.connect(tmp_path / "data" / "runs.db")) as database, database:
        database.execute("UPDATE runs SET labctl_outcome = NULL, is_completed = 0 WHERE run_id IN (1, 3)")
    done = labctl("sweep", "--resume", "1", "--simulated", "--json")
    assert done.code == 0
    assert [one["run_id"] for one in done.json["points"]] == [4, 2, 5]
    assert done.json["sweep"] == 1, "it is known by its first run, whatever became of that"
    assert one_run(tmp_path / "data", 3).status == "interrupted"


def test_a_sweep_goes_on_only_as_it_was_begun_and_where_nobody_measures_it(labctl, tmp_path, monkeypatch):
    data, text = tmp_path / "data", STATION.text
    assert labctl("sweep", "toy", "--simulated", "--over", "ends=badly,well", "--set", "points=1").code == 1
    seed = one_run(data, 1).record["seed"]
    again = labctl("sweep", "--resume", "1", "--simulated", "--seed", str(seed))
    assert (again.code, "the same photons would be counted again" in again.err) == (2, True)
    station = tmp_path / "station.yaml"
    station.write_text(text.replace("trip_rest_s: ", "trip_rest_s: 1"), encoding="utf-8")
    again = labctl("sweep", "--resume", "1", "--simulated", "--station", str(station))
    assert (again.code, "was measured with another station file" in again.err) == (2, True)
    with monkeypatch.context() as patch:
        patch.setattr(StoredSweep, "live", property(lambda sweep: sweep.runs[1]))
        again = labctl("sweep", "--resume", "1", "--simulated")
    assert (again.code, "Run 1 of this sweep goes on in process" in again.err) == (2, True)
    station.write_text("# A port\n" + text.replace("ASRL3::", "ASRL/dev/ttyUSB0::"), encoding="utf-8")
    assert labctl("sweep", "--resume", "1", "--simulated", "--station", str(station)).code == 1
    assert "ends = badly" in labctl("show", "1").out


def test_a_point_that_was_interrupted_goes_on_with_what_it_counted(tmp_path):
    odmr = experiment_named("odmr")
    sweep, plans = sweep_of(odmr, ["target_khz=300,400"], [])
    left = iter(range(8))

    def stop(run_event):
        if isinstance(run_event.event, Counted) and run_event.run_id == 2 and next(left, None) is None:
            raise KeyboardInterrupt

    with opened_bench(Choice(True, seed=1), STATION, tmp_path) as bench:
        points = what_is_left(bench, "a", sweep, plans)
        first, second = measured(bench, odmr, points, (stop,), Pause(), lambda _: None)
        assert (first.status, second.status) == ("completed", "aborted")
        with pytest.raises(Refusal, match="begun on"):
            what_is_left_elsewhere(bench, sweep, plans)
    with opened_bench(Choice(True, seed=2), STATION, tmp_path) as bench:
        (point,) = what_is_left(bench, "a", sweep, plans)
        (ended,) = measured(bench, odmr, [point], (), Pause(), lambda _: None)
        assert (point.number, ended.status, point.interrupted.replay.taken) == (2, "completed", 9)
        assert what_is_left(bench, "a", sweep, plans) == []
    record = one_run(tmp_path, ended.run.run_id).record
    assert (record["resumes"], record["sweep"]["point"]) == (2, {"target_khz": "400"})


def what_is_left_elsewhere(bench, sweep, plans):
    """As another bench would see the same folder."""
    label, bench.store.label = bench.store.label, "another bench"
    try:
        return what_is_left(bench, "a", sweep, plans)
    finally:
        bench.store.label = label


def test_all_is_checked_before_anything_is_opened(labctl, tmp_path, monkeypatch):
    monkeypatch.setattr("labctl.bench.connect.bench", lambda *_: pytest.fail("a bench was opened"))
    dry = labctl("sweep", "part", "--simulated", "--over", "points=2,4", "--dry-run")
    assert dry.code == 0
    assert "sweep of part over points = 2, 4: 2 points" in dry.out
    assert "expected duration: 3.0 s" in dry.out
    assert labctl("sweep", "part", "--simulated", "--over", "points=2,4", "--dry-run", "--json").json["duration_s"] == 3
    beyond = labctl("sweep", "part", "--simulated", "--over", "inner.green_mw=5,900")
    assert beyond.code == 2
    assert "--over inner.green_mw = 900" in beyond.err
    for wrong in (["part"], [], ["part", "--resume", "1"], ["--resume", "latest"]):
        assert labctl("sweep", *wrong, "--simulated").code == 2
    assert not (tmp_path / "data" / "runs.db").exists()


def test_a_sweep_waits_in_the_queue_as_one(labctl, tmp_path):
    from labctl.gui.runs.queue import Queue

    assert labctl("sweep", "part", "--over", "points=2:4:3", "--set", "span_mt=2", "--queue").code == 0
    queue = Queue(tmp_path / "data")
    (wanted,) = queue.items
    assert (wanted.overs, wanted.settings) == (("points=2:4:3",), {"span_mt": "2"})
    assert [queue.take_point(wanted.ticket, 3).begun for _ in range(2)] == [0, 1]
    assert Queue(tmp_path / "data").items[0].begun == 2
    last = queue.take_point(wanted.ticket, 3)
    assert (last.begun, queue.items, queue.take_point(wanted.ticket, 3)) == (2, (), None)
    queue.put_back(last)
    assert [one.begun for one in queue.items] == [2]
