"""What good runs of `align` and `rabi` would have stored, from the truth: so that what builds on them runs alone."""

from typing import Final

import numpy as np

from sequences.analysis.magnet.field_model import NAMES
from sequences.pulses.library import cw_odmr
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.odmr.spectroscopy import CW_EFFICIENCY, Expected, Tracker
from sequences.routines.odmr.tracking import track_line
from tools.trials.wired import Bench, frozen_hz, run

SHIFT_A: Final = -0.1
QUARTER_NS: Final = 200


def know_pulses(bench: Bench) -> None:
    """Calibrate freezing and the quarter turn from the truth, as a good `rabi` would."""
    put, mhz = bench.lab.calibration.put, 250.0 / QUARTER_NS
    put("microwave.pi_half_ns", QUARTER_NS, 0.3)
    put("microwave.pi_half_dbm", 20 * np.log10(mhz / bench.twin.sample.microwave.rabi_mhz_at_0dbm), 0.01)
    put("shift.a", SHIFT_A, 0.0)
    calibrated_bench.set_field(bench.lab)
    put("microwave.frozen_hz", frozen_hz(bench, SHIFT_A), 1e3)


def know_magnet(bench: Bench) -> None:
    """Calibrate the coils in the frame of the NV from the truth, and f+ as the lab would see it, as a good `align`."""
    truth, put = bench.twin.sample, bench.lab.calibration.put
    axis = truth.nv_axis.unit_vector
    coils = np.array(truth.coil_matrix_mt_per_a)
    c = np.cross(axis, coils[:, 0])  # the azimuth about the axis is free: trim x makes no field along c
    c /= np.linalg.norm(c)
    rows = np.array([axis, np.cross(c, axis), c])
    offsets = rows @ (1e-3 * np.array(truth.residual_field_ut))
    values = [*np.column_stack([rows @ coils, offsets]).ravel(), 0.0]
    keys = [f"magnet.{name}" for name in NAMES]
    for key, value in zip(keys, values, strict=True):
        put(key, value, 1e-4)
    bench.lab.calibration.put_covariance(keys, 1e-8 * np.eye(len(keys)))
    put("field.nitrogen", float(truth.nitrogen == "14N"), 0.0)
    put("field.f_plus_hz", f_plus_hz(bench), 1e3)


def f_plus_hz(bench: Bench) -> float:
    """f+ of the driven pair, by a long spectrum."""
    lab = bench.lab
    calibrated_bench.set_field(lab)
    controls.pump(lab, CW_EFFICIENCY)
    along_mt, across_mt = bench.twin.field_mt()
    about_hz = float(bench.twin.lines(float(along_mt.mean()), across_mt).plus_hz[0])
    tracker = Tracker(2.4e6 * truth_rabi(bench), 0.07, 5e4, target_hz=1e3)
    fit, _ = run(track_line(lab, Expected("f+", about_hz, 3e4, np.zeros(1), 1.0), tracker, cw_odmr(100)))
    controls.dark(lab)
    return float(fit.centre_hz)


def truth_rabi(bench: Bench) -> float:
    """Rabi frequency at 0 dBm in MHz."""
    return float(bench.twin.sample.microwave.rabi_mhz_at_0dbm)
