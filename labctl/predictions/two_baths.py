"""Any two baths and qubits of any two energies: polarisations of both signs, and the paper's first cooling scheme.

In that scheme the lines of both NVs differ, and each is held on resonance with its own bath: the exchange between them
is detuned, the baths are not.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from labctl.predictions.engine import Setting
from physics.constants import TWO_PI
from physics.coupling import gamma1_per_s, gamma2_per_s
from physics.engine import Bath
from physics.paulis import Real
from physics.x_states import XEngine, XState

_GAMMA_SL_PER_S: Final = 200.0
_COUPLINGS: Final = np.geomspace(0.02, 4.0, 201)
"""To choose from, in units of Gamma1."""
_TIMES: Final = np.linspace(0.0, 8.0, 161)
"""Of the transient, in units of 1 / Gamma1."""


def predict_polarisations(
    lefts: Sequence[float],
    rights: Sequence[float],
    c13_percent: float,
    setting: Setting,
    detuning_khz: float = 0.0,
    g_rad_per_s: float | None = None,
) -> dict[str, Any]:
    """Steady state and best of the transient for each pair of baths: rows left, columns right.

    g_rad_per_s: None for the coupling that is best for the steady state at each point. setting: all but its left bath.
    """
    left, right = np.meshgrid(np.asarray(lefts, float), np.asarray(rights, float), indexing="ij")
    detuning = TWO_PI * 1e3 * detuning_khz

    def engine(g: Real | float, p_left: Real, p_right: Real) -> XEngine:
        return _engine(g, p_left, p_right, c13_percent, setting.losses, detuning)

    g = np.full(left.shape, g_rad_per_s)
    if g_rad_per_s is None:
        tried = _COUPLINGS * float(gamma1_per_s(c13_percent))
        values = engine(tried, left[..., None], right[..., None]).steady().signed_concurrence
        g = tried[np.argmax(values, axis=-1)]
    steady = engine(g, left, right).steady().signed_concurrence
    times_s = _TIMES / float(gamma1_per_s(c13_percent))
    course = engine(g, left, right).transient(XState.product(left, right), times_s).signed_concurrence
    return setting.describe("polarisations") | {
        "c13_percent": c13_percent,
        "detuning_khz": detuning_khz,
        "polarisation_left": list(lefts),
        "polarisation_right": list(rights),
        "g_rad_per_s": g.tolist(),
        "steady_signed_concurrence": steady.tolist(),
        "transient_signed_concurrence": course.max(axis=-1).tolist(),
        "transient_us": (1e6 * times_s[np.argmax(course, axis=-1)]).tolist(),
    }


def _engine(
    g: Real | float, p_left: Real, p_right: Real, c13_percent: float, losses: bool, detuning_rad_per_s: float
) -> XEngine:
    gamma1, gamma_sl = float(gamma1_per_s(c13_percent)), _GAMMA_SL_PER_S * losses
    left, right = (Bath(gamma1, p, gamma_sl) for p in (p_left, p_right))  # type: ignore[arg-type]  # arrays broadcast
    dephasing = float(gamma2_per_s(c13_percent)) * losses
    return XEngine(
        g,
        (left.up_per_s, right.up_per_s),
        (left.down_per_s, right.down_per_s),
        (dephasing, dephasing),
        (0.0, detuning_rad_per_s),
    )
