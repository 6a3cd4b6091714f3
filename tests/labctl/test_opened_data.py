"""Stored runs in Python, by labctl, by plain QCoDeS and by plottr."""

import importlib.util
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest

import labctl
from labctl.common.refusals import Refusal
from labctl.data.reader import one_run
from labctl.data.remarks import add_note, add_tag
from labctl.data.writing.run_writer import Store
from sequences.odmr import COLUMNS

HOME = Path(__file__).resolve().parents[2]
RESULT = {"field_mt": 4.5123, "field_mt_err": 0.0021, "resonances_hz": [2.8e9, 2.9e9], "contrast": 0.1}


@pytest.fixture
def folder(tmp_path):
    """1 odmr with a spectrum of five points and two readings of light; 2 odmr that failed."""
    with closing(Store(tmp_path / "data", "a bench")) as store:
        run = store.begin("odmr", COLUMNS, {"plan": {"step_mhz": 0.5}})
        for lit in (0.0, 1.0):
            run.add({"lit": lit, "light_cps": 100.0 + lit, "light_cps_err": 1.0})
        for k in range(5):
            run.add({"frequency_hz": 2.8e9 + k, "signal": 1.0 - 0.01 * k, "signal_err": 0.003})
        run.end({"status": "completed", "message": "", "result": RESULT})
        store.begin("odmr", COLUMNS, {"plan": {}}).end({"status": "failed", "message": "dark", "result": None})
    return tmp_path / "data"


def test_runs_are_listed_found_and_read_as_xarray(folder):
    data = labctl.open_data(folder)
    assert [run.run_id for run in data] == [1, 2]
    assert len(data) == 2
    run = data[1]
    assert (run.sequence, run.status, run.plan) == ("odmr", "completed", {"step_mhz": 0.5})
    assert run.data["signal"].dims == ("frequency_hz",)
    np.testing.assert_allclose(run.data["signal"], [1.0, 0.99, 0.98, 0.97, 0.96])
    assert run.data["frequency_hz"].attrs["units"] == "Hz"
    assert run.data.attrs["run_id"] == 1
    assert run.sheets.keys() == {"frequency_hz", "lit"}
    assert run.sheets["lit"]["light_cps"].values.tolist() == [100.0, 101.0]
    add_note(folder, one_run(folder, 1), "cold")
    add_tag(folder, one_run(folder, 1), "night")
    assert run.remarks.tags == ("night",)
    assert [one.run_id for one in data.find(tag="night")] == [1]
    assert [one.run_id for one in data.find(status="failed", since="yesterday", text="dark")] == [2]
    assert data.table().loc[1, "tags"] == "night"
    assert "night" in data._repr_html_()


def test_a_result_has_errors_units_and_meanings(folder):
    result = labctl.open_data(folder)["1"].result
    assert str(result.field_mt) == "4.5123 ± 0.0021 mT"
    assert float(result["field_mt"]) == 4.5123
    assert (result.field_mt.error, result.field_mt.unit, result.field_mt.meaning) == (
        0.0021,
        "mT",
        "Magnitude of the field.",
    )
    assert str(result.contrast) == "0.1"
    assert list(result) == ["field_mt", "resonances_hz", "contrast"]
    assert "Magnitude of the field" in result._repr_html_()
    with pytest.raises(AttributeError, match=r"no 'fieldmt'\. It has: field_mt, "):
        _ = result.fieldmt


def test_a_figure_is_one_that_a_notebook_shows(folder):
    drawn = labctl.open_data(folder)[1].plot()
    assert isinstance(drawn, matplotlib.figure.Figure)
    assert drawn._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(Refusal, match="has nothing to draw"):
        labctl.open_data(folder)[2].plot()


def test_what_is_not_there_is_refused_in_plain_words(folder, tmp_path):
    with pytest.raises(Refusal, match="There is no folder") as refused:
        labctl.open_data(tmp_path / "nowhere")
    assert refused.value._render_traceback_() == [f"labctl: {refused.value}"]
    data = labctl.open_data(folder)
    with pytest.raises(Refusal, match="There is no run 7"):
        _ = data[7]
    with pytest.raises(Refusal, match="did you mean 'odmr'"):
        data.find(sequence="odm")
    with pytest.raises(Refusal, match="since last week: not a moment"):
        data.find(since="last week")
    with pytest.raises(AttributeError, match="has no attribute 'open_dat'"):
        _ = labctl.open_dat


def test_plain_qcodes_reads_a_run(folder):
    from qcodes.dataset import load_by_id
    from qcodes.dataset.sqlite.database import connect

    with closing(connect(folder / "runs.db")) as connection:
        found = load_by_id(1, conn=connection).to_xarray_dataset()
    signal = found["signal"].sel(frequency_hz=[2.8e9 + k for k in range(5)])
    np.testing.assert_allclose(signal, [1.0, 0.99, 0.98, 0.97, 0.96])
    assert found["signal"].attrs["label"] == "photoluminescence with / without microwave"


@pytest.mark.skipif(importlib.util.find_spec("plottr") is None, reason="plottr is not a dependency, and not installed")
def test_plottr_reads_a_run(folder):
    from plottr.data.qcodes_dataset import ds_to_datadict, load_dataset_from

    found = ds_to_datadict(load_dataset_from(str(folder / "runs.db"), 1))
    assert "signal" in found.dependents()


def test_importing_labctl_loads_nothing_heavy():
    code = "import sys, labctl; print([m for m in ('numpy', 'qcodes', 'xarray', 'PyQt5') if m in sys.modules])"
    code += "; labctl.open_data; print([m for m in ('PyQt5', 'pyqtgraph', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"
