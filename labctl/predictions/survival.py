"""Does the engine entangle in a real diamond? Signed concurrence against separation and 13C content: numbers, no lab.

Beyond the paper: T2*, pump fidelity, finite baths in steady cycles, the narrowing and the shift of a line by its own
bath, and cross-talk (`physics.cycle`). What it leaves out, docs/physics.md says.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np

from labctl.predictions.tiles import HERE, Advanced, Computing, Values, computed
from physics.constants import GAMMA_E_HZ_PER_MT, NATURAL_C13_PERCENT, TWO_PI
from physics.coupling import (
    CR_HALF_WIDTH_RAD_PER_S,
    flip_flop_spin1_rad_per_s,
    gamma1_per_s,
    gamma2_per_s,
    lorentzian,
)
from physics.cycle import Heating, Sample, best_cycles
from physics.optics import RedDoughnut, doughnut_profile, pump_rate_per_s, saturation
from physics.paulis import Real
from physics.spread import overhauser_khz

GAMMA_SL_PER_S: Final = 200.0
_KHZ: Final = TWO_PI * 1e3
_DOUGHNUT_RADIUS_NM: Final = 180.0
_PUMP_PER_S: Final = 1e6
"""Of a saturated NV (literature)."""
_SATURATION: Final = 0.5
"""Of the doughnut's light at the cold NV: a third of the saturated rate. More would pump the hot one the more."""
_RED: Final = RedDoughnut()
POINT_S: Final = 4e-4
"""Wall time of a point, roughly."""
_TILE: Final = 256
"""Points that are solved together. The same wherever a map is cut, so that its numbers are the same."""
Beam = Literal["gsd", "sted"]
Survival = dict[str, Any]
"""Plain numbers, strings and lists: ready for JSON."""
MAPS: Final = {
    "signed_concurrence": "",
    "evolution_us": "us",
    "polarisation_left": "",
    "polarisation_right": "",
    "start_z_left": "",
    "start_z_right": "",
}
"""What is known at every point, and its unit."""


@dataclass(frozen=True)
class Surroundings:
    """What is the same on the whole map. T2*, shift and spins are those at 1.1 % 13C: all go with it."""

    t2star_us: float = 3.0
    pump_fidelity: float = 0.95
    """P(0) after pumping, of both NVs."""
    doughnut_null: float = 3e-4
    """Intensity in the doughnut's null over that on its crest."""
    heating: Heating = "turned"
    beam: Beam = "gsd"
    """gsd: the doughnut pumps, its null on the hot NV. sted: green light pumps beside a red doughnut, its null on the
    cold one."""
    cooling_us: float = 75.0
    bath_spins: float = 20.0
    line_shift_khz: float = 50.0
    """Of a line beside a wholly polarised bath."""
    gradient_ut_per_nm: float = 20.0
    """While the cold NV is pumped: it keeps the hot one off the resonance with its bath."""

    def sample(self, separation_nm: Real, c13_percent: Real) -> Sample:
        """Arrays of one shape (b,)."""
        natural, one = c13_percent / NATURAL_C13_PERCENT, np.ones(c13_percent.shape)
        apart_rad_per_s = TWO_PI * GAMMA_E_HZ_PER_MT * 1e-3 * self.gradient_ut_per_nm * separation_nm
        return Sample(
            g_rad_per_s=flip_flop_spin1_rad_per_s(separation_nm),
            gamma1_per_s=gamma1_per_s(c13_percent),
            gamma2_per_s=gamma2_per_s(c13_percent),
            gamma_sl_per_s=GAMMA_SL_PER_S * one,
            spins=self.bath_spins * natural,
            sigma_rad_per_s=_KHZ * overhauser_khz(self.t2star_us) * natural,
            shift_rad_per_s=_KHZ * self.line_shift_khz * natural,
            pumped_z=(2.0 * self.pump_fidelity - 1.0) * one,
            pump_per_s=self.pumping(separation_nm) * one,
            leak=self.leak(separation_nm),
            contact_share=lorentzian(apart_rad_per_s, CR_HALF_WIDTH_RAD_PER_S),
            cooling_s=1e-6 * self.cooling_us * one,
        )

    def pumping(self, separation_nm: Real) -> Real:
        """Rate at which the cold NV is pumped."""
        if self.beam == "sted":
            return _PUMP_PER_S * _RED.shares(separation_nm, self.doughnut_null)[0]
        return np.full(separation_nm.shape, pump_rate_per_s(_SATURATION, _PUMP_PER_S))

    def leak(self, separation_nm: Real) -> Real:
        """Rate at which the hot NV is pumped, over that of the cold one."""
        if self.beam == "sted":
            cold, hot = _RED.shares(separation_nm, self.doughnut_null)
            return hot / cold
        of_cold = self.doughnut_null / doughnut_profile(separation_nm, _DOUGHNUT_RADIUS_NM, self.doughnut_null)
        return np.asarray(saturation(_SATURATION * of_cold) / saturation(_SATURATION))


