"""`labctl compare`: what differs, results with pulls, errors that are shared, and curves over each other."""

from contextlib import closing
from dataclasses import replace

import pytest

from labctl.common.refusals import Refusal
from labctl.data.reader import one_run
from labctl.data.serialise import plain
from labctl.data.writing.run_writer import Store
from labctl.stored_runs.comparison import comparison
from labctl.stored_runs.result_rows import rows
from sequences.results import Column
from sequences.wiring import WiringPlan

pytestmark = pytest.mark.unit

COLUMNS = (
    Column("frequency_hz", "frequency", "Hz"),
    Column("signal", "signal", "", ("frequency_hz",)),
    Column("signal_err", "its error", "", ("frequency_hz",)),
)
OTHER = (COLUMNS[0], Column("signal", "signal", "V", ("frequency_hz",)))
STATION = "limits: {main_a: 0.9}\nwiring:\n  tick_ns: 100\n"


def calibrated(value, run="7", error=0.1):
    return {"value": value, "error": error, "run_id": run, "time": "", "unix_s": 0.0}


def snapshot(hz):
    channel = {"parameters": {"current": {"value": 0.5, "unit": "A"}}}
    parameters = {"frequency": {"value": hz, "unit": "Hz", "ts": str(hz)}}
    return {"station": {"instruments": {"mw": {"parameters": parameters, "submodules": {"ch1": channel}}}}}


def store_runs(folder):
    """1 and 2 differ in one thing each of plan, bench, calibration; 3 resumes 2; 4 has other columns; 5 is wiring."""
    with closing(Store(folder, "a bench")) as store:

        def measured(
            plan, result, hz=1e9, columns=COLUMNS, station=STATION, sequence="odmr", status="completed", **kept
        ):
            kept = {"plan": plan, "station_file": station, **kept}
            run = store.begin(sequence, columns, kept, snapshot(hz))
            for k in range(6):
                run.add({c.name: float(k) if c.name == "frequency_hz" else 0.1 for c in columns})
            used = {"calibration_used": {"field.a": {}, "field.b": {}}}
            run.end({"status": status, "message": "", "result": result, **used})

        known = {"field.a": calibrated(1.0), "field.b": calibrated(2.0), "unused": calibrated(1.0)}
        result = {"field_mt": 5.0, "field_mt_err": 0.3, "fidelity": [0.9, 0.8], "fidelity_err": [0.01, 0.02], "n": 3}
        measured({"step_mhz": 1.0, "sweeps": 3}, result, calibration=known, seed=1, sample="s")
        known = {"field.a": calibrated(1.0), "field.b": calibrated(2.5, "8"), "unused": calibrated(9.0)}
        known["field.a"]["run_id"] = "8"  # stored again as it was
        result = {"field_mt": 5.5, "field_mt_err": 0.4, "fidelity": [0.93, 0.8], "fidelity_err": [0.0, 0.02], "n": 4}
        station = STATION.replace("0.9", "0.8")
        measured({"step_mhz": 0.5, "sweeps": 3}, result, 2e9, station=station, calibration=known, seed=1, sample="s")
        measured({"step_mhz": 0.5, "sweeps": 3}, None, resumes=2, status="aborted")
        measured({}, {}, columns=OTHER)
        measured(plain(WiringPlan()), {}, sequence="wiring")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("compared") / "data"
    store_runs(made)
    return made


def compared(folder, *numbers):
    return comparison(folder, [one_run(folder, number) for number in numbers])


def test_what_differs_is_told_and_nothing_else(folder):
    found = compared(folder, 1, 2)
    assert [(one.key, one.values) for one in found.plan] == [("step_mhz", ("1", "0.5"))]
    assert {one.key: one.values for one in found.bench} == {
        "station.yaml.limits.main_a": ("0.9", "0.8"),
        "mw.frequency": ("1e+09", "2e+09"),
    }
    (calibration,) = found.calibration  # `unused` differs too, and no run used it
    assert calibration.key == "field.b"
    assert calibration.values == ("2.00 ± 0.10 (run 7)", "2.50 ± 0.10 (run 8)")


def test_a_pull_is_the_difference_over_the_combined_error(folder):
    found = {row.key: row for row in compared(folder, 1, 2).results}
    assert found["field_mt"].pulls == (None, pytest.approx(0.5 / 0.5))
    assert found["field_mt"].unit == "mT"
    assert found["fidelity[1]"].pulls == (None, 0.0)
    assert found["fidelity[0]"].pulls == (None, None)  # one of them has no error
    assert found["n"].values == (3, 4)
    assert not any("_err" in key for key in found)
    assert [row.pulls[1] for row in compared(folder, 2, 1).results if row.key == "field_mt"] == [pytest.approx(-1.0)]


def test_mappings_lists_and_words_are_rows_of_their_own():
    one = {
        "paulis": {"XX": [0.5, 0.1]},
        "pair_nm": [[1.0, 2.0]],
        "pair_nm_err": [[0.1, 0.2]],
        "why": "so",
        "x_ci95": [0, 1],
    }
    found = {row.key: row for row in rows([one, {"paulis": {"XX": [0.8, 0.0]}, "pair_nm": [[1.0, 3.0]]}])}
    assert found.keys() == {"paulis.XX", "pair_nm[0][0]", "pair_nm[0][1]", "why"}
    assert found["paulis.XX"].errors == (0.1, None)
    assert found["pair_nm[0][1]"].errors == (0.2, None)
    assert found["pair_nm[0][1]"].unit == "nm"
    assert found["why"].values == ("so", None)


def test_errors_that_are_shared_are_told(folder):
    told = " ".join(compared(folder, 1, 2).remarks)
    assert "used the same calibration (field.a). " in told
    assert "field.b" not in told
    assert "simulated with the same seed" in told
    told = " ".join(compared(folder, 2, 3).remarks)
    assert "Runs 2 and 3 share photons" in told
    assert "Run 3 is aborted: it has no result" in told
    assert "share photons" not in " ".join(compared(folder, 1, 3).remarks)


def test_what_cannot_be_compared_is_refused_with_what_to_do(folder):
    with pytest.raises(Refusal, match="Only runs of one sequence can be compared: run 1 is odmr, run 5 is wiring"):
        compared(folder, 1, 5)
    for numbers in ((1,), (1, 1)):
        with pytest.raises(Refusal, match="Name two different runs"):
            compared(folder, *numbers)
    with pytest.raises(Refusal, match="name at most 6"):
        comparison(folder, [replace(one_run(folder, 1), run_id=k) for k in range(1, 8)])


def test_the_command_prints_draws_and_tells_as_json(labctl, folder, tmp_path):
    figure = tmp_path / "both.png"
    shown = labctl("compare", "1", "2", "--figure", str(figure), data=folder)
    assert shown.code == 0
    assert "step_mhz  1      0.5" in shown.out
    assert "5.00 ± 0.30" in shown.out
    assert "+1.0" in shown.out
    assert figure.stat().st_size > 5000
    told = labctl("compare", "1", "2", "--json", data=folder).json
    assert [row["pulls"] for row in told["results"] if row["key"] == "field_mt"] == [[None, pytest.approx(1.0)]]
    refused = labctl("compare", "1", "4", "--figure", str(figure), data=folder)
    assert refused.code == 2
    assert "no curves that could be drawn over each other" in refused.err
    assert labctl("compare", "1", "2", "--figure", "curve.txt", data=folder).code == 2
