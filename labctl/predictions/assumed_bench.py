"""A calibrated bench that nobody has built: every number that its runs would store, from a diamond and its light.

The sequences' own forecasts read a lab's calibrations and touch no instrument. So they tell of this lab what they would
tell in the run: `known` has what is stored once the pair is found, aligned and looked at roughly, `with_baths` what
`calibrate` and `cool` would add.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from instruments.common.clock import WallClock
from labctl.data.calibration_in_memory import Kept
from labctl.predictions.survival import GAMMA_SL_PER_S, Surroundings
from physics.constants import GAMMA_E_HZ_PER_MT, NATURAL_C13_PERCENT, TWO_PI
from physics.coupling import CR_HALF_WIDTH_RAD_PER_S, dipolar_rad_per_s, gamma1_per_s, gamma2_per_s
from physics.cycle import best_cycles
from physics.levels import cross_relaxation_fields_mt
from physics.optics import doughnut_profile, saturation
from physics.spread import overhauser_khz
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import NAMES, PairCalibration
from sequences.analysis.pair.pumping import BEST_WINDOW
from sequences.analysis.pair.shot_classes import frozen_field
from sequences.core.lab import ROLES, Lab, RunContext
from sequences.core.station import Guesses, Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import COOLING_US, Reading
from sequences.pulses.program import LINES
from sequences.routines.bench import calibrated_bench

Real = NDArray[np.float64]

TICK_NS: Final = 100
_QUARTER_NS: Final = 200
_RABI_RAD_PER_S: Final = TWO_PI / (4e-9 * _QUARTER_NS)
_SHIFT_MT: Final = -1.0
_SATURATED_CPS, _BACKGROUND_CPS, _DARK_CPS, _CONTRAST = 250e3, 5e3, 300.0, 0.30
"""Of one NV, and beside it."""
_PUMP_PER_S: Final = 1e6
"""Of a saturated NV."""
_GAUSSIAN: Final = 1.0
"""Intensity of the Gaussian beam at the pair, in that which saturates an NV."""
_DOUGHNUT_MW: Final = 4.0
"""Power at which the doughnut's crest saturates an NV: half of it reaches the sample."""
_DOUGHNUT_RADIUS_NM: Final = 180.0
_EXTINCTION: Final = 1e-4
"""Of both AOMs."""
_PUMPINGS: Final = 12.0
"""Length of the pumping in a shot, in its time constant."""
_RATE_ERR: Final = 0.01
"""Of Gamma1, relative, as `relaxometry` leaves it."""
_RELEASE_ERR: Final = (0.02, 0.01, 0.02, 0.01, 0.3, _RATE_ERR)
"""Of the release as `cool` leaves it; the last one relative."""
_SHIFT_ERR_RAD_PER_S: Final = 2e3


@dataclass(frozen=True)
class Assumed:
    """A pair in its diamond, and the light on it. T2*, shift and spins are those at 1.1 % 13C: all go with it."""

    separation_nm: float = 10.0
    c13_percent: float = 0.3
    t2star_us: float = 3.0
    pump_fidelity: float = 0.95
    doughnut_null: float = 3e-4
    doughnut_mw: float = 1000.0
    """Power of the doughnut: the plan's."""
    bath_spins: float = 20.0
    line_shift_khz: float = 50.0
    gradient_ut_per_nm: float = 20.0
    cooling_us: float = COOLING_US

    @property
    def natural(self) -> float:
        """13C content over the natural one."""
        return self.c13_percent / NATURAL_C13_PERCENT

    @property
    def spread_khz(self) -> float:
        """Of each line beside a bath without polarisation, 1 sigma."""
        return float(overhauser_khz(self.t2star_us)) * self.natural

    @property
    def light(self) -> Real:
        """(2, 2): intensity in that which saturates an NV: Gaussian beam, doughnut; at the left, at the right NV."""
        profile = doughnut_profile(np.array([0.0, self.separation_nm]), _DOUGHNUT_RADIUS_NM, self.doughnut_null)
        return np.array([[_GAUSSIAN, _GAUSSIAN], self.doughnut_mw / _DOUGHNUT_MW * profile])


