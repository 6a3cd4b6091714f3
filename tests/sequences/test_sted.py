"""The experiments on a bench with a red doughnut: what the role says is all that they know of it."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from labctl.config.station_file import read_station
from labctl.unwired import Unwired, ran, unwired
from sequences.analysis.checks.light_delays import fit_edges, glimpse
from sequences.analysis.imaging.doughnut_images import Image, Images
from sequences.analysis.imaging.emitters import packed, start_one
from sequences.analysis.imaging.null_position import Shine, fit_null, fit_shine
from sequences.analysis.imaging.ring_detection import detect_ring
from sequences.core.power_budget import LimitError
from sequences.locate import LocatePlan, locate
from sequences.pulses.program import LINES, Program
from sequences.results import SequenceError
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure
from sequences.routines.bench.selection import as_lit, null_side
from sequences.routines.checks.light_edges import measured_edges
from sequences.wiring import WiringPlan, wiring
from simulated_instruments.safe import still_on
from simulated_instruments.sample import Sample, load_sample

ROOT = Path(__file__).parents[2]
STED, GSD = (read_station(ROOT / name) for name in ("station.sted.yaml", "station.yaml"))
PAIR_NM = np.array([[28.0, -23.0], [40.0, -17.0]])
PAIRS = [pair for pair in combinations(LINES, 2) if pair != ("mw_x", "mw_y")]


def bench(seed: int = 1, sample: Sample | None = None) -> Unwired:
    return unwired(sample, seed, STED)


def with_optics(**optics: object) -> Sample:
    sample = load_sample()
    return sample.model_copy(update={"optics": sample.optics.model_copy(update=optics)})


def with_sted(**sted: object) -> Sample:
    return with_optics(sted=load_sample().optics.sted.model_copy(update=sted))


# ---- what the role says --------------------------------------------------------------------------------------------


def test_the_green_light_goes_on_with_a_doughnut_that_only_forbids() -> None:
    program = Program("any", 100).then(200, "depletion", "shift").then(100, "mw_x").then(300, "pump", "depletion")
    red, green = bench().lab, unwired(None, 1, GSD).lab
    assert [sorted(i.lines) for i in as_lit(red, program).intervals] == [
        ["depletion", "pump", "shift"],
        ["mw_x"],
        ["depletion", "pump"],
    ]
    assert as_lit(green, program) == program
    assert (null_side(red), null_side(green)) == ("right", "left")


def test_the_green_light_that_goes_on_with_the_doughnut_counts_for_the_limits() -> None:
    lab = bench().lab
    controls.pump(lab)
    controls.doughnut(lab, 100.0)
    program = Program("red alone", 100).then(100_000, "depletion", "gate_signal")
    measure(lab, program, 10)
    tight = replace(lab, limits=lab.limits.model_copy(update={"sample_green_mw": 4.0}))
    with pytest.raises(LimitError, match=r"green light at the sample would be 5 mW, above limits.sample_green_mw = 4"):
        measure(tight, program, 10)
    measure(tight, program, 10, as_written=True)


# ---- images with a bright null -------------------------------------------------------------------------------------


def image(power: float, half_nm: float, pixels: int, chance: np.random.Generator) -> Image:
    axis = np.linspace(-half_nm, half_nm, pixels)
    places = np.array([(x, y) for x in axis for y in axis]) + PAIR_NM.mean(axis=0)
    shine = Shine(PAIR_NM, 165.0, power, 3e-4, 217e3, 4.5e3, bright_null=True)
    counts = chance.poisson(0.2 * shine.expected_cps(places)).astype(float)
    return Image(places[:, 0], places[:, 1], counts, np.arange(len(counts)) * 0.3, 0.2, power, bright_null=True)


@pytest.mark.parametrize("emitters", [1, 2, 3])
def test_a_model_of_bright_nulls_tells_how_its_counts_change(emitters: int) -> None:
    """Jacobian and slopes are those of finite differences."""
    chance = np.random.default_rng(1)
    seen = Images([image(4.0, 250.0, 9, chance), image(200.0, 24.0, 7, chance)])
    start = start_one(detect_ring(seen.scans[0], 165.0), seen)
    places = np.array([[12.0, -3.0], [22.0, 4.0], [60.0, -40.0]])[:emitters]
    model = packed(replace(start, positions_nm=places, third_share=0.6))
    at, step = seen.expected(model, emitters), 1e-5
    for k, row in enumerate(step * np.eye(len(model))):
        change = (seen.expected(model + row, emitters).roots - seen.expected(model - row, emitters).roots) / (2 * step)
        np.testing.assert_allclose(at.jacobian[:, k], change, atol=1e-5)
    for axis, row in enumerate(1e-4 * np.eye(2)):
        moved = (seen.expected(model, emitters, row).roots - seen.expected(model, emitters, -row).roots) / 2e-4
        np.testing.assert_allclose(at.slopes[:, axis], moved, atol=1e-6)


def test_a_bright_spot_is_sighted_where_it_is() -> None:
    found = detect_ring(image(4.0, 250.0, 9, np.random.default_rng(3)), 165.0)
    assert found.delta_chi2 > 1e4
    assert (found.x_nm, found.y_nm) == pytest.approx(PAIR_NM.mean(axis=0), abs=15)


def test_four_places_tell_a_bright_null() -> None:
    chance, true = np.random.default_rng(2), Shine(PAIR_NM, 165.0, 2000.0, 3e-4, 80e3, 3e3, bright_null=True)
    axis = np.linspace(-24.0, 24.0, 7)
    about, stands = PAIR_NM[1] + np.array([(x, y) for x in axis for y in axis]), np.array([3.0, -4.0])
    counts = chance.poisson(0.1 * true.expected_cps(about + stands)).astype(float)
    first = fit_shine(PAIR_NM, 165.0, about, counts, 0.1, np.zeros(2), bright_null=True)
    assert first.reduced_chi2 < 2.0
    np.testing.assert_allclose(first.offset_nm, stands, atol=0.5)
    places = PAIR_NM[1] + 5.0 * np.array([(0.92, 0.39), (-0.39, 0.92), (-0.92, -0.39), (0.39, -0.92)])
    pulls = []
    for _ in range(150):
        off = chance.normal(size=2)
        counts = chance.poisson(0.1 * true.expected_cps(places + off)).astype(float)
        fit = fit_null(first.shine, places, counts, 0.1, np.zeros(2))
        pulls.append((fit.offset_nm - off) / np.sqrt(np.diag(fit.covariance_nm2)))
    assert 0.8 < np.std(pulls) < 1.3


# ---- on the twin ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "apart_nm", "angle_deg"), [(1, 13.5, 25.0), (2, 10.0, -80.0)])
def test_both_nvs_are_located_by_the_bright_spot_in_the_null(seed: int, apart_nm: float, angle_deg: float) -> None:
    sample = load_sample()
    pair = sample.pair.model_copy(update={"separation_nm": apart_nm, "orientation_deg": angle_deg})
    there = bench(seed, sample.model_copy(update={"pair": pair}))
    result = ran(locate(there.lab, LocatePlan())).result
    wrong = (np.array(result.pair_nm) - there.truth(result)["pair_nm"]) / np.array(result.pair_nm_err)
    assert np.all(np.abs(wrong) < 4.0)
    assert abs(result.separation_nm - apart_nm) < 4.0 * result.separation_nm_err < 0.5
    assert abs(result.null_depth - 3e-4) < 4.0 * result.null_depth_err
    assert abs(result.doughnut_radius_nm - 165.0) < 4.0 * result.doughnut_radius_nm_err
    assert still_on(there.twin.setpoints, there.twin.levels) == []


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (with_optics(saturated_cps=0.0), "No emitter"),
        (with_sted(null=0.2), "Only one emitter is resolved|do not explain"),
        (with_sted(saturation_mw=1e5), "No emitter"),  # red light of no power, or beside the spot
    ],
)
def test_what_cannot_be_located_is_refused_and_leaves_the_bench_dark(sample: Sample, words: str) -> None:
    there = bench(3, sample)
    with pytest.raises(SequenceError, match=words):
        ran(locate(there.lab, LocatePlan()))
    assert still_on(there.twin.setpoints, there.twin.levels) == []


def test_wiring_finds_the_doughnuts_line_by_the_light_that_it_takes() -> None:
    assert "depletion" in ran(wiring(bench().lab, WiringPlan())).result.verified


@pytest.mark.parametrize(("first", "second"), [pair for pair in PAIRS if {"pump", "depletion"} & set(pair)])
def test_lines_that_are_swapped_with_a_beams_are_named(first: str, second: str) -> None:
    lab = bench().lab
    lines = {**lab.wiring.lines, first: lab.wiring.lines[second], second: lab.wiring.lines[first]}
    with pytest.raises(SequenceError, match="swapped") as refusal:
        ran(wiring(replace(lab, wiring=lab.wiring.model_copy(update={"lines": lines})), WiringPlan()))
    assert refusal.value.seen["swapped"] == f"{first} {second}"


def test_the_red_beams_delay_is_measured_by_the_light_that_it_takes() -> None:
    there = bench(4, with_optics(aom_delay_ns=450.0, aom_rise_ns=40.0))
    edges = ran(measured_edges(there.lab, "depletion", 0.5)).result
    assert abs(edges.delay_ns - 450.0) < 4.0 * edges.delay_err_ns < 40.0
    assert abs(edges.rise_ns - 40.0) < 4.0 * edges.rise_err_ns


def test_light_that_is_taken_is_the_mirror_of_light_that_is_given() -> None:
    """`glimpse` and `fit_edges` say the same of both."""
    from sequences.analysis.checks.light_delays import Window

    def windows(bright: float, dark: float) -> list[Window]:
        lit = np.clip((np.arange(-300, 2000, 100) - 430.0) / 40.0, 0.0, 1.0)
        return [
            Window(float(at), rising, power, int(1e4 * (dark + power_share * (bright - dark) * share)), 10_000)
            for power, power_share in ((1.0, 1.0), (0.02, 0.2))
            for rising, shares in ((True, lit), (False, 1.0 - lit))
            for at, share in zip(np.arange(-300, 2000, 100), shares, strict=True)
        ]

    given, taken = windows(2.0, 1.0), windows(1.0, 2.0)
    full = [[w for w in some if w.power == 1.0] for some in (given, taken)]
    assert glimpse(full[0], 100.0).on_ns == pytest.approx(glimpse(full[1], 100.0, dims=True).on_ns)
    fits = fit_edges(given, 100.0, 5000.0), fit_edges(taken, 100.0, 5000.0, dims=True)
    assert fits[0].delay_ns == pytest.approx(fits[1].delay_ns, abs=1.0)
