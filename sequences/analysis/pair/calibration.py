"""The calibrated pair: its numbers and both read-outs, by name, and the photons that they let expect of a program."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from physics.paulis import INDEX
from sequences.analysis.pair.pair_model import PairModel
from sequences.analysis.pair.readout import Readout
from sequences.analysis.pair.shot_classes import FrozenField, Spread
from sequences.pulses.program import Program

Real = NDArray[np.float64]
Beam = Literal["pump", "depletion"]
Listed = tuple[Program, Beam]

DYNAMIC: Final = (
    ("g_rad_per_s", 1e3),
    ("zz_rad_per_s", 1e3),
    ("rabi_x_rad_per_s", 1e4),
    ("rabi_y_rad_per_s", 1e4),
    ("quadrature_rad", 1e-3),
    ("detuning_left_rad_per_s", 1e4),
    ("detuning_right_rad_per_s", 1e4),
    ("gradient_left_rad_per_s", 1e4),
    ("gradient_right_rad_per_s", 1e4),
    ("leak_left_per_s", 1e2),
    ("leak_right_per_s", 1e2),
    ("relaxation_per_s", 1e2),
    ("dephasing_per_s", 1e3),
    ("spread_left_khz2", 25.0),
    ("spread_right_khz2", 25.0),
    ("spread_common_khz2", 25.0),
    ("microwave_late_ns", 1.0),
    ("settling_share", 1e-4),
    ("nitrogen_zero", 1e-3),
    ("nitrogen_minus", 1e-3),
)
"""Numbers that govern what a program does to the pair, each with the size of a small change of it."""
READOUT: Final = (
    ("neutral_left", 1e-2),
    ("neutral_right", 1e-2),
    ("pump_level", 1e-2),
    ("pump_left", 1e-3),
    ("pump_right", 1e-3),
    ("doughnut_level", 1e-2),
    ("doughnut_left", 1e-3),
    ("doughnut_right", 1e-3),
    ("fidelity_left", 1e-3),
    ("fidelity_right", 1e-3),
)
"""Numbers of which the photons are polynomials: `fidelity` is P(0) after pumping, `neutral` a share without charge."""
PARAMETERS: Final = (*DYNAMIC, *READOUT)
NAMES: Final = tuple(name for name, _ in PARAMETERS)
SCALES: Final[Real] = np.array([scale for _, scale in PARAMETERS])
SHARES: Final = frozenset(
    name for name in NAMES if name.startswith(("spread", "nitrogen", "neutral", "leak", "relaxation", "dephasing"))
)
"""Numbers that cannot be negative."""
NO_FIELD: Final = FrozenField()
SETTLING_US: Final = 1.0
"""Time constant that is assumed of a coil's settling; a share of what lasts much longer is a detuning."""
_STEP: Final = 0.02
_PUMPED: Final = [INDEX[name] for name in ("II", "IZ", "ZI", "ZZ")]


@dataclass(frozen=True)
class CountedProgram:
    """Counts of one frozen program, summed over its plays."""

    program: Program
    """From the end of pumping to the read-out."""
    beam: Beam
    counts: int
    repeats: int
    reference: int = 0
    """Photons of the pumped pair in the reference windows of the same shots; 0 where there were none."""
    usual: float = 0.0
    """Photons a shot that the reference windows see on average in this run: the unit of brightness."""

    @property
    def brightness(self) -> float:
        """Of the light collected during these plays, relative to the run's mean."""
        return self.reference / self.repeats / self.usual if self.usual else 1.0

    @property
    def per_shot(self) -> float:
        """Photons a shot, at the run's mean brightness."""
        return self.counts / self.repeats / self.brightness

    @property
    def error(self) -> float:
        """1 sigma of it: shot noise of signal and reference."""
        relative = 1.0 / max(self.counts, 1) + (1.0 / self.reference if self.usual else 0.0)
        return max(self.counts, 1) / self.repeats / self.brightness * float(np.sqrt(relative))


