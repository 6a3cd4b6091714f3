"""The engine against the table computed with QuTiP: every row, to 1e-6."""

import numpy as np
import pytest
from support.pairs import pair, thermal

from physics.engine import propagator, steady_state
from physics.entanglement import concurrence
from physics.paulis import INDEX, density_matrix

WITHIN = 1e-6


def test_every_row(engine_row):
    row = {k: v * 1e3 if k.endswith("per_ms") else v for k, v in engine_row.items()}
    generator = pair(
        row["g_rad_per_ms"],
        p=(row["p_l"], row["p_r"]),
        gamma1=row["gamma1_per_ms"],
        gamma2=row["gamma2_per_ms"],
        gamma_sl=row["gamma_sl_per_ms"],
        zz=row["zz_rad_per_ms"],
        detuning=(row["detuning_l_rad_per_ms"], row["detuning_r_rad_per_ms"]),
    )
    if np.isinf(row["t_us"]):
        state = steady_state(generator)
    else:
        start = {"thermal": thermal(row["p_l"], row["p_r"]), "ground": thermal(1.0, 1.0)}[row["initial"]]
        state = propagator(generator, row["t_us"] * 1e-6) @ start
    rho = density_matrix(state)
    seen = [state[INDEX["ZI"]], state[INDEX["IZ"]], state[INDEX["ZZ"]], rho[1, 2].real, rho[1, 2].imag]
    expected = [row[name] for name in ("z_l", "z_r", "zz", "rho_01_10_re", "rho_01_10_im")]
    assert seen == pytest.approx(expected, abs=WITHIN)
    assert concurrence(rho) == pytest.approx(row["concurrence"], abs=WITHIN)
