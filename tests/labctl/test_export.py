"""What other programs get: one kind of rows a table, coordinates that are some, plan and result where xarray shows."""

import csv
from contextlib import closing

import numpy as np
import pytest
import xarray

from labctl.data.writing.run_writer import Store
from labctl.report.tables import print_result
from sequences.results import Column
from simulated_instruments.sample import load_sample
from simulated_instruments.truth import truth
from simulated_instruments.twin.world import Twin

COLUMNS = (
    Column("evolution_us", "evolution time", "µs"),
    Column("concurrence", "concurrence", "", ("evolution_us",)),
    Column("sweep", "number of the sweep", ""),
    Column("lock_s", "laboratory time", "s"),
    Column("lock_ut", "field", "µT", ("lock_s",)),
)
RESULT = {"evolution_us": [1.0, 2.5], "concurrence_ci95": [[0.0, 0.1], [0.02, 0.2]], "best_us": 2.5, "why": "none"}


def stored(folder, rows, result=RESULT):
    with closing(Store(folder, "a bench")) as store:
        recording = store.begin("engine", COLUMNS, {"plan": {"hours": 2.0, "cool": {"deep": True}}})
        for row in rows:
            recording.add(row)
        recording.end({"status": "completed", "result": result})


TIMES = [{"evolution_us": t, "concurrence": c, "sweep": 1.0} for t, c in ((1.0, 0.05), (2.5, 0.1))]
LOCKS = [{"lock_s": 3.0, "lock_ut": 7.0}, {"lock_s": 3.0, "lock_ut": 8.0}]


def table(file, **options):
    with file.open(newline="", encoding=options.pop("encoding", "utf-8")) as stream:
        return list(csv.reader(stream, **options))


def test_rows_of_one_kind_are_one_table_with_its_dimension_and_intervals(labctl, tmp_path):
    stored(tmp_path / "data", TIMES)
    for name in ("x.nc", "x.csv"):
        assert labctl("export", "1", "--to", str(tmp_path / name)).code == 0
    with xarray.open_dataset(tmp_path / "x.nc", engine="h5netcdf") as found:
        assert found["concurrence"].sel(evolution_us=2.5) == 0.1
        assert found["concurrence_ci95_high"].sel(evolution_us=2.5) == 0.2
        assert (found["evolution_us"].attrs["units"], found["concurrence"].attrs["units"]) == ("us", "1")
        attributes = found.attrs
        assert (attributes["plan.hours"], attributes["plan.cool.deep"], attributes["result.best_us"]) == (
            2.0,
            "true",
            2.5,
        )
    assert table(tmp_path / "x.csv") == [
        ["evolution_us (us)", "sweep", "concurrence", "concurrence_ci95_low", "concurrence_ci95_high"],
        ["1.0", "1.0", "0.05", "0.0", "0.1"],
        ["2.5", "1.0", "0.1", "0.02", "0.2"],
    ]


def test_every_kind_of_rows_is_a_group_and_a_file_of_its_own(labctl, tmp_path):
    stored(tmp_path / "data", [TIMES[0], LOCKS[0], TIMES[1], LOCKS[1]])
    assert labctl("export", "1", "--to", str(tmp_path / "x.nc")).code == 0
    with xarray.open_datatree(tmp_path / "x.nc", engine="h5netcdf") as found:
        assert set(found.children) == {"evolution_us", "lock_s"}
        assert found["evolution_us/concurrence"].dims == ("evolution_us",)
        locks = found["lock_s"]
        assert (locks["lock_ut"].dims, set(locks.coords)) == (("point",), {"lock_s"})  # the same time twice: no index
        assert locks["lock_ut"].attrs["units"] == "uT"
        assert found.attrs["groups"] == "evolution_us, lock_s"
    told = labctl("export", "1", "--to", str(tmp_path / "x.csv")).out
    assert "x-evolution_us.csv" in told
    assert table(tmp_path / "x-lock_s.csv") == [["lock_s (s)", "lock_ut (uT)"], ["3.0", "7.0"], ["3.0", "8.0"]]
    assert labctl("export", "1", "--to", str(tmp_path / "x.csv")).code == 2


def test_a_run_without_points_is_exported_as_that(labctl, tmp_path):
    stored(tmp_path / "data", [])
    for name in ("x.nc", "x.csv"):
        assert labctl("export", "1", "--to", str(tmp_path / name)).code == 0
    assert len(table(tmp_path / "x.csv")) == 1


@pytest.mark.parametrize(("excel", "cells"), [("point", "1.0,1.0,0.05"), ("comma", "1,0;1,0;0,05")])
def test_excel_opens_it_with_its_own_decimals(labctl, tmp_path, excel, cells):
    stored(tmp_path / "data", TIMES, {})
    assert labctl("export", "1", "--to", str(tmp_path / "x.csv"), "--excel", excel).code == 0
    content = (tmp_path / "x.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfevolution_us (us)")
    assert content.decode("utf-8-sig").splitlines()[1] == cells
    assert labctl("export", "1", "--to", str(tmp_path / "x.nc"), "--excel", excel).code == 2


def test_only_an_interval_looks_like_one(capsys):
    print_result({"pair": [1.0, 2.0], "pair_nm": [[1.0, 2.0], [3.0, 4.0]], "c_ci95": [0.25, 0.5], "counts": [3, 4]})
    said = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [words.strip() for _, words in said] == ["1, 2", "1, 2, 3, 4", "0.25 … 0.5", "3, 4"]


def test_the_truth_of_a_field_means_what_the_result_means():
    twin = Twin(load_sample(None))
    along_mt, across_mt = (float(np.mean(v)) for v in twin.field_mt())
    assert truth(twin, {"field_mt": 0.1})["field_mt"] == pytest.approx(along_mt)
    of_odmr = truth(twin, {"field_mt": 0.1, "tilt_deg": 3.0})
    assert of_odmr["field_mt"] == pytest.approx(np.hypot(along_mt, across_mt))
    assert of_odmr["tilt_deg"] == pytest.approx(np.degrees(np.arctan2(across_mt, abs(along_mt))))
