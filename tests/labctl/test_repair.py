"""`labctl runs --repair`: spool files come into the database, once; a damaged database is kept, never overwritten."""

import json
import sqlite3
from contextlib import closing

import pytest
from support.made_up import Clock

from labctl.common.refusals import Refusal
from labctl.data.acquisitions import acquisitions_of
from labctl.data.calibration import CalibrationStore
from labctl.data.reader import all_runs, one_run, points
from labctl.data.writing.recorder import Recorder
from labctl.data.writing.repair import repair
from labctl.data.writing.run_writer import Store
from labctl.data.writing.spool_file import TAKEN, mark_taken, spool_files
from sequences.results import Column

COLUMNS = (Column("volt", "voltage", "V"), Column("counts", "counts", "", ("volt",)))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def measured(data, outcome=True):
    """A run with a part, of which the database took one point and one acquisition only; the rest is in a spool file."""
    with closing(Store(data, "a bench")) as store:
        recorder = Recorder(store, CalibrationStore(data, "a bench", Clock()), Clock())
        recorder.begin("toy", {}, COLUMNS)
        recorder.begin("part", {}, COLUMNS)
        for k in range(3):
            if k == 1:
                store.connection.set_authorizer(_no_inserts)
            recorder.playing("flash", "0123456789abcdef", 10, {})
            recorder.counted(5 + k, 2, 0.5)
            recorder.add({"volt": float(k), "counts": float("nan") if k == 1 else 7.0})
            recorder.estimate({"slope": float(k)})
        if outcome:
            recorder.end("completed", result={"slope": 2.0})
            assert recorder.end("completed", result={"parts": 1}).status == "failed"
        store.connection.set_authorizer(None)
        store.database_writer.forget()  # as if the process died before the database took anything again
    (file,) = spool_files(data)
    return file


def _no_inserts(action, *_):
    return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE) else sqlite3.SQLITE_OK


def content(data):
    """All that readers see."""
    runs = [(run.sequence, run.status, run.result, run.parent_id) for run in all_runs(data)]
    tables = [{n: v.tolist() for n, v in points(data, run.run_id).values.items()} for run in all_runs(data)]
    return json.dumps(
        [runs, tables, [b.row()[1:] for run in all_runs(data)[:1] for b in acquisitions_of(data, run.run_id)]]
    )


def test_a_side_file_comes_into_the_database(data, labctl):
    file = measured(data)
    answer = labctl("runs")
    assert "1 spool file not in the database yet: labctl runs --repair" in answer.err
    answer = labctl("runs", "--repair")
    assert answer.code == 0
    assert f"{file}: 8 records are in the database now (run 1, 2)" in answer.out.replace("\n", "")
    whole, part = all_runs(data)
    assert (whole.status, whole.result, part.result) == ("completed", {"parts": 1}, {"slope": 2.0})
    assert points(data, 2).values["volt"].tolist() == [0.0, 1.0, 2.0]
    assert [b.signal for b in acquisitions_of(data, 1)] == [5, 6, 7]
    assert spool_files(data) == []
    assert file.with_name(file.name + TAKEN).exists()
    assert "nothing to repair" in labctl("runs", "--repair").out
    assert labctl("runs").err == ""


def test_taking_it_in_twice_is_taking_it_in_once(data):
    file = measured(data)
    repair(data)
    once = content(data)
    file.with_name(file.name + TAKEN).rename(file)  # as if the process had died before it could rename it
    (taken,) = repair(data).taken
    assert (taken.runs, taken.fault) == ((1, 2), "")
    assert content(data) == once


def test_a_run_that_died_with_its_side_file_counts_what_came_later(data):
    measured(data, outcome=False)
    with closing(Store(data, "a bench")):
        assert one_run(data, 1).outcome["acquisitions"] == 1
    repair(data)
    found = one_run(data, 2).outcome
    assert (found["status"], found["points"], found["acquisitions"]) == ("interrupted", 3, 3)
    assert found["estimate"] == {"slope": 2.0}