def known(a: Assumed) -> Lab:
    """The lab when its joint calibration begins: nothing of the pair and of the baths is stored yet."""
    lab, windows = _lab(a), reading(a)
    put = lab.calibration.put
    put("field.resonance_mt", cross_relaxation_fields_mt()[0], 1e-4)
    put("microwave.pi_half_ns", _QUARTER_NS, 0.0)
    put("delays.mw_ns", 0.0, 0.0)
    put("beams.pumping_ns", windows.pumping_ns, 0.0)
    put("beams.pump_window_ns", windows.pump_ns, 0.0)
    put("beams.doughnut_window_ns", windows.doughnut_ns, 0.0)
    rate = float(gamma1_per_s(a.c13_percent))
    put("cr.rate_per_s", rate, _RATE_ERR * rate)
    put("cr.half_width_khz", _seen_half_width_khz(a), 2.0)
    return lab


def with_baths(lab: Lab, a: Assumed, calibration: PairCalibration, gate_ns: int) -> Lab:
    """The lab behind `calibrate` and `cool`."""
    found = release(a)
    shift = TWO_PI * 1e3 * a.line_shift_khz * a.natural * found.polarisation[1]
    lab.calibration.put("gates.gate_ns", gate_ns, 0.0)
    lab.calibration.put("bath.shift_rad_per_s", shift, _SHIFT_ERR_RAD_PER_S)
    calibrated_bench.put_pair(lab, calibration)
    calibrated_bench.put_release(lab, found)
    return lab


def release(a: Assumed) -> Release:
    """Both baths and both NVs by the cycles of `predict survival`, with the errors that `cool` leaves."""
    found = best_cycles(_surroundings(a).sample(np.array([a.separation_nm]), np.array([a.c13_percent])))
    names = ("p_left", "p_right", "start_z_left", "start_z_right")
    values = [float(getattr(found, name)[0]) for name in names]
    rate = float(gamma1_per_s(a.c13_percent))
    errors = np.array([*_RELEASE_ERR[:5], _RELEASE_ERR[5] * rate])
    return Release(1e6 * float(found.evolution_s[0]), a.cooling_us, (*values, 1.0, rate), np.diag(errors**2))


def pair(a: Assumed) -> PairCalibration:
    """The numbers of the pair, as if a calibration had found them without any error."""
    values = dict.fromkeys(NAMES, 0.0) | _spins(a) | _photons(a)
    none = np.zeros((len(NAMES), len(NAMES)))
    resonance_mt = cross_relaxation_fields_mt()[0]
    return PairCalibration(tuple(values[n] for n in NAMES), none, frozen=frozen_field(resonance_mt, _SHIFT_MT))


def _spins(a: Assumed) -> dict[str, float]:
    zz = float(dipolar_rad_per_s(a.separation_nm))
    left, right = _PUMP_PER_S * saturation(_EXTINCTION * a.light).sum(axis=0)
    return {
        "g_rad_per_s": zz / 2.0,
        "zz_rad_per_s": zz,
        "rabi_x_rad_per_s": _RABI_RAD_PER_S,
        "rabi_y_rad_per_s": _RABI_RAD_PER_S,
        "gradient_left_rad_per_s": TWO_PI * GAMMA_E_HZ_PER_MT * 1e-3 * a.gradient_ut_per_nm * a.separation_nm,
        "leak_left_per_s": float(left),
        "leak_right_per_s": float(right),
        "relaxation_per_s": GAMMA_SL_PER_S,
        "dephasing_per_s": float(gamma2_per_s(a.c13_percent)),
        "spread_left_khz2": a.spread_khz**2,
        "spread_right_khz2": a.spread_khz**2,
        "fidelity_left": a.pump_fidelity,
        "fidelity_right": a.pump_fidelity,
    }


