"""Data from anywhere: a database, a calibration or a path that means harm is read as what it is, or refused."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from support.made_up import Clock
from support.stored_run import store_a_run

from labctl.common.refusals import Refusal
from labctl.data.calibration import CalibrationStore
from labctl.data.reader import all_runs

TEXTS = [
    "no json",
    "[]",
    "3",
    "null",
    '{"sequence": 3, "plan": [], "started": {}, "parent_id": "1", "versions": 1, "git": [], "bench": null}',
    '{"sequence": "[/red]\\u001b[2J", "bench": "\\u001b]0;title\\u0007", "plan": {"x": {"y": [1, {"z": "[/]"}]}}}',
    '{"sequence": "../../etc/passwd", "parent_id": 1}',
    '{"status": 1, "message": ["x"], "result": 7, "notes": "abc", "lab_time_s": "long", "figure": {}}',
    '{"status": "completed", "result": {"a": NaN, "b": Infinity, "c": [[1, "x"], []], "d_err": {}}}',
    '{"status": "completed", "lab_time_s": 1e999}',
    f'{{"status": "completed", "lab_time_s": {10**400}, "result": {{"a": {10**400}}}}}',
    "[" * 100_000,
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A data folder with a run."""
    folder = tmp_path_factory.mktemp("written") / "data"
    store_a_run(folder)
    return folder


@pytest.fixture
def data(written, tmp_path):
    """The same, for one test."""
    return shutil.copytree(written, tmp_path / "data")


@pytest.mark.parametrize("column", ["labctl_record", "labctl_outcome"])
@pytest.mark.parametrize("text", TEXTS)
def test_any_text_in_the_place_of_ours_is_shown_without_harm(labctl, data, column, text):
    with closing(sqlite3.connect(data / "runs.db")) as other, other:
        other.execute(f"UPDATE runs SET {column} = ?", (text,))
    listed = labctl("runs")
    assert (listed.code, listed.err) == (0, "")
    assert json.loads(labctl("runs", "--json").out, parse_constant=pytest.fail)
    shown = labctl("show", "1")
    assert shown.code == 0
    assert "\x1b" not in listed.out + shown.out
    store_a_run(data)
    assert len(all_runs(data)) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET run_description = '{}'",
        "UPDATE runs SET run_description = 'rubbish'",
        "UPDATE runs SET result_table_name = 'runs'",
        """UPDATE runs SET result_table_name = 'x"; DROP TABLE runs; --'""",
        'UPDATE "results-1-1" SET counts = "text"',
        "UPDATE \"results-1-1\" SET counts = x'80054b002e'",
        'DROP TABLE "results-1-1"',
    ],
)
def test_points_that_are_none_are_refused(labctl, data, tmp_path, change):
    with closing(sqlite3.connect(data / "runs.db")) as other, other:
        other.execute(change)
    answer = labctl("export", "1", "--to", str(tmp_path / "points.csv"))
    assert answer.code == 2
    assert "Run 1" in answer.err
    assert "no points that can be read" in answer.err
    assert not (tmp_path / "points.csv").exists()
    assert [run.run_id for run in all_runs(data)] == [1]


@pytest.mark.usefixtures("data")
def test_an_export_takes_the_place_of_nothing_unless_it_is_told_to(labctl, tmp_path):
    for file in (tmp_path / "points.csv", tmp_path / "points.nc"):
        file.write_text("mine")
        refused = labctl("export", "1", "--to", str(file))
        assert (refused.code, file.read_text()) == (2, "mine")
        assert "add --overwrite" in refused.err
        assert labctl("export", "1", "--to", str(file), "--overwrite").code == 0
        assert file.read_bytes()[:4] != b"mine"
    (tmp_path / "folder.csv").mkdir()
    assert labctl("export", "1", "--to", str(tmp_path / "folder.csv"), "--overwrite").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "folder.csv", "points.csv", "points.nc"]


@pytest.mark.parametrize("label", ["../../x", "..", "/etc/passwd", "a\\b\0c", "simulated ../../etc/x 12", ""])
def test_a_calibration_stays_in_its_folder(tmp_path, label):
    folder = tmp_path / "data" / "calibration"
    store = CalibrationStore(folder, label, Clock())
    store.put("key", 1.0, 0.1)
    assert [path.parent for path in tmp_path.rglob("*.json")] == [folder]
    assert CalibrationStore(folder, label, Clock()).get("key").value == 1.0


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"1"', "null", "[]", "true and false"])
def test_a_calibration_that_is_none_is_refused(tmp_path, value):
    store = CalibrationStore(tmp_path, "a bench", Clock())
    store.put("key", 1.0, 0.1)
    store.file.write_text(store.file.read_text().replace('"value": 1.0', f'"value": {value}'))
    with pytest.raises(Refusal, match="not a calibration file"):
        CalibrationStore(tmp_path, "a bench", Clock())