def test_a_line_that_was_cut_off_is_left_out(data):
    file = measured(data)
    with file.open("a") as stream:
        stream.write('{"kind": "point", "run')
    assert repair(data).taken[0].fault == ""


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"kind": "code"}',
        '{"kind": "point", "run_id": 9, "table": "runs", "number": 1, "values": {}}',
        '{"kind": "point", "run_id": 1, "table": "runs", "number": 1, "values": {"x) VALUES (1); --": 1}}',
        '{"kind": "outcome", "run_id": 1, "outcome": 3, "unix_s": 0}',
        '{"kind": "block", "block": {"run_id": 1}}',
    ],
)
def test_a_hostile_side_file_changes_nothing_and_stays(data, labctl, line):
    file = measured(data)
    before = content(data)
    with file.open("a") as stream:
        stream.write(line + "\n")
    answer = labctl("runs", "--repair")
    assert answer.code == 1
    assert f"{file} could not be taken in and is left as it is" in answer.err
    with closing(sqlite3.connect(data / "runs.db")) as other:
        assert other.execute("SELECT count(*) FROM labctl_blocks").fetchone() == (1,)
    assert content(data).replace("interrupted", "unfinished") == before
    assert spool_files(data) == [file]


def test_another_table_than_its_own_is_not_written(data):
    file = measured(data)
    file.write_text(file.read_text().replace('"table": "results-', '"table": "experiments-'))
    assert repair(data).taken[0].fault == ""
    assert points(data, 2).values["volt"].tolist() == [0.0, 1.0, 2.0]


def test_a_damaged_database_is_kept_and_its_side_file_goes_into_a_new_one(data, labctl):
    measured(data)
    damage(data / "runs.db")
    before = (data / "runs.db").read_bytes()
    refused = labctl("run", "part", "--simulated")
    assert refused.code == 2
    assert "labctl runs --repair" in refused.err
    answer = labctl("runs", "--repair")
    assert answer.code == 0
    (aside,) = (path for path in data.glob("runs.db.damaged-*") if not path.name.endswith(("-wal", "-shm")))
    assert f"The database was damaged. It is kept as {aside}" in answer.out.replace("\n", "")
    assert aside.read_bytes() == before
    whole, part = all_runs(data)
    assert [(r.sequence, r.status) for r in (whole, part)] == [("toy", "completed"), ("part", "completed")]
    assert part.parent_id == whole.run_id
    assert points(data, part.run_id).values["volt"].tolist() == [1.0, 2.0]  # the first is in the damaged one
    assert [b.number for b in acquisitions_of(data, whole.run_id)] == [1, 2]
    assert labctl("run", "part", "--simulated").code == 0


def test_a_run_begun_anew_is_begun_once(data):
    file = measured(data)
    damage(data / "runs.db")
    repair(data)
    once = content(data)
    file.with_name(file.name + TAKEN).rename(file)
    repair(data)
    assert content(data) == once


def test_nothing_is_repaired_under_a_program_that_writes(data):
    file = measured(data)
    with closing(Store(data, "a bench")), pytest.raises(Refusal, match=r"is being written by process \d+"):
        repair(data)
    assert spool_files(data) == [file]


def test_a_folder_that_is_none_has_nothing_to_repair(data, labctl):
    assert "nothing to repair" in labctl("runs", "--repair").out
    assert not data.exists() or not (data / "runs.db").exists()


def test_side_files_of_other_folders_are_left_alone(data, tmp_path, state):
    file = measured(data)
    elsewhere = state / "labctl" / "spool"
    elsewhere.mkdir(parents=True)
    file.rename(elsewhere / file.name)
    assert spool_files(tmp_path / "other") == []
    assert spool_files(data) == [elsewhere / file.name]
    mark_taken(elsewhere / file.name)
    assert spool_files(data) == []


def test_a_spool_file_of_an_older_version_comes_in(data, state):
    """Its name, its folder and two of its keys were other ones."""
    file = measured(data)
    older = state / "labctl" / "side" / "runs-1.side.jsonl"
    older.parent.mkdir(parents=True)
    older.write_text("".join(map(_as_before, file.read_text().splitlines())))
    file.unlink()
    assert spool_files(data) == [older]
    (taken,) = repair(data).taken
    assert (taken.runs, taken.records, taken.fault) == ((1, 2), 8, "")
    assert [(b.signal, b.measuring_run_id) for b in acquisitions_of(data, 1)] == [(5, 2), (6, 2), (7, 2)]


def _as_before(line):
    found = json.loads(line)
    if found["kind"] == "acquisition":
        inner = found.pop("acquisition")
        found |= {"kind": "block", "block": {**inner, "part_id": inner.pop("measuring_run_id")}}
        del found["block"]["measuring_run_id"]
    return json.dumps(found) + "\n"


def damage(file):
    """Overwrite the pages behind the first, after all of the log has come into the file."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 4096))