def _photons(a: Assumed) -> dict[str, float]:
    """Both read-outs: photons of a window while its light pumps what it reads."""
    windows, excited = reading(a), saturation(a.light)
    stray = (float(excited[0, 0]), 1.0)
    out = {}
    for beam, window_ns, seen, background in zip(
        ("pump", "doughnut"), (windows.pump_ns, windows.doughnut_ns), excited, stray, strict=True
    ):
        window_s, rate = 1e-9 * window_ns, _PUMP_PER_S * seen
        pumped_s = -np.expm1(-rate * window_s) / rate
        of_z = 0.5 * _CONTRAST * _SATURATED_CPS * seen * pumped_s
        steady = _SATURATED_CPS * seen * window_s * (1.0 - _CONTRAST * (1.0 - a.pump_fidelity))
        level = steady - of_z * (2.0 * a.pump_fidelity - 1.0)
        out[f"{beam}_level"] = float(level.sum() + (_BACKGROUND_CPS * background + _DARK_CPS) * window_s)
        out[f"{beam}_left"], out[f"{beam}_right"] = (float(one) for one in of_z)
    return out


def reading(a: Assumed) -> Reading:
    """The windows that tell most, as `calibrate` chooses them."""
    pump, ring = _PUMP_PER_S * saturation(a.light)[:, 1]
    pumping_ns, pump_ns, ring_ns = (
        nearest_ns(1e9 * times / rate, TICK_NS)
        for times, rate in ((_PUMPINGS, pump), (BEST_WINDOW, pump), (BEST_WINDOW, ring))
    )
    return Reading(pumping_ns, pump_ns, ring_ns, TICK_NS)


def _seen_half_width_khz(a: Assumed) -> float:
    """Half width of the 13C resonance that a scan sees: a Voigt line (Olivero and Longbothum, 1977)."""
    lorentz, gauss = CR_HALF_WIDTH_RAD_PER_S / (np.pi * 1e3), 2.3548 * a.spread_khz
    return float(0.5 * (0.5346 * lorentz + np.hypot(np.sqrt(0.2166) * lorentz, gauss)))


def _surroundings(a: Assumed) -> Surroundings:
    return Surroundings(
        t2star_us=a.t2star_us,
        pump_fidelity=a.pump_fidelity,
        doughnut_null=a.doughnut_null,
        cooling_us=a.cooling_us,
        bath_spins=a.bath_spins,
        line_shift_khz=a.line_shift_khz,
        gradient_ut_per_nm=a.gradient_ut_per_nm,
    )


class _NotBuilt:
    """Stands where a lab has what a forecast needs not."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"An assumed bench has no instruments, limits or paths: {name} was asked for")


def _lab(a: Assumed) -> Lab:
    nothing: Any = _NotBuilt()
    guesses = Guesses(
        coil_matrix_mt_per_a=((40.0, 0.0, 0.0), (0.0, 40.0, 0.0), (0.0, 0.0, 110.0)),
        shift_mt_per_a=10.0,
        gradient_ut_per_nm_per_a=200.0,
        compensation_mt_per_a=20.0,
        rabi_mhz_at_0dbm=1.0,
        pump_fidelity=0.93,
        pump_fidelity_err=0.05,
        doughnut_radius_nm=_DOUGHNUT_RADIUS_NM,
        pair_separation_nm=14.0,
        cr_half_width_khz=100.0,
        c13_percent=a.c13_percent,
        bath_spins=max(a.bath_spins * a.natural, 1e-3),
    )
    return Lab(
        **dict.fromkeys(ROLES, nothing),
        wiring=Wiring(tick_ns=TICK_NS, lines={line: k for k, line in enumerate(LINES)}),
        limits=nothing,
        paths=nothing,
        guesses=guesses,
        run=RunContext(WallClock(), Kept()),
    )