@dataclass(frozen=True)
class PairCalibration:
    """Values in the order of PARAMETERS, with their covariance."""

    values: tuple[float, ...]
    covariance: Real
    """(p, p)."""
    reduced_chi2: float = 1.0
    frozen: FrozenField = NO_FIELD

    @cached_property
    def named(self) -> dict[str, float]:
        """Name -> value."""
        return dict(zip(NAMES, self.values, strict=True))

    @cached_property
    def pair(self) -> PairModel:
        """What governs the pair."""
        return _pair(self.values[: len(DYNAMIC)], self.frozen)

    def readout(self, beam: Beam) -> Readout:
        """What the detector says under a beam of NVs that have their charge."""
        first = NAMES.index("pump_level" if beam == "pump" else "doughnut_level")
        return Readout(*self.values[first : first + 3])

    @property
    def fidelity(self) -> tuple[float, float]:
        """P(0) of a pumped NV: left, right."""
        return self.named["fidelity_left"], self.named["fidelity_right"]

    @property
    def charged(self) -> tuple[float, float]:
        """Share of shots in which an NV is negative: left, right."""
        return 1.0 - self.named["neutral_left"], 1.0 - self.named["neutral_right"]

    @property
    def errors(self) -> Real:
        """(p,): 1 sigma of each value."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def value(self, name: str) -> tuple[float, float]:
        """A value by name, and its error."""
        k = NAMES.index(name)
        return self.values[k], float(self.errors[k])

    def combined(self, weights: Mapping[str, float]) -> tuple[float, float]:
        """Sum of weight x value over these names, and its error."""
        w = np.array([weights.get(name, 0.0) for name in NAMES])
        return float(w @ np.array(self.values)), float(np.sqrt(w @ self.covariance @ w))

    def with_values(self, **changed: float) -> "PairCalibration":
        """The same with some values replaced."""
        return replace(self, values=tuple({**self.named, **changed}[name] for name in NAMES))

    def moved(self, index: int, change: float) -> "PairCalibration":
        """The same calibration with one value changed: for derivatives."""
        values = list(self.values)
        values[index] += change
        return replace(self, values=tuple(values))

    def rows(self, listed: Sequence[Listed], freshly_frozen: bool = False) -> "Rows":
        """What each of these programs, read under its beam, says of a state."""
        programs = tuple(dict.fromkeys(program for program, _ in listed))
        coupled = averaged_rows(self.pair, programs, True, freshly_frozen)
        return Rows(self, listed, programs, coupled)

    def row(self, program: Program, beam: Beam) -> Real:
        """(16,): photons a shot expected of a frozen program on a pair that has its charge = row . Pauli vector."""
        return np.asarray(self.rows([(program, beam)]).of_charged[0])

    def expected(self, listed: Sequence[Listed]) -> Real:
        """(n,): photons a shot expected of programs on the pumped pair."""
        programs = tuple(dict.fromkeys(program for program, _ in listed))
        return _photons(self, listed, programs, _pumped_moments(self.pair, programs))

    def jacobian(self, listed: Sequence[Listed], names: Iterable[str] = NAMES) -> Real:
        """(n, p): change of `expected` with each of these numbers, per its scale (SCALES)."""
        programs = tuple(dict.fromkeys(program for program, _ in listed))
        here = _pumped_moments(self.pair, programs)
        base = _photons(self, listed, programs, here)
        columns = []
        for name in names:
            k = NAMES.index(name)
            step = _STEP * SCALES[k]
            there = self.moved(k, step)
            moments = _pumped_moments(there.pair, programs) if k < len(DYNAMIC) else here
            columns.append((_photons(there, listed, programs, moments) - base) / _STEP)
        return np.stack(columns, axis=-1)


def _pair(values: tuple[float, ...], frozen: FrozenField) -> PairModel:
    v = dict(zip((name for name, _ in DYNAMIC), values, strict=True))
    return PairModel(
        g_rad_per_s=v["g_rad_per_s"],
        zz_rad_per_s=v["zz_rad_per_s"],
        rabi_x_rad_per_s=v["rabi_x_rad_per_s"],
        rabi_y_rad_per_s=v["rabi_y_rad_per_s"],
        quadrature_rad=v["quadrature_rad"],
        detuning_rad_per_s=(v["detuning_left_rad_per_s"], v["detuning_right_rad_per_s"]),
        gradient_rad_per_s=(v["gradient_left_rad_per_s"], v["gradient_right_rad_per_s"]),
        leak_per_s=(v["leak_left_per_s"], v["leak_right_per_s"]),
        relaxation_per_s=v["relaxation_per_s"],
        dephasing_per_s=v["dephasing_per_s"],
        spread=Spread(
            left_khz2=max(v["spread_left_khz2"], 0.0),
            right_khz2=max(v["spread_right_khz2"], 0.0),
            common_khz2=max(v["spread_common_khz2"], 0.0),
            nitrogen_zero=v["nitrogen_zero"],
            nitrogen_minus=v["nitrogen_minus"],
            nitrogen_rad_per_s=frozen.nitrogen_rad_per_s,
        ),
        microwave_late_ns=v["microwave_late_ns"],
        settling_share=v["settling_share"],
        settling_us=SETTLING_US,
        shift_step_rad_per_s=frozen.shift_step_rad_per_s,
    )


def _photons(c: PairCalibration, listed: Sequence[Listed], programs: tuple[Program, ...], moments: Real) -> Real:
    """(n,): from moments (2, programs, 2, 4), the read-outs and the fidelities."""
    left, right = (2.0 * f - 1.0 for f in c.fidelity)
    z = moments @ np.array([1.0, right, left, left * right])  # coupled or not, program, NV
    both, alone = _sharing(c)
    mean = both * z[0] + alone * z[1]  # (programs, 2)
    place = {program: k for k, program in enumerate(programs)}
    out = np.empty(len(listed))
    readouts = {beam: c.readout(beam) for beam in ("pump", "depletion")}
    for n, (program, beam) in enumerate(listed):
        seen, zs = readouts[beam], mean[place[program]]
        out[n] = seen.level + seen.left * zs[0] + seen.right * zs[1]
    return out


def _sharing(c: PairCalibration) -> tuple[float, Real]:
    """Share of shots with both NVs negative; (2,): with the left or the right one alone."""
    left, right = c.charged
    return left * right, np.array([left * (1.0 - right), right * (1.0 - left)])


@lru_cache(maxsize=128)
def _pumped_moments(pair: PairModel, programs: tuple[Program, ...]) -> Real:
    """(2, programs, 2, 4): coupled and not, sigma_z of either NV by II, IZ, ZI and ZZ of a pumped pair."""
    return np.stack([averaged_rows(pair, programs, coupled, False)[..., _PUMPED] for coupled in (True, False)])


@lru_cache(maxsize=64)
def averaged_rows(pair: PairModel, programs: tuple[Program, ...], coupled: bool, freshly_frozen: bool) -> Real:
    """(programs, 2, 16): rows of sigma_z of either NV, averaged over the classes."""
    rows = pair.rows(programs, coupled, freshly_frozen)
    return np.asarray(np.tensordot(pair.classes.weight, rows, axes=1))


@dataclass(frozen=True)
class Rows:
    """What programs, each read under a beam, say of a state."""

    calibration: PairCalibration
    listed: Sequence[Listed]
    programs: tuple[Program, ...]
    coupled: Real
    """(programs, 2, 16)."""

    @property
    def of_charged(self) -> Real:
        """(n, 16): photons a shot of shots in which both NVs are negative = row . Pauli vector."""
        return self._photons(self.coupled, 1.0)

    def _photons(self, rows: Real, level: float) -> Real:
        place = {program: k for k, program in enumerate(self.programs)}
        out = np.empty((len(self.listed), 16))
        for n, (program, beam) in enumerate(self.listed):
            seen = self.calibration.readout(beam)
            out[n] = np.array([seen.left, seen.right]) @ rows[place[program]]
            out[n, 0] += level * seen.level
        return out
