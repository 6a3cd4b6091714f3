"""`labctl predict nights`: hours as numbers, as a table, as a figure; the bench that they are asked of."""

import json

import numpy as np
import pytest
from support.known_bench import stored
from typer.testing import CliRunner

from labctl.cli.predictions.predict import app
from labctl.figures.nights import draw_nights
from labctl.predictions.assumed_bench import Assumed, known, pair, reading, release, with_baths
from labctl.predictions.nights import MAPS, as_dataset, predict_nights
from sequences.analysis.engine.balance import polarisation_after
from sequences.cool import CoolPlan
from sequences.engine import EnginePlan
from sequences.routines.bench import calibrated_bench
from sequences.routines.bench.calibrated_bench import foreseen_us
from sequences.routines.pair.joint_measurement import gates_for

RUN = CliRunner()
pytestmark = pytest.mark.twin  # a night is planned as by a run: seconds a point


@pytest.fixture(scope="module")
def two_points():
    """One that is a matter of hours, and one that never entangles: its baths are too warm."""
    told = []
    fidelities = [0.998, 0.8]
    found = predict_nights(
        {"separation_nm": [8.0], "pump_fidelity": fidelities},
        Assumed(c13_percent=0.3, t2star_us=1e6),
        lambda done, of: told.append((done, of)),
    )
    assert told == [(1, 2), (2, 2)]
    return json.loads(json.dumps(found)) | {"found": None}


def test_hours_where_it_entangles_and_none_where_it_does_not(two_points):
    p, plan = two_points, EnginePlan()
    assert p["axes"] == ["separation_nm", "pump_fidelity"]
    (sure,), (never,) = p["hours"]
    assert 2.0 < sure < 5.0
    assert never is None
    assert p["signed_concurrence"][0][0] > 0.25 > 0.0 > p["signed_concurrence"][1][0]
    assert plan.significance < p["significance"][0][0] < 2.0 * plan.significance
    assert 0.125 <= p["tomography_h"][0][0] / p["most_tomography_h"][0][0] < 1.0
    assert p["polarisation_right"][0][0] < 2 * 0.998 - 1


def test_a_hopeless_pair_is_not_calibrated_for_long(two_points):
    """As in the run: only the first batch of its joint calibration is measured."""
    assert two_points["calibration_h"][1][0] == pytest.approx(0.5)


def test_as_dataset(two_points):
    dataset = as_dataset(two_points)
    assert dataset["hours"].dims == ("pump_fidelity", "separation_nm")
    assert dataset["hours"].attrs["units"] == "h"
    assert np.isnan(dataset["hours"].values[1, 0])
    assert set(MAPS) == set(dataset.data_vars)
    assert dataset.attrs["c13_percent"] == 0.3


def test_the_assumed_bench_is_like_a_calibrated_one():
    """Against what `calibrate` measured of the default sample: its pair stands askew to the gradient by 5 degrees."""
    assumed, measured = Assumed(13.5, 1.1, 1e6, 0.998, line_shift_khz=0.0), stored().values
    here = pair(assumed)
    for name in ("g_rad_per_s", "zz_rad_per_s", "rabi_x_rad_per_s", "gradient_left_rad_per_s"):
        assert here.named[name] == pytest.approx(measured[f"calibrated.{name}"].value, rel=0.015), name
    for name in ("pump_level", "pump_left", "pump_right", "doughnut_level", "doughnut_left", "doughnut_right"):
        assert here.named[name] == pytest.approx(measured[f"calibrated.{name}"].value, rel=0.08), name
    windows = reading(assumed)
    for name, ns in (
        ("pumping", windows.pumping_ns),
        ("pump_window", windows.pump_ns),
        ("doughnut_window", windows.doughnut_ns),
    ):
        assert ns == pytest.approx(measured[f"beams.{name}_ns"].value, rel=0.08), name
    for key in ("cr.rate_per_s", "cr.half_width_khz", "field.resonance_mt"):
        assert known(assumed).calibration.get(key).value == pytest.approx(measured[key].value, rel=1e-5), key


def test_a_wide_spread_widens_the_resonance_that_is_seen():
    narrow, wide = (known(Assumed(t2star_us=t, c13_percent=1.1)) for t in (1e6, 1.0))
    assert wide.calibration.get("cr.half_width_khz").value > 2.0 * narrow.calibration.get("cr.half_width_khz").value


def test_a_deeper_null_and_a_weaker_doughnut():
    talk = {
        (null, mw): pair(Assumed(doughnut_null=null, doughnut_mw=mw)).readout("depletion").cross_talk
        for null, mw in ((3e-4, 1000.0), (3e-3, 1000.0), (3e-4, 100.0))
    }
    usual, shallow, weak = talk.values()
    assert shallow > 3.0 * usual
    assert weak < 0.6 * usual
    assert reading(Assumed(doughnut_mw=100.0)).doughnut_ns > reading(Assumed()).doughnut_ns


