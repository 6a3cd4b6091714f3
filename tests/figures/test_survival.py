"""`labctl predict survival`: maps as numbers, as a table, as a figure and as netCDF; the pair of a data folder."""

import json
from contextlib import closing

import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

from labctl.cli.predictions.predict import app
from labctl.data.writing.run_writer import Store
from labctl.figures.survival import draw_survival
from labctl.predictions import survival
from labctl.predictions.survival import Surroundings, predict_survival, widest_nm
from physics.optics import doughnut_profile
from sequences.results import Column

RUN = CliRunner()
SMALL = ("--separation-nm", "13.5,7", "--c13-percent", "1.1,0.2,0.05")


def answer(*arguments):
    result = RUN.invoke(app, ["survival", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_natural_sample_at_13_5_nm_does_not_entangle_and_a_close_one_with_few_13c_does():
    p = answer(*SMALL)
    values = np.array(p["signed_concurrence"])
    assert values.shape == (3, 2)
    assert values[0, 0] < -0.1
    assert values[1, 1] > 0.15
    assert p["best"]["signed_concurrence"] == values.max()
    assert 2.0 < p["evolution_us"][0][0] < 5.0
    assert p["found"] is None


def test_no_bath_is_colder_than_the_pumping():
    for fidelity in (0.9, 0.998):
        p = answer(*SMALL, "--pump-fidelity", str(fidelity))
        assert np.max(p["polarisation_right"]) < 2 * fidelity - 1
        assert np.min(p["polarisation_right"]) > 0.97 * (2 * fidelity - 1)


def test_the_numbers_do_not_depend_on_how_the_map_is_cut():
    apart, c13, around = [13.5, 11.0, 8.0, 6.0], [1.1, 0.4, 0.1], Surroundings()
    whole = predict_survival(apart, c13, around)
    rows = [predict_survival(apart, [one], around)["signed_concurrence"][0] for one in c13]
    np.testing.assert_allclose(whole["signed_concurrence"], rows, atol=1e-10)


def test_a_long_map_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(survival, "_TILE", 2)
    told = []
    predict_survival([13.5, 8.0], [1.1, 0.2, 0.1], Surroundings(), lambda done, of: told.append((done, of)))
    assert told == [(2, 6), (4, 6), (6, 6)]


def test_the_edge_of_entanglement_lies_between_the_points():
    p = {"separation_nm": [6.0, 10.0, 8.0], "signed_concurrence": [[0.2, -0.1, 0.1], [0.3, 0.1, 0.2], [-0.1] * 3]}
    assert widest_nm(p) == [pytest.approx(9.0), 10.0, None]


def test_the_table_tells_where_entanglement_ends():
    result = RUN.invoke(app, ["survival", "--separation-nm", "7:14:8", "--c13-percent", "2,0.2"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "F = 0.95" in lines[0]
    assert lines[1].split()[-3:] == ["entangled", "up", "to"]
    assert lines[2].endswith(" nm")
    assert float(lines[2].split()[-2]) < float(lines[3].split()[-2])
    assert lines[4].startswith("best: +0.")


@pytest.mark.system  # the writer of netCDF asks the operating system for its name
def test_netcdf(tmp_path):
    file = tmp_path / "map.nc"
    p = answer(*SMALL, "--netcdf", str(file))
    with xarray.open_dataset(file, engine="h5netcdf") as kept:
        assert kept["signed_concurrence"].dims == ("c13_percent", "separation_nm")
        np.testing.assert_array_equal(kept["signed_concurrence"], p["signed_concurrence"])
        assert kept["evolution_us"].attrs["units"] == "us"
        assert kept.attrs["pump_fidelity"] == 0.95


def data_folder(folder, *results):
    with closing(Store(folder, "a bench")) as store:
        for result in results:
            recording = store.begin("part", (Column("counts", "counts", ""),), {"plan": {}, "versions": {}})
            recording.add({"counts": 7.0})
            recording.end({"status": "completed", "result": result, "lab_time_s": 2.0})
    return folder


PAIR = {"separation_nm": 8.3, "separation_nm_err": 0.4}


@pytest.mark.parametrize(
    ("results", "content", "drawn"),
    [
        ([PAIR], None, "axvline"),
        ([PAIR, {"rate_per_s": 50e3, "half_width_khz": 100.0}], pytest.approx(0.22), "errorbar"),
    ],
)
def test_the_pair_of_a_data_folder_is_marked(tmp_path, results, content, drawn):
    folder = data_folder(tmp_path, {"separation_nm": 20.0}, *results)
    p = answer(*SMALL, "--data", str(folder))
    assert p["found"] == {**PAIR, "c13_percent": content}
    axes = draw_survival(p).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["entanglement ends", "the pair found, 8.3 nm"]
    assert bool(axes.containers) == (drawn == "errorbar")


def test_a_data_folder_without_a_pair_is_refused(tmp_path):
    folder = data_folder(tmp_path, {"slope_per_v": 1.0})
    result = RUN.invoke(app, ["survival", *SMALL, "--data", str(folder)])
    assert result.exit_code == 2
    assert "no completed run in it has found a pair" in result.stderr


@pytest.mark.parametrize(
    ("grid", "contour"),
    [
        (SMALL, True),
        (("--separation-nm", "9", "--c13-percent", "1,0.1"), False),
        ((*SMALL[:2], "--c13-percent", "1"), False),
    ],
)
def test_figures(tmp_path, grid, contour):
    file = tmp_path / "map.png"
    assert answer(*grid, "--figure", str(file))["prediction"] == "survival"
    assert file.stat().st_size > 5000
    axes = draw_survival(answer(*grid)).axes[0]
    assert ("entanglement ends" in axes.get_legend_handles_labels()[1]) == contour
    assert "nm" in axes.get_xlabel() or "%" in axes.get_xlabel()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pump-fidelity", "1.1"], "--pump-fidelity 1.1 is out of range: give a number from 0.5 to 1"),
        (["--t2star-us", "0"], "--t2star-us 0 is out of range"),
        (["--separation-nm", "0:5:6"], "--separation-nm 0 is out of range"),
        (["--c13-percent", "1:2:3:lin"], "cannot be read"),
        (["--c13-percent", "0:2:3:log"], "cannot be read"),
        (["--netcdf", "map.txt"], "--netcdf map.txt has no known ending: use .nc"),
        (["--figure", "no-such-folder/a.png"], "does not exist"),
        (["--line-shift-khz", "nan"], "out of range"),
    ],
)
def test_refusals(arguments, said):
    result = RUN.invoke(app, ["survival", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_even_ratios():
    p = answer("--separation-nm", "5:20:3:log", "--c13-percent", "1")
    assert p["separation_nm"] == [5.0, pytest.approx(10.0), 20.0]


def test_both_beams_cool_alike_and_differ_by_their_cross_talk():
    """A hot NV that is turned by itself does not mind the doughnut; the read-out does."""
    gsd, sted = (answer(*SMALL, "--beam", beam) for beam in ("gsd", "sted"))
    np.testing.assert_allclose(gsd["signed_concurrence"], sted["signed_concurrence"], atol=0.01)
    assert (gsd["beam"], sted["beam"]) == ("gsd", "sted")
    assert gsd["cross_talk"][0] < sted["cross_talk"][0] < 0.1  # 13.5 nm; weak light, a null of 3e-4
    heated = answer(*SMALL, "--beam", "sted", "--heating", "doughnut")
    assert np.all(np.array(heated["signed_concurrence"]) < sted["signed_concurrence"])


@pytest.mark.parametrize("null", [1e-4, 3e-4, 1e-3, 1e-2])
def test_a_red_doughnut_never_talks_less_than_its_null_says(null):
    """However strong it is, the light of both NVs has at best the ratio of null and profile."""
    p = predict_survival([13.5], [1.1], Surroundings(beam="sted", doughnut_null=null))
    assert p["cross_talk"][0] > null / doughnut_profile(13.5, 165.0, null)
    assert p["cross_talk"][0] < 1.0
