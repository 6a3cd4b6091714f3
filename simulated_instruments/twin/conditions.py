"""What governs the pair in each interval, from the sample, the setpoints and where the slow drifts stand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import (
    GAMMA_1_PER_S,
    GAMMA_2_PER_S,
    GAMMA_13C_HZ_PER_MT,
    GAMMA_E_HZ_PER_MT,
    NATURAL_C13_PERCENT,
    TWO_PI,
)
from physics.coupling import lorentzian
from simulated_instruments.sample import Sample
from simulated_instruments.setpoints import Setpoints
from simulated_instruments.twin.pair import Condition
from simulated_instruments.twin.surroundings import (
    MICROWAVE,
    Drift,
    Light,
    coil_fields_mt,
    light,
    line,
    pulsed_field_mt,
    static_field_mt,
)
from simulated_instruments.twin.timeline import Setting, held
from simulated_instruments.twin.transitions import Lines, lines_at

Real = NDArray[np.float64]

NEUTRAL_GLOW: Final = 0.15
"""Of an NV0 in the light, relative to a bright NV."""


@dataclass(frozen=True)
class Scene:
    """What surrounds the pair in an interval, whatever the class of the shot."""

    spins: tuple[Lines, Lines]
    along_mt: Real
    """(2,)."""
    shine: Light


@dataclass(frozen=True)
class Tuning:
    """Which transition the carrier addresses in a program, and the frame that it sets."""

    plus: bool
    sign: int
    """Sense in which the addressed spin precesses: -1 beyond the level crossing."""
    frame_hz: float


@dataclass(frozen=True)
class Shots:
    """Classes of shots: what differs from shot to shot. The first axis is the class, the second left and right."""

    nucleus: NDArray[np.intp]
    """(C, 2): which entry of `Lines`."""
    negative: NDArray[np.bool_]
    """(C, 2): false for NV0."""
    offset_hz: Real
    """(C, 2): shift of f-, beside that of the field."""


@dataclass(frozen=True)
class Rates:
    """`pair.Condition` of many classes; see there. Arrays are (C, 2), or (C,) where NVs share a number."""

    g_rad_per_s: Real
    zz_rad_per_s: Real
    detuning_rad_per_s: Real
    drive_rad_per_s: tuple[float, float]
    pump_per_s: Real
    purity: Real
    """P(0) that pumping leaves."""
    relax_per_s: float
    dephasing_per_s: Real
    exchange_per_s: Real
    mirror_per_s: Real
    bright_cps: Real
    faint_cps: Real
    background_cps: float

    @property
    def contact_per_s(self) -> Real:
        """See `pair.Condition`."""
        return self.exchange_per_s + self.mirror_per_s

    @property
    def signed_per_s(self) -> Real:
        """See `pair.Condition`."""
        return self.exchange_per_s - self.mirror_per_s


@dataclass(frozen=True)
class Now:
    """The bench at one moment."""

    sample: Sample
    setpoints: Setpoints
    drift: Drift
    g_rad_per_s: float
    zz_rad_per_s: float

    @property
    def static_mt(self) -> float:
        """Field along the axis without the pulsed coils."""
        return static_field_mt(self.sample, self.setpoints, self.drift)[0]

    def field_mt(self, levels: int) -> tuple[Real, float]:
        """Field along the axis at the left and right NV (2,), and across it."""
        along, across = static_field_mt(self.sample, self.setpoints, self.drift)
        return along + pulsed_field_mt(self.sample, self.setpoints, levels), across

    def spins(self, along_mt: Real, across_mt: float) -> tuple[Lines, Lines]:
        """Lines of the left and the right NV in fields along (2,) and across the axis, each with its own D."""
        half_hz = 0.5e3 * self.sample.pair.zero_field_difference_khz
        left, right = (float(b) for b in along_mt)
        return self.lines(left, across_mt, -half_hz), self.lines(right, across_mt, half_hz)

    def lines(self, along_mt: float, across_mt: float, more_hz: float = 0.0) -> Lines:
        """Lines of an NV in a field, D as it stands now and by so much larger.

        |-1> and |0> know only D - gamma B, so what D gains is less field along the axis for them; |+1> gains twice.
        """
        zero_field_hz = self.drift.zero_field_hz + more_hz
        less_mt = zero_field_hz / GAMMA_E_HZ_PER_MT
        lines = lines_at(along_mt - less_mt, across_mt, self.sample.nitrogen == "14N")
        return replace(lines, plus_hz=lines.plus_hz + 2.0 * zero_field_hz) if zero_field_hz else lines

    def scene(self, setting: Setting) -> Scene:
        """What surrounds the pair."""
        along, across = self.field_mt(setting.levels)
        shine = light(self.sample, self.setpoints, setting.levels, self.drift, setting.light)
        left, right = self.spins(along, across)
        if setting.lag != (0.0, 0.0):
            shift, gradient = coil_fields_mt(self.sample, self.setpoints)
            more_mt = setting.lag[0] * shift + setting.lag[1] * gradient
            left, right, along = left.moved(float(more_mt[0])), right.moved(float(more_mt[1])), along + more_mt
        return Scene((left, right), along, shine)

    def driven(self, setting: Setting) -> bool:
        """Whether the carrier reaches the pair."""
        return self.setpoints.carrier_on and (line(setting.levels, "mw_x") or line(setting.levels, "mw_y"))

    def tuning(self, scenes: Mapping[Setting, Scene]) -> Tuning:
        """Of a program with these scenes; without a drive the frame is that of the lines at rest."""
        driven = next((setting for setting in scenes if self.driven(setting)), None)
        right = (self.scene(held(0)) if driven is None else scenes[driven]).spins[1]
        sign = -1 if right.minus_hz[0] < 0 else 1
        if driven is None:
            return Tuning(False, sign, float(right.minus_hz[0]))
        carrier = self.setpoints.carrier_hz
        plus = abs(carrier - right.plus_hz[0]) < abs(carrier - abs(right.minus_hz[0]))
        return Tuning(plus, 1 if plus else sign, carrier if plus else sign * carrier)

    def condition(self, setting: Setting, scene: Scene, tuning: Tuning, nuclear: int = 0) -> Condition:
        """What governs a pair of NV- with both nuclei in one state, without spread."""
        one = Shots(np.full((1, 2), nuclear), np.ones((1, 2), dtype=bool), np.zeros((1, 2)))
        r = self.rates(setting, scene, tuning, one)
        return Condition(
            g_rad_per_s=self.g_rad_per_s,
            zz_rad_per_s=self.zz_rad_per_s,
            detuning_rad_per_s=_two(r.detuning_rad_per_s),
            drive_rad_per_s=r.drive_rad_per_s,
            pump_up_per_s=_two(r.pump_per_s * (1 - r.purity)),
            pump_down_per_s=_two(r.pump_per_s * r.purity),
            relax_per_s=r.relax_per_s,
            dephasing_per_s=_two(r.dephasing_per_s),
            exchange_per_s=_two(r.exchange_per_s),
            mirror_per_s=_two(r.mirror_per_s),
            bright_cps=_two(r.bright_cps),
            faint_cps=_two(r.faint_cps),
            background_cps=r.background_cps,
        )

    def rates(self, setting: Setting, scene: Scene, tuning: Tuning, shots: Shots) -> Rates:
        """What governs the pair in each class. NV0 takes no part but for a constant glow."""
        s, shine, there = self.sample, scene.shine, shots.negative
        gamma1 = GAMMA_1_PER_S * s.c13_percent / NATURAL_C13_PERCENT
        gamma2 = GAMMA_2_PER_S * s.c13_percent / NATURAL_C13_PERCENT
        width = gamma2 if s.bath.cr_half_width_khz == "paper" else TWO_PI * 1e3 * s.bath.cr_half_width_khz
        minus = _of(scene.spins, "minus_hz", shots) + shots.offset_hz
        addressed = _of(scene.spins, "plus_hz", shots) - shots.offset_hz if tuning.plus else minus
        larmor = GAMMA_13C_HZ_PER_MT * scene.along_mt
        met = 0.0 if tuning.plus else gamma1  # |1> is m_s +1 then, far from every nuclear line
        weight0 = _of(scene.spins, "weight_0", shots)
        fidelity = np.array(s.optics.fidelities)
        purity = fidelity * weight0 + (1 - fidelity) * (1 - weight0)
        pump = shine.pump_per_s * there
        dark = 1 - s.optics.contrast
        bright, faint = weight0 + dark * (1 - weight0), dark * weight0 + 1 - weight0
        both = there[:, 0] & there[:, 1]
        return Rates(
            g_rad_per_s=np.where(both, self.g_rad_per_s, 0.0),
            zz_rad_per_s=np.where(both, self.zz_rad_per_s, 0.0),
            detuning_rad_per_s=TWO_PI * (addressed - tuning.frame_hz) * there,
            drive_rad_per_s=self._drive_rad_per_s(setting, tuning),
            pump_per_s=pump,
            purity=purity,
            relax_per_s=0.5 * s.rates.gamma_sl_per_s,
            dephasing_per_s=gamma2 + pump,
            exchange_per_s=met * lorentzian(TWO_PI * (minus - larmor), width) * there,
            mirror_per_s=met * lorentzian(TWO_PI * (minus + larmor), width) * there,
            bright_cps=shine.emission_cps * np.where(there, bright, NEUTRAL_GLOW),
            faint_cps=shine.emission_cps * np.where(there, faint, NEUTRAL_GLOW),
            background_cps=shine.background_cps,
        )

    def _drive_rad_per_s(self, setting: Setting, tuning: Tuning) -> tuple[float, float]:
        """Rabi frequency about x and y. A quadrature that is off by an angle and a share turns about another axis."""
        if not self.driven(setting):
            return 0.0, 0.0
        m = self.sample.microwave
        gain = self.drift.gain(MICROWAVE)
        rabi = float(TWO_PI * 1e6 * m.rabi_mhz_at_0dbm * 10 ** (self.setpoints.carrier_dbm / 20)) * gain
        x, y = line(setting.levels, "mw_x"), line(setting.levels, "mw_y") * (1.0 + m.quadrature_imbalance)
        angle = np.deg2rad(m.quadrature_error_deg)
        return float(rabi * (x - y * np.sin(angle))), float(rabi * y * np.cos(angle)) * tuning.sign


def _of(spins: tuple[Lines, Lines], name: str, shots: Shots) -> Real:
    """(C, 2): a field of both NVs' lines in each class."""
    return np.stack([getattr(spin, name)[shots.nucleus[:, k]] for k, spin in enumerate(spins)], axis=1)


def _two(values: Real) -> tuple[float, float]:
    return float(values[0, 0]), float(values[0, 1])