def predict_survival(
    separations_nm: Sequence[float],
    c13_percents: Sequence[float],
    around: Surroundings,
    advanced: Advanced | None = None,
    how: Computing = HERE,
) -> Survival:
    """On a grid of 13C content (rows) and separation (columns).

    advanced: is told after each tile how many points are done, of how many. how: where they are computed; the numbers
    are the same. Raises ComputingError.
    """
    c13, apart = np.meshgrid(np.asarray(c13_percents, float), np.asarray(separations_nm, float), indexing="ij")
    points = list(zip(apart.ravel().tolist(), c13.ravel().tolist(), strict=True))
    tiles = [Tile(around, tuple(points[k : k + _TILE])) for k in range(0, len(points), _TILE)]
    values = computed(values_in, tiles, how, POINT_S, advanced)
    return {
        "prediction": "survival",
        **asdict(around),
        "separation_nm": list(separations_nm),
        "c13_percent": list(c13_percents),
        "cross_talk": around.leak(np.asarray(separations_nm, float)).tolist(),
        **{name: values[name].reshape(apart.shape).tolist() for name in MAPS},
        **_best(values["signed_concurrence"], apart.ravel(), c13.ravel()),
    }


@dataclass(frozen=True)
class Tile:
    """A tile of the map: separation in nm and 13C content in % of each of its points."""

    around: Surroundings
    grid: tuple[tuple[float, float], ...]

    @property
    def points(self) -> int:
        """How many."""
        return len(self.grid)


def values_in(tile: Tile) -> Values:
    """Everything of MAPS there, (n,)."""
    apart, c13 = np.array(tile.grid).T
    found = best_cycles(tile.around.sample(apart, c13), tile.around.heating)
    return {
        "signed_concurrence": found.signed_concurrence,
        "evolution_us": 1e6 * found.evolution_s,
        "polarisation_left": found.p_left,
        "polarisation_right": found.p_right,
        "start_z_left": found.start_z_left,
        "start_z_right": found.start_z_right,
    }


def _best(values: Real, separation_nm: Real, c13_percent: Real) -> dict[str, Any]:
    at = int(np.argmax(values))
    best = {
        "signed_concurrence": float(values[at]),
        "separation_nm": float(separation_nm[at]),
        "c13_percent": float(c13_percent[at]),
    }
    return {"best": best}


def widest_nm(survival: Survival) -> list[float | None]:
    """For each 13C content the largest separation that entangles, between the grid's points; None if there is none."""
    apart = np.array(survival["separation_nm"])
    order = np.argsort(apart)
    return [_last_above(apart[order], np.array(row)[order]) for row in survival["signed_concurrence"]]


def _last_above(x: Real, y: Real) -> float | None:
    above = np.flatnonzero(y > 0.0)
    if not len(above):
        return None
    k = int(above[-1])
    if k == len(x) - 1:
        return float(x[k])
    return float(x[k] + (x[k + 1] - x[k]) * y[k] / (y[k] - y[k + 1]))


def as_dataset(survival: Survival) -> Any:
    """The same for xarray: maps against 13C content and separation, all else as attributes."""
    import xarray

    axes = ("c13_percent", "separation_nm")
    maps = {name: (axes, np.array(survival[name]), {"units": unit or "1"}) for name, unit in MAPS.items()}
    units = {"c13_percent": "%", "separation_nm": "nm"}
    coordinates = {name: (name, np.array(survival[name]), {"units": units[name]}) for name in axes}
    kept = {k: v for k, v in survival.items() if isinstance(v, (str, float, int))}
    return xarray.Dataset(maps, coordinates, kept)
