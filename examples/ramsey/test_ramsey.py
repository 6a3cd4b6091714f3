"""The Ramsey sequence on the twin, and all that labctl shows of it, though nothing in labctl knows its name."""

import os
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from labctl_ramsey import EXPERIMENT, RamseyPlan, ramsey

from labctl.bench.connect import Choice, opened_bench
from labctl.common.numbers import quoted
from labctl.config.station_file import read_station
from labctl.data.reader import one_run
from labctl.data.reader import points as stored_points
from labctl.figures import draw
from labctl.gui.runs.run_list import read_lines
from labctl.plans.catalogue import ENTRIES, entry
from labctl.unwired import STATION, ran, unwired
from physics.levels import cross_relaxation_fields_mt
from sequences.analysis.pair.oscillation import collective_shift_hz

pytestmark = pytest.mark.system

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # no screen is needed

QUARTER_NS, SHIFT_A = 200, -0.1
HERE = Path(__file__).parent


def know(twin, calibration):
    """What `align` and `rabi` would have stored, from the truth."""
    truth, put = twin.sample, calibration.put
    resonance_mt = cross_relaxation_fields_mt(nitrogen=truth.nitrogen == "14N")[0]
    wanted_mt = resonance_mt * truth.nv_axis.unit_vector - 1e-3 * np.array(truth.residual_field_ut)
    currents_a = np.linalg.solve(np.array(truth.coil_matrix_mt_per_a), wanted_mt)
    for axis, current_a in zip(("x", "y", "main"), currents_a, strict=True):
        put(f"field.{axis}_a", float(current_a), 1e-6)
    frozen_mt = resonance_mt + truth.pulsed_coils.shift_mt_per_a * SHIFT_A
    frozen_hz = float(twin.lines(frozen_mt, 0.0).minus_hz[0])
    put("shift.a", SHIFT_A, 0.0)
    put("microwave.pi_half_ns", QUARTER_NS, 0.3)
    put("microwave.pi_half_dbm", 20.0 * np.log10(250.0 / QUARTER_NS / truth.microwave.rabi_mhz_at_0dbm), 0.01)
    put("microwave.frozen_hz", frozen_hz, 1e3)
    put("microwave.collective_hz", frozen_hz + collective_shift_hz(truth.pair.separation_nm, 0.1)[0], 1e3)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """As `pip install` leaves it: the entry points of its pyproject.toml beside the module."""
    content = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tmp_path / "site" / "labctl_ramsey-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {content['name']}\nVersion: 0.1.0\n", "utf-8")
    lines = [
        f"[{group}]\n" + "\n".join(f"{name} = {place}" for name, place in points.items())
        for group, points in content["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path, str(info.parent)])
    ENTRIES.look_again()
    yield
    monkeypatch.undo()
    ENTRIES.look_again()


@pytest.fixture(scope="module")
def measured():
    """One run on the laboratory without wires."""
    bench = unwired(seed=5)
    bench.lab.magnet.switch_on()
    know(bench.twin, bench.kept)
    return bench, ran(ramsey(bench.lab, RamseyPlan()))


def table(points):
    return {name: np.array([point.values[name] for point in points]) for name in points[0].values}


def test_the_fringes_have_the_frequency_by_which_the_carrier_is_off(measured):
    bench, run = measured
    expected_khz = RamseyPlan().detuning_khz
    assert run.result.fringe_khz == pytest.approx(expected_khz, abs=4.0 * run.result.fringe_khz_err + 1.0)
    assert run.result.fringe_khz_err < 3.0
    assert len(run.points) == 2 * len(RamseyPlan().waits_ns)
    assert not bench.twin.knobs.carrier_on


def test_it_is_found_by_its_entry_point_alone(installed):  # noqa: ARG001
    assert entry("ramsey") is EXPERIMENT
    assert "Ramsey fringes" in ENTRIES.described()["ramsey"]
    assert ENTRIES.refused == {}


def test_its_figure_shows_the_mean_of_both_scans(measured, installed, tmp_path):  # noqa: ARG001
    _, run = measured
    figure = draw("ramsey", table(run.points), vars(run.result))
    axes = figure.axes[0]
    assert axes.get_xlabel() == "wait between two quarter turns (ns)"
    assert axes.get_ylabel() == "photoluminescence after the pulses / pumped"
    assert axes.get_legend_handles_labels()[1] == ["newest scan", "mean of 2 scans"]
    assert (
        figure.get_suptitle() == f"ramsey · fringes {quoted(run.result.fringe_khz, run.result.fringe_khz_err, 'kHz')}"
    )
    figure.savefig(tmp_path / "ramsey.png")
    assert (tmp_path / "ramsey.png").stat().st_size > 5000


def test_the_window_shows_it_while_it_runs(qtbot, measured, installed):  # noqa: ARG001
    from labctl.gui.runs.record import Record, Table
    from labctl.gui.views.points import PointsView
    from labctl.gui.widgets.theme import LIGHT
    from labctl.gui.widgets.view import docks_of

    _, run = measured
    view, record = PointsView(LIGHT), Record(1, "ramsey", {}, Table(EXPERIMENT.columns))
    qtbot.addWidget(view)
    view.show()
    for point in run.points:
        record.table.add(point.values)
        record.version += 1
        view.show_run(record)
    (picture,) = view.pictures
    wait_ns, signal = picture.lines[0][1].shown
    assert list(wait_ns) == list(RamseyPlan().waits_ns)
    assert np.ptp(signal) > 1.5 * run.result.amplitude
    assert docks_of("ramsey") == ()  # so that its dock is the one for all columns


def test_a_run_on_the_bench_leaves_a_figure_and_its_headline(installed, tmp_path):  # noqa: ARG001
    plan = RamseyPlan(step_ns=300, longest_ns=6000, scans=1)
    with opened_bench(Choice(True, seed=6), read_station(STATION), tmp_path) as bench:
        know(unwired(seed=6).twin, bench.calibration)
        outcome = bench.run(entry("ramsey"), plan)
    run = outcome.run
    assert run.status == "completed", run.message
    assert outcome.figures[run.run_id].stat().st_size > 5000
    (line,) = read_lines(tmp_path)
    assert line.conclusion.startswith("fringe ")
    recorded = stored_points(tmp_path, run.run_id)
    assert [column.name for column in recorded.columns] == [column.name for column in EXPERIMENT.columns]
    ENTRIES.pop("ramsey")  # a colleague who has not installed it
    result = one_run(tmp_path, run.run_id).result
    assert draw("ramsey", recorded.values, result, recorded.columns).axes[0].get_xlabel().endswith("(ns)")
