"""The program on the simulated bench: its answers, its exit codes, and nothing switched on where it refuses."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import xarray
from support.made_up import STATION

ROOT = STATION.parent


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def no_bench(monkeypatch):
    """Whoever opens a bench fails the test."""

    def opened(*_):
        pytest.fail("a bench was opened")

    monkeypatch.setattr("labctl.bench.connect.bench", opened)


# ---- run -----------------------------------------------------------------------------------------------------------


def test_a_run_answers_with_one_object_in_the_last_line(labctl, data):
    answer = labctl("run", "toy", "--simulated", "--seed", "3", "--set", "points=2", "--json")
    assert answer.code == 0
    found = answer.json
    assert set(found) == {
        "run_id",
        "sequence",
        "status",
        "lab_time_s",
        "wall_time_s",
        "photons",
        "counting_s",
        "result",
        "children",
    }
    assert (found["run_id"], found["sequence"], found["status"]) == (1, "toy", "completed")
    assert found["result"]["voltages_v"] == [0.0, 0.5]
    assert found["lab_time_s"] >= 2.0 > found["wall_time_s"] > 0
    (part,) = found["children"]
    assert (part["run_id"], part["sequence"]) == (2, "part")
    assert part["result"] == found["result"]
    (listed, inner) = labctl("runs", "--json").json
    assert (listed["run_id"], listed["status"], listed["parent_id"]) == (1, "completed", None)
    assert (inner["run_id"], inner["parent_id"], inner["result"]) == (2, 1, part["result"])
    assert listed["started"].startswith("20")
    shown = labctl("show", "1", "--json").json
    assert shown["seed"] == 3
    assert shown["bench"].startswith("simulated default ")
    assert [p.name for p in (data / "calibration").iterdir()] == [f"{shown['bench'].replace(' ', '-')}.json"]


def test_a_run_tells_a_person(labctl):
    answer = labctl("run", "toy", "--simulated", "--set", "points=5")
    assert answer.code == 0
    assert "slope_per_v  100" in answer.out
    assert "run 1 (toy) completed: 5" in answer.out
    assert "part: 100% slope 104(1) 1/V" in answer.err


@pytest.mark.parametrize(
    ("ends", "code", "status", "words"),
    [
        ("badly", 1, "failed", "The counts fell to 3. Look at the shutter"),
        ("wrongly", 1, "failed", "ZeroDivisionError"),
        ("by hand", 130, "aborted", "keeps what was measured"),
    ],
)
def test_other_ends_have_their_codes(labctl, data, ends, code, status, words):
    answer = labctl("run", "toy", "--simulated", "--set", f"ends={ends}", "--json")
    assert (answer.code, answer.json["status"], answer.json["result"]) == (code, status, None)
    assert words in answer.err
    log = data / "labctl.log"
    assert (ends == "wrongly") == (log.exists() and "Traceback" in log.read_text())


def test_the_figure_of_a_run_is_kept_beside_it(labctl, data, tmp_path):
    answer = labctl("run", "rabi", "--simulated", "--json")
    figure = Path(answer.json["figure"])
    assert figure.parent == data / "figures"
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert labctl("show", "1", "--figure", str(tmp_path / "again.pdf")).code == 0
    assert (tmp_path / "again.pdf").read_bytes().startswith(b"%PDF")


def test_the_bench_is_left_safe_and_the_magnet_without_current(labctl, monkeypatch):
    from simulated_instruments.bench import SimulatedBench

    twins = []
    leave = SimulatedBench.__exit__
    monkeypatch.setattr(
        SimulatedBench, "__exit__", lambda self, *why: twins.append(self.twin.setpoints) or leave(self, *why)
    )
    assert labctl("run", "toy_bright", "--simulated").code == 0
    (setpoints,) = twins
    assert (setpoints.carrier_on, setpoints.green_w, setpoints.pump_gate, setpoints.depletion_gate) == (
        False,
        0.0,
        "off",
        "off",
    )
    assert (setpoints.main_a, setpoints.trim_x_a, setpoints.trim_y_a, setpoints.shift_a) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.usefixtures("no_bench")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "odmrr"], "There is no sequence 'odmrr'; did you mean 'odmr'? Known: wiring, delays, odmr"),
        (["run"], "Say what to run"),
        (["run", "toy", "--set", "pionts=3"], "--set pionts=3: ToyPlan has no key 'pionts'; did you mean 'points'?"),
        (["run", "toy", "--set", "points=0"], "--set points: must be at least 1, not 0"),
        (["run", "toy", "--set", "inner.green_mw=200"], "inner.green_mw = 200 is beyond the station's limits.green_mw"),
        (["run", "toy", "--station", "none.yaml"], "none.yaml: cannot be read (No such file or directory)"),
        (["run", "toy", "--simulated", "--sample", "none.yaml"], "none.yaml: cannot be read"),
        (["run", "toy", "--seed", "1"], "--seed belongs to the digital twin: add --simulated"),
        (["run", "toy", "--reveal"], "--reveal belongs to the digital twin: add --simulated"),
        (["run", "toy", "--simulated", "--seed", "-1"], "--seed must be 0 or more, not -1"),
        (["run", "toy", "--simulated", "--pace", "0"], "--pace must be a number above 0, not 0"),
        (["run", "toy", "--sead", "1"], "No such option"),
        (["check", "--station", "none.yaml"], "none.yaml: cannot be read"),
        (["show", "7"], "There is no run 7"),
        (["show", "seven"], "'seven' is no run: give its number"),
        (["export", "7", "--to", "x.csv"], "There is no run 7"),
        (["measure"], "No such command"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(labctl, data, arguments, words):
    answer = labctl(*arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.out == ""
    assert not data.exists()


def test_every_fault_of_plan_station_and_options_at_once(labctl, tmp_path):
    station = tmp_path / "station.yaml"
    station.write_text(STATION.read_text().replace("trim_a: 0.2", "trim_a: 2"))
    answer = labctl("run", "toy", "--set", "a=1", "--set", "points=0", "--station", str(station), "--pace", "2")
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 4
    assert f"{station}:{_line_of('trim_a: 0.2')}: limits.trim_a must be at most 0.2, not 2" in answer.err


def _line_of(part):
    return next(k for k, line in enumerate(STATION.read_text().splitlines(), start=1) if part in line)


@pytest.mark.usefixtures("no_bench")
def test_a_dry_run_shows_plan_duration_and_pulses(labctl):
    answer = labctl("run", "toy", "--dry-run", "--set", "points=30")
    assert answer.code == 0
    for words in ("points = 30", "inner.green_mw = 20.0", "expected duration: 15.0 s", "pump gate_signal"):
        assert words in answer.out
    found = labctl("run", "toy", "--dry-run", "--json").json
    assert (found["plan"]["points"], found["duration_s"], found["programs"][0]["duration_ns"]) == (5, 2.5, 1000)


@pytest.mark.usefixtures("no_bench")
def test_keys_and_list(labctl):
    keys = {key["key"]: key for key in labctl("run", "toy", "--keys", "--json").json}
    expected = {
        "default": 1.0,
        "range": "above 0, at most 10",
        "unit": "mT",
        "help": "Highest field; a volt makes a millitesla.",
    }
    assert keys["span_mt"] == {"key": "span_mt", **expected}
    assert "Highest field; a volt makes a millitesla." in labctl("run", "toy", "--keys").out
    assert {"odmr", "engine", "toy"} <= set(labctl("run", "--list", "--json").json)


def test_nobody_answers_on_a_bench_that_is_not_there(labctl, data):
    answer = labctl("run", "toy", "--json")
    assert answer.code == 1
    nothing, *missing = answer.err.splitlines()
    assert "None of the 13 instruments" in nothing
    assert "--simulated" in nothing
    assert all("not installed" in line for line in missing)
    assert answer.out == ""
    assert labctl("runs", "--json").json == []
    assert not (data / "calibration").exists()


# ---- what was measured ---------------------------------------------------------------------------------------------


def test_export_keeps_units_and_points(labctl, tmp_path):
    assert labctl("run", "toy", "--simulated", "--set", "points=3", "--json").code == 0
    table, dataset = tmp_path / "toy.csv", tmp_path / "toy.nc"
    assert labctl("export", "2", "--to", str(table)).code == 0
    assert labctl("export", "2", "--to", str(dataset)).code == 0
    with table.open() as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["voltage_v (V)", "counts", "counts_err"]
    assert [float(row[1]) for row in rows[1:]] == pytest.approx([0, 100 / 3, 200 / 3])
    with xarray.open_dataset(dataset, engine="h5netcdf") as found:
        assert found["voltage_v"].attrs == {"long_name": "voltage", "units": "V"}
        assert found["counts"].values.tolist() == [float(row[1]) for row in rows[1:]]
        assert (found.attrs["run_id"], json.loads(found["record"].item())["plan"]["points"]) == (2, 3)


@pytest.mark.parametrize(("to", "words"), [("x.txt", "has no known ending"), ("none/x.csv", "does not exist")])
def test_export_refuses_what_it_cannot_write(labctl, tmp_path, to, words):
    labctl("run", "part", "--simulated", "--json")
    answer = labctl("export", "1", "--to", str(tmp_path / to))
    assert answer.code == 2
    assert words in answer.err


def test_nothing_measured_is_an_empty_list(labctl, data):
    assert labctl("runs", "--json").json == []
    assert "No runs in" in labctl("runs").out
    assert not data.exists()


def test_a_run_whose_process_died_is_unfinished_until_the_folder_is_written(labctl, data):
    labctl("run", "part", "--simulated", "--json")
    with closing(sqlite3.connect(data / "runs.db")) as connection, connection:
        connection.execute("UPDATE runs SET labctl_outcome = NULL")
    (listed,) = labctl("runs", "--json").json
    assert (listed["status"], listed["result"]) == ("unfinished", None)
    assert labctl("show", "1").code == 0
    labctl("run", "part", "--simulated", "--json")
    assert [run["status"] for run in labctl("runs", "--json").json] == ["interrupted", "completed"]


def test_a_database_of_something_else_is_refused(labctl, data):
    data.mkdir()
    (data / "runs.db").write_text("not a database at all, only text that is long enough to be read as one" * 20)
    assert "not a database of runs" in labctl("runs").err
    answer = labctl("run", "toy", "--simulated")
    assert answer.code == 2
    assert "no runs can be stored here" in answer.err


# ---- the process ---------------------------------------------------------------------------------------------------


def test_help_is_quick_and_loads_nothing_heavy(tmp_path):
    heavy = "numpy", "qcodes", "pydantic", "rich.table", "matplotlib", "scipy", "grpc", "pyvisa", "ruamel", "sqlite3"
    code = f"""
import sys
from labctl.__main__ import main
try:
    main(["--help"])
except SystemExit as exit_:
    assert exit_.code == 0
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert time.monotonic() - began_s < 2.0  # 0.2 s on a machine that does nothing else
    assert done.stderr.strip() == "[]"
    assert "predict" in done.stdout
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_aborts_safely_and_keeps_the_points(tmp_path, number):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from labctl.plans import catalogue\n"
        "import toy; catalogue.EXPERIMENTS['part'] = toy.PART\n"
        "from labctl.__main__ import main; main(sys.argv[2:])"
    )
    arguments = ["run", "part", "--simulated", "--pace", "5", "--set", "points=1000", "--json"]
    (home := tmp_path / "home").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent), *arguments],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "LABCTL_DATA": str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "run 1 begins" in first
    time.sleep(0.5)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert json.loads(out.splitlines()[-1])["status"] == "aborted"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "home"]
    assert list(home.iterdir()) == []
    with closing(sqlite3.connect(tmp_path / "data" / "runs.db")) as connection:
        assert connection.execute('SELECT COUNT(*) FROM "results-1-1"').fetchone()[0] > 0
