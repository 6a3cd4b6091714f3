"""locate finds both NVs of the twin, or says why it cannot."""

import numpy as np
import pytest
from support.estimates import assert_ends_as, followed

from sequences.locate import LocatePlan, locate
from sequences.results import SequenceError
from tools.trials.wired import is_dark, run, without_wires

MOST_PLAYS = 400
KEYS = [f"pair.{side}_{axis}_nm" for side in ("left", "right") for axis in "xy"]


@pytest.mark.parametrize(
    ("seed", "pair", "optics"),
    [
        (1, {"separation_nm": 13.5, "centre_nm": [35.0, -20.0], "orientation_deg": 25.0}, {}),
        (
            2,
            {"separation_nm": 10.0, "centre_nm": [-95.0, 90.0], "orientation_deg": -80.0},
            {"doughnut_radius_nm": 150.0},
        ),
    ],
)
def test_both_nvs_are_found_well_within_a_nanometre(seed, pair, optics):
    with without_wires(seed, pair=pair, optics=optics) as bench:
        result, points = run(locate(bench.lab, LocatePlan()))
        places = bench.twin.sample.pair.positions_nm
        places = places[np.lexsort((places[:, 1], places[:, 0]))]
        wrong, error = np.array(result.pair_nm) - places, np.array(result.pair_nm_err)
        assert np.all(np.abs(wrong) < 4 * error)
        assert np.all(error < 0.2)
        np.testing.assert_allclose(np.sqrt(np.diag(result.pair_covariance_nm2)), error.ravel())
        assert abs(result.separation_nm - pair["separation_nm"]) < 4 * result.separation_nm_err
        assert abs(result.null_depth - bench.twin.sample.optics.doughnut_null) < 4 * result.null_depth_err
        assert result.two_emitter_sigma > 15  # even if a drift were to blame for what one emitter leaves unexplained
        assert len(points) <= MOST_PLAYS
        kept = bench.lab.calibration
        assert kept.get("pair.left_x_nm").value == result.pair_nm[0][0] <= result.pair_nm[1][0]
        assert kept.get("pair.right_y_nm").error == result.pair_nm_err[1][1]
        np.testing.assert_array_equal(kept.covariance(KEYS), result.pair_covariance_nm2)
        assert is_dark(bench)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ({"optics": {"saturated_cps": 0.0}}, "No emitter"),
        ({"pair": {"separation_nm": 1.0}}, r"Only one emitter is resolved.* at most [1-5]\.\d nm away"),
        ({"pair": {"separation_nm": 3.5}}, r"Only one emitter is resolved.* at most [3-7]\.\d nm away"),
        ({"pair": {"centre_nm": [420.0, 0.0]}}, r"centre_x_nm=4[12]\d "),
        ({"optics": {"doughnut_null": 0.08}}, r"cross-talk is (7|8)\."),
    ],
)
def test_what_is_not_a_pair_is_refused(truth, words):
    with without_wires(4, **truth) as bench:
        with pytest.raises(SequenceError, match=words):
            run(locate(bench.lab, LocatePlan()))
        assert bench.lab.calibration.get("pair.left_x_nm") is None
        assert is_dark(bench)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_places_are_those_to_steer_to_after_a_walk(seed):
    with without_wires(seed, optics={"steering_drift_nm_per_sqrt_min": 1.0}) as bench:
        result, _ = run(locate(bench.lab, LocatePlan()))
        now = bench.twin.sample.pair.positions_nm - bench.twin.drift.steering_nm
    wrong = np.ravel(result.pair_nm) - now.ravel()
    covariance = np.array(result.pair_covariance_nm2)
    assert wrong @ np.linalg.solve(covariance, wrong) < 18.5  # one in a thousand
    assert 0.3 < result.drift_nm_per_sqrt_min < 2.5
    assert abs(result.drift_nm_per_sqrt_min - 1.0) < 4 * result.drift_nm_per_sqrt_min_err
    assert abs(result.separation_nm - 13.5) < 4 * result.separation_nm_err


def test_a_pair_outside_the_region_is_not_measured_but_pointed_at():
    with without_wires(14, pair={"centre_nm": [420.0, 0.0]}) as bench:
        with pytest.raises(SequenceError) as caught:
            run(locate(bench.lab, LocatePlan()))
        there = {"centre_x_nm": caught.value.seen["x_nm"], "centre_y_nm": caught.value.seen["y_nm"]}
        result, _ = run(locate(bench.lab, LocatePlan(**there)))
        assert abs(result.separation_nm - 13.5) < 4 * result.separation_nm_err


def test_it_says_after_each_image_how_wide_the_doughnut_is():
    with without_wires(7) as bench:
        seen = followed(locate(bench.lab, LocatePlan()))
        true_nm = bench.twin.sample.optics.doughnut_radius_nm
    assert_ends_as(seen)
    radii = seen.course("doughnut_radius_nm", "doughnut_radius_nm_err")
    assert len(radii) == 4
    assert all(abs(radius - true_nm) < 5 * error for radius, error in radii)
    assert len(seen.course("pair_nm")) == 1
