"""What is true about a run's result, read from the twin after the run: for tests and for `--reveal`, never for the lab.

Left and right are named as the lab names them, by what it can see: the left NV is the one with the smaller x.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_13C_HZ_PER_MT
from physics.entanglement import concurrence, signed_concurrence
from physics.paulis import density_matrix
from simulated_instruments.cables import LINES
from simulated_instruments.twin.shots.classes import spread_of
from simulated_instruments.twin.world import Freeze, Twin

Complex = NDArray[np.complex128]


def truth(twin: Twin, result: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that bears on the result; states only for evolution times that were played."""
    swapped = _swapped(twin)
    along, across_mt = twin.field_mt()
    f_minus = np.array([spin.minus_hz[0] for spin in twin.spins()])
    detuning_hz = f_minus - np.sign(f_minus) * GAMMA_13C_HZ_PER_MT * along
    pair_nm = twin.sample.pair.positions_nm - twin.drift.steering_nm  # where the null would have to be sent now
    return {
        **_field(float(along.mean()), float(across_mt), result),
        "transverse_ut": across_mt * 1e3,
        "detuning_khz": float(detuning_hz.mean()) * 1e-3,
        "pair_nm": (pair_nm[::-1] if swapped else pair_nm).tolist(),
        "g_rad_per_s": twin.g_rad_per_s,
        **_shots(twin, swapped),
        **_states(twin, result, swapped),
    }


def _field(along_mt: float, across_mt: float, result: Mapping[str, Any]) -> dict[str, float]:
    """As the result means it: its magnitude where a tilt stands beside it, otherwise along the axis."""
    if "tilt_deg" not in result:
        return {"field_mt": along_mt}
    tilt_deg = float(np.degrees(np.arctan2(across_mt, abs(along_mt))))
    return {"field_mt": float(np.hypot(along_mt, across_mt)), "tilt_deg": tilt_deg}


def _shots(twin: Twin, swapped: bool) -> dict[str, Any]:
    """What differs from shot to shot, and what pumping leaves where the lab pumps: frozen."""
    sample = twin.sample
    mixing = [float(spin.weight_0[0]) for spin in twin.spins(1 << LINES["shift"])]
    pumped = [f * w + (1 - f) * (1 - w) for f, w in zip(sample.optics.fidelities, mixing, strict=True)]
    return {
        "pump_fidelity": pumped[::-1] if swapped else pumped,
        "overhauser_khz": [spread_of(sample).sigma_hz * 1e-3] * 2,
        "nitrogen_polarisation": sample.nitrogen_polarisation if sample.nitrogen == "14N" else 1.0,
        "nv_minus": sample.optics.nv_minus,
    }


def _swapped(twin: Twin) -> bool:
    left, right = twin.sample.pair.positions_nm
    return tuple(left) > tuple(right)


def _states(twin: Twin, result: Mapping[str, Any], swapped: bool) -> dict[str, Any]:
    asked = result.get("evolution_us")
    if asked is None or asked == () or asked == []:
        return _baths(next(reversed(twin.freezes.values()), None), swapped)
    many = isinstance(asked, list | tuple)
    times = list(asked) if many else [asked]
    frozen = {time: twin.freezes.get(round(time * 1e3)) for time in times}
    if not all(frozen.values()):
        return {}
    rho = {time: _named(density_matrix(f.vector), swapped) for time, f in frozen.items() if f}
    values = [float(concurrence(rho[time])) for time in times]
    signed = [float(signed_concurrence(rho[time])) for time in times]
    at = result.get("best_us", times[0])
    return {
        "concurrence": values if many else values[0],
        "signed_concurrence": signed if many else signed[0],
        "rho_re": rho[at].real.tolist(),
        "rho_im": rho[at].imag.tolist(),
        **_baths(frozen[at], swapped),
    }


def _baths(frozen: Freeze | None, swapped: bool) -> dict[str, float]:
    if frozen is None:
        return {}
    left, right = frozen.polarisation[::-1] if swapped else frozen.polarisation
    return {"p_left": float(left), "p_right": float(right)}


def _named(rho: Complex, swapped: bool) -> Complex:
    """The state in the lab's order of the two NVs."""
    return np.asarray(rho.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)) if swapped else rho
