"""An engine run that expects nothing, without the night before it, and a calibration that rests on beliefs."""

from dataclasses import dataclass, fields, replace

from sequences import calibrate as calibrating
from sequences import engine as engines
from sequences.results import Estimate, Progress

WHY = (
    "Expected after 4.1 us: signed concurrence -0.062(±0.011), the witness at -9.3 sigma after 16 h: no entanglement "
    "is expected at any time. It would gain by mending: the cold bath's polarisation, 0.861 for want of pump fidelity "
    "(0.950): +0.071; the spread of the lines, 75 kHz (T2*): +0.022"
)
CURVE_US = (0.1, 2.1, 4.1, 6.1)
CURVE = (-0.2, -0.1, -0.062, -0.07)


def engine(lab, plan):
    """Everything but the measurement: no tomography."""
    assert plan.evolution_us == ()
    empty = ("evolution_us", "concurrence", "concurrence_err", "concurrence_ci95", "predicted_concurrence")
    empty += tuple(f"signed_{key}" for key in empty[1:4])
    empty += ("predicted_concurrence_err", "populations", "populations_err", "curve_populations")
    known = dict.fromkeys(empty, ()) | {"curve_us": CURVE_US, "curve_concurrence": CURVE}
    known |= {"expected": False, "why": WHY, "curve_concurrence_err": (0.01,) * 4, "photons": 0.0}
    known |= {"expected_us": 4.1, "expected_signed_concurrence": -0.062, "expected_signed_concurrence_err": 0.011}
    known |= {"expected_witness": -0.046, "expected_significance": -9.3, "best_us": 4.1}
    known |= {f"polarisation_{side}{end}": 0.5 for side in ("left", "right") for end in ("", "_err")}
    missing = {field.name for field in fields(engines.EngineResult)} - set(known)
    assert missing == {"significance", "witness", "witness_err", "witness_phase", "witness_share", "rho_re", "rho_im"}
    result = engines.EngineResult(**known, **dict.fromkeys(missing))
    lab.clock.sleep(1.0)
    lab.notes.append(WHY)
    yield Estimate({**vars(result), "planned_us": (2.1, 4.1), "planned_concurrence": (-0.1, -0.062)})
    yield Progress(0.5, WHY)
    return result


@dataclass(frozen=True)
class CalibratePlan:
    """Nothing to choose."""


def calibrate(lab, _plan):
    """What a calibration finds, without finding it."""
    lab.clock.sleep(1.0)
    yield Progress(1.0, "calibrated")
    return calibrating.CalibrateResult(
        g_rad_per_s=66142.0, g_rad_per_s_err=126.0, zz_rad_per_s=133038.0, zz_rad_per_s_err=592.0, gate_ns=23600,
        rabi_mhz=1.25, rabi_mhz_err=0.0005, splitting_mhz=7.468, splitting_mhz_err=0.0015, compensation_a=-0.027,
        cross_talk=0.171, cross_talk_err=0.0027, fidelity=(0.948, 0.951), fidelity_err=(0.004, 0.005),
        spread_khz=(74.1, 75.8), spread_khz_err=(1.2, 1.4), nitrogen=0.962, nitrogen_err=0.003,
        charged=(0.75, 0.74), charged_err=(0.01, 0.01),
        values={"g_rad_per_s": (66142.0, 126.0), "settling_share": (0.003, 0.0036), "leak_left_per_s": (130.0, 81.0)},
        believed={"leak_left_per_s": 0.08, "settling_share": 0.97}, wander={"field": 0.1}, reduced_chi2=0.98,
        p_value=0.58, pulls=(0.1,) * 50, photons=4.6e8, hours=2.1,
    )  # fmt: skip


ENGINE = replace(engines.EXPERIMENT, function=engine, programs=None, made_of=None)
CALIBRATE = replace(calibrating.EXPERIMENT, plan=CalibratePlan, function=calibrate, programs=None)
