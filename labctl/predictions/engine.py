"""What the engine should do (the paper's Fig. 3), for any polarisation, coupling and 13C content: numbers, no lab.

The paper's eq. 2 has no other loss than the baths; `losses` adds dephasing (eq. 19) and spin-lattice relaxation.
The paper's coupling has C = 0 and reads distances off eq. 11, the spin-1 one has C = 2 g. From a thermal product
state, an X state, C changes nothing: the two differ in the distance that a given g asks for. So closed forms do
(`physics.x_states`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from physics.coupling import gamma1_per_s, gamma2_per_s, separation_paper_nm, separation_spin1_nm
from physics.engine import Bath
from physics.paulis import Real
from physics.x_states import XEngine, XState

Coupling = Literal["paper", "spin1"]
Prediction = dict[str, Any]
"""Plain numbers, strings and lists: ready for JSON."""

GAMMA_SL_PER_S: Final = 200.0
"""Spin-lattice relaxation at room temperature (paper, Sec. III C)."""
_SEPARATION: Final[dict[str, Callable[[Real], Real]]] = {"paper": separation_paper_nm, "spin1": separation_spin1_nm}
_SEARCH: Final = np.geomspace(0.02, 2.0, 161)
"""Couplings to try for the best one, in units of Gamma1."""


@dataclass(frozen=True)
class Setting:
    """What does not vary within one prediction."""

    coupling: Coupling = "spin1"
    polarisation_left: float = 0.0
    """Of the hot bath."""
    losses: bool = False
    """Whether dephasing and spin-lattice relaxation act beside the baths."""

    def bath(self, polarisation: float | Real, c13_percent: float | Real) -> Bath:
        gamma_sl = GAMMA_SL_PER_S if self.losses else 0.0
        return Bath(gamma1_per_s(c13_percent), polarisation, gamma_sl)  # type: ignore[arg-type]  # arrays broadcast

    def engine(self, polarisation: float | Real, g_rad_per_s: float | Real, c13_percent: float | Real) -> XEngine:
        """With a cold bath on the right; the arguments broadcast. The n_L n_R term acts on none of its states."""
        left, right = self.bath(self.polarisation_left, c13_percent), self.bath(polarisation, c13_percent)
        dephasing = gamma2_per_s(c13_percent) * self.losses
        return XEngine(
            g_rad_per_s,
            up_per_s=(left.up_per_s, right.up_per_s),
            down_per_s=(left.down_per_s, right.down_per_s),
            dephasing_per_s=(dephasing, dephasing),
        )

    def thermal(self, polarisation: float) -> XState:
        """Each NV with the polarisation of its bath."""
        return XState.product(self.polarisation_left, polarisation)

    def describe(self, prediction: str) -> Prediction:
        return {
            "prediction": prediction,
            "coupling": self.coupling,
            "polarisation_left": self.polarisation_left,
            "losses": self.losses,
        }

    def separation_nm(self, g_rad_per_s: float | Real) -> Real:
        """Distance of a pair side by side that has this coupling."""
        return _SEPARATION[self.coupling](np.asarray(g_rad_per_s))


def predict_steady_state(
    polarisations: Sequence[float], couplings_rad_per_s: Sequence[float], c13_percent: float, setting: Setting
) -> Prediction:
    """Fig. 3a: concurrence of the steady state on a grid of polarisation (rows) and coupling (columns)."""
    p, g = np.asarray(polarisations, dtype=float), np.asarray(couplings_rad_per_s, dtype=float)
    values = setting.engine(p[:, None], g[None, :], c13_percent).steady().concurrence
    row, column = np.unravel_index(np.argmax(values), values.shape)
    return setting.describe("steady-state") | {
        "c13_percent": c13_percent,
        "polarisation": p.tolist(),
        "g_rad_per_s": g.tolist(),
        "separation_nm": setting.separation_nm(g).tolist(),
        "concurrence": values.tolist(),
        "best": {
            "concurrence": float(values[row, column]),
            "polarisation": float(p[row]),
            "g_rad_per_s": float(g[column]),
        },
    }


def optimum(polarisation: float, c13_percents: Real, setting: Setting) -> tuple[Real, Real]:
    """The coupling that makes the steady state most entangled (or least separable), and its concurrence.

    The transient has no such optimum: it grows with g without bound, towards 1/2.
    """
    scale = gamma1_per_s(c13_percents)[:, None]

    def steady(ratio: Real) -> Real:
        return setting.engine(polarisation, ratio * scale, c13).steady().signed_concurrence

    c13 = np.asarray(c13_percents)[:, None]
    low, high = _around_best(np.broadcast_to(_SEARCH, (len(c13), len(_SEARCH))), steady)
    for _ in range(3):
        low, high = _around_best(np.linspace(low, high, 41, axis=-1), steady)
    best = 0.5 * (low + high)[:, None]
    return (best * scale)[:, 0], np.maximum(steady(best)[:, 0], 0.0)


def _around_best(grid: Real, score: Callable[[Real], Real]) -> tuple[Real, Real]:
    """For each row of the grid, the neighbours of its best entry: between them is the maximum."""
    at = np.argmax(score(grid), axis=-1).clip(1, grid.shape[-1] - 2)
    rows = np.arange(len(grid))
    return grid[rows, at - 1], grid[rows, at + 1]


def predict_optimal_coupling(polarisation: float, c13_percents: Sequence[float], setting: Setting) -> Prediction:
    """Fig. 3b: the coupling that is best for the steady state, against 13C content."""
    c13 = np.asarray(c13_percents, dtype=float)
    g, values = optimum(polarisation, c13, setting)
    return setting.describe("optimal-coupling") | {
        "polarisation": polarisation,
        "c13_percent": c13.tolist(),
        "g_rad_per_s": g.tolist(),
        "separation_nm": setting.separation_nm(g).tolist(),
        "steady_state_concurrence": values.tolist(),
    }


def predict_transient(
    polarisation: float,
    c13_percents: Sequence[float],
    evolution_us: Sequence[float],
    setting: Setting,
    g_rad_per_s: float | None = None,
) -> Prediction:
    """Fig. 3c: concurrence against time from the thermal product state, at each content's best coupling or at g."""
    c13 = np.asarray(c13_percents, dtype=float)
    best_g = optimum(polarisation, c13, setting)[0]
    g = best_g if g_rad_per_s is None else np.full(len(c13), g_rad_per_s)
    engine, times_s = setting.engine(polarisation, g, c13), np.asarray(evolution_us) * 1e-6
    courses = engine.transient(setting.thermal(polarisation), times_s).concurrence
    each = zip(c13, g, setting.separation_nm(g), courses, engine.steady().concurrence, strict=True)
    return setting.describe("transient") | {
        "polarisation": polarisation,
        "evolution_us": list(evolution_us),
        "curves": [_curve(*one, evolution_us) for one in each],
    }


def _curve(c13: float, g: float, nm: float, course: Real, steady: float, evolution_us: Sequence[float]) -> Prediction:
    return {
        "c13_percent": float(c13),
        "g_rad_per_s": float(g),
        "separation_nm": float(nm),
        "concurrence": course.tolist(),
        "best_concurrence": float(course.max()),
        "best_us": float(evolution_us[int(np.argmax(course))]),
        "steady_state_concurrence": float(steady),
    }