def test_no_instrument_is_asked_and_no_bath_is_colder_than_the_pumping():
    with pytest.raises(AttributeError, match="has no instruments"):
        known(Assumed()).magnet.switch_on()
    assert 0.85 < release(Assumed(pump_fidelity=0.95)).polarisation[1] < 0.9


def test_a_close_pair_is_looked_at_in_short_cycles_for_in_long_ones_its_baths_grow_alike():
    """`cool` refuses baths that are not apart; an engine run lets it look at the cycle that the pair will have."""
    assumed = Assumed(separation_nm=8.0)
    lab, here = known(assumed), pair(assumed)
    with_baths(lab, assumed, here, gates_for(lab, here).gate_ns)
    model, released = calibrated_bench.engine_model(lab), calibrated_bench.release(lab)
    short, usual = (polarisation_after(model, released, us) for us in (foreseen_us(lab), CoolPlan.evolution_us))
    assert foreseen_us(lab) < 0.6 * CoolPlan.evolution_us
    assert short[1] - short[0] > 0.6
    assert usual[1] - usual[0] < 0.45


def made_up(hours, signed, **changed):
    """A prediction of 3 x 3 points that was not computed."""
    return {
        "prediction": "nights",
        "wanted_significance": 5.0,
        "axes": ["separation_nm", "c13_percent"],
        "separation_nm": [7.0, 10.0, 13.0],
        "c13_percent": [0.1, 0.3, 1.1],
        "t2star_us": 3.0,
        "pump_fidelity": 0.95,
        "doughnut_null": 3e-4,
        "doughnut_mw": 1000.0,
        "hours": hours,
        "signed_concurrence": signed,
        "found": None,
        **changed,
    }


HOURS = [[3.0, 5.0, 20.0], [4.0, 9.0, None], [8.0, None, None]]
SIGNED = [[0.2, 0.1, 0.05], [0.15, 0.1, 0.01], [0.1, -0.02, -0.1]]


def test_the_figure_has_one_night_the_end_of_entanglement_and_the_pair():
    found = {"separation_nm": 8.3, "separation_nm_err": 0.4, "c13_percent": 0.3}
    axes = draw_nights(made_up(HOURS, SIGNED, found=found)).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["one night, 12 h", "entanglement ends", "the pair found, 8.3 nm"]
    assert axes.get_xlabel() == "separation of the NVs (nm)"
    assert axes.get_ylabel() == "13C content (%)"
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low == pytest.approx(0.1 / 3**0.5)  # a field reaches half of the way to its neighbour
    assert 1.1 < high < 3.0


@pytest.mark.parametrize("nothing", [None, 30.0])
def test_a_map_without_any_night_is_drawn(nothing):
    axes = draw_nights(made_up([[nothing] * 3] * 3, SIGNED)).axes[0]
    assert axes.get_legend_handles_labels()[1] == ["entanglement ends"]


def test_a_single_row_is_a_line(two_points):
    axes = draw_nights(two_points).axes[0]
    assert axes.get_xlabel() == "pump fidelity F"
    assert "(h)" in axes.get_ylabel()
    assert "not entangled" in axes.get_legend_handles_labels()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pump-fidelity", "1.1"], "--pump-fidelity 1.1 is out of range: give a number from 0.55 to 0.9999"),
        (["--separation-nm", "0:5:6"], "--separation-nm 0 is out of range"),
        (["--t2star-us", "1,2"], "--separation-nm, --c13-percent, --t2star-us have several values each"),
        (["--doughnut-mw", "much"], "cannot be read"),
        (["--netcdf", "map.txt"], "--netcdf map.txt has no known ending: use .nc"),
    ],
)
def test_refusals(arguments, said):
    result = RUN.invoke(app, ["nights", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_the_table(monkeypatch):
    """Columns and rows with their units, hours where there are some, and why where there are none."""
    asked = []

    def answered(values, assumed, *_):
        asked.append((values, assumed))
        return made_up(HOURS, SIGNED)

    monkeypatch.setattr("labctl.predictions.nights.predict_nights", answered)
    arguments = ["nights", "--separation-nm", "7:13:3", "--c13-percent", "0.1,0.3,1.1", "--t2star-us", "5"]
    lines = RUN.invoke(app, arguments).stdout.splitlines()
    assert asked[0][0] == {"separation_nm": [7.0, 10.0, 13.0], "c13_percent": [0.1, 0.3, 1.1]}
    assert asked[0][1].t2star_us == 5.0
    assert lines[0].startswith("laboratory hours to 5 sigma; T2* (us) 3, F 0.95")
    assert lines[1].split() == ["13C", "(%)", "|", "apart", "(nm)", "7", "10", "13"]
    assert [line.split() for line in lines[2:5]] == [
        ["0.1", "3.0", "5.0", "20.0"],
        ["0.3", "4.0", "9.0", "more"],
        ["1.1", "8.0", "-", "-"],
    ]
    assert lines[-1] == "shortest: 3.0 h at apart (nm) 7, 13C (%) 0.1"
