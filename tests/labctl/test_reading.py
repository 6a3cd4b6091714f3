"""Data that lie where nothing can be written, that were copied in part, or that QCoDeS stored by itself, are read."""

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import xarray
from support.stored_run import store_a_run

from labctl.common.refusals import Refusal
from labctl.data.acquisitions import blocks_of
from labctl.data.reader import all_runs, one_run, points
from labctl.data.writing.database_writer import NotBegun
from labctl.data.writing.run_writer import Store

NOBODY = 65534


@pytest.fixture
def folder():
    """A data folder that others may enter, with a run."""
    made = Path(tempfile.mkdtemp(prefix="labctl-test-"))
    made.chmod(0o755)
    store_a_run(made / "data")
    assert len(points(made / "data", 1).values["counts"]) == 2  # and whatever is loaded for that is loaded
    yield made / "data"
    shutil.rmtree(made)


@contextmanager
def unwritable(folder):
    """Nobody can write it, not even who runs the tests."""
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for path in paths:
            if path.exists():
                path.chmod(0o755)


def read_whole(folder):
    assert [run.status for run in all_runs(folder)] == ["completed"]
    assert one_run(folder, 1).result == {"slope_per_v": 100.0}
    assert blocks_of(folder, 1) == ()
    np.testing.assert_array_equal(points(folder, 1).values["voltage_v"], [0.0, 1.0])


@pytest.mark.skipif(sys.platform == "win32", reason="a folder there can always be written by its owner")
def test_a_folder_that_cannot_be_written_is_read(folder):
    with unwritable(folder):
        read_whole(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder there can always be written by its owner")
def test_what_is_only_in_the_log_is_read_where_nothing_can_be_written(folder):
    shutil.copytree(folder, folder.parent / "live")
    live, archive = folder.parent / "live", folder.parent / "archive"
    with closing(sqlite3.connect(live / "runs.db")) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        with writer:
            writer.execute("UPDATE runs SET name = 'late'")
        archive.mkdir()
        for ending in ("", "-wal"):
            shutil.copy(live / f"runs.db{ending}", archive)
    with unwritable(archive):
        read_whole(archive)
    with closing(sqlite3.connect(archive / "runs.db")) as found:
        assert found.execute("SELECT name FROM runs").fetchone() == ("late",)


def test_a_database_whose_log_stayed_behind_is_not_called_empty(labctl, tmp_path):
    (tmp_path / "data").mkdir()
    with closing(Store(tmp_path / "live", "a bench")) as store:
        shutil.copy(tmp_path / "live" / "runs.db", tmp_path / "data")
        store.begin("toy", (), {})
    answer = labctl("runs")
    assert "runs.db-wal" in answer.out + answer.err
    with closing(sqlite3.connect(tmp_path / "data" / "runs.db")) as other, other:
        other.execute("DROP TABLE IF EXISTS runs")
    answer = labctl("runs")
    assert answer.code == 2
    assert "runs.db-wal" in answer.err


def test_a_run_that_has_ended_is_in_the_file_itself(labctl, tmp_path, monkeypatch):
    copies = []
    settle = Store.settle

    def settled(store):
        settle(store)
        copies.append(shutil.copy(store.folder / "runs.db", tmp_path))

    monkeypatch.setattr(Store, "settle", settled)
    assert labctl("run", "part", "--simulated").code == 0
    assert len(copies) == 1
    (run,) = all_runs(tmp_path)
    assert run.status == "completed"
    assert len(points(tmp_path, 1).values["counts"]) > 0


@pytest.fixture
def foreign(tmp_path):
    """A run of labctl, and one that QCoDeS stored by itself."""
    from qcodes.dataset import Measurement, load_or_create_experiment
    from qcodes.dataset.sqlite.database import connect
    from qcodes.parameters import ManualParameter

    store_a_run(tmp_path / "data")
    with closing(connect(tmp_path / "data" / "runs.db")) as connection:
        experiment = load_or_create_experiment("theirs", "sample", conn=connection)
        gate, current = ManualParameter("gate"), ManualParameter("current")
        measurement = Measurement(exp=experiment, name="scan")
        measurement.register_parameter(gate)
        measurement.register_parameter(current, setpoints=(gate,), paramtype="array")
        with measurement.run() as saver:
            for k in range(3):
                saver.add_result((gate, float(k)), (current, np.array(2.0 * k)))
    return tmp_path / "data"


@pytest.mark.usefixtures("foreign")
def test_a_run_of_qcodes_is_listed_as_that_and_exported_whole_or_refused(labctl, tmp_path):
    assert "2    scan      foreign (QCoDeS without labctl)" in labctl("runs").out
    shown = labctl("show", "2")
    assert shown.code == 0
    assert "export 2 --to FILE.nc" in shown.out
    assert labctl("export", "2", "--to", str(tmp_path / "scan.nc")).code == 0
    with xarray.open_dataset(tmp_path / "scan.nc", engine="h5netcdf") as found:
        np.testing.assert_array_equal(found["current"].sel(gate=[0.0, 1.0, 2.0]).squeeze(), [0.0, 2.0, 4.0])
    refused = labctl("export", "2", "--to", str(tmp_path / "scan.csv"))
    assert refused.code == 2
    assert "netCDF" in refused.err


def test_where_the_database_is_locked_nothing_has_begun(tmp_path):
    with closing(Store(tmp_path, "a bench")) as store, closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotBegun, match=r"^Nothing has begun: .*locked"):
            store.ready()
        with pytest.raises(NotBegun, match=r"^Nothing has begun: .*locked"):
            store.begin("toy", (), {})
        with pytest.raises(Refusal, match=r"^Nothing has begun: .*locked"):
            Store(tmp_path, "another bench")
