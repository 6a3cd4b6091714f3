"""How fast the paper's maps are, beside QuTiP: python benchmarks/physics_speed.py.

Steady states: a map of 200 x 200 points, against a loop over `qutip.steadystate` (measured at LOOPED points spread over
the map, and extrapolated) and against numpy.linalg.solve of QuTiP's Liouvillian (all points, Liouvillians made in one
sum of QuTiP's matrices). Transients: 400 times at 100 points against `qutip.mesolve` (at SOLVED points, extrapolated).
What both have in common is timed in neither: QuTiP's operators are made beforehand. The best of ROUNDS counts for
what is fast. Exit code 1 if a ratio is too small or numbers differ.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import qutip
from numpy.typing import NDArray

from physics.x_states import XEngine, XState

GAMMA1, GAMMA2 = 250e3, 1.5e3
LOOPED, SOLVED, ROUNDS, CHUNK = 48, 10, 5, 2000
SAME: Final = 1e-10
TOLERANCES: Final = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000}
"""Of mesolve, for the comparison of numbers; it is timed as it is by default (atol 1e-8, rtol 1e-6)."""
LEAST: Final = {"steadystate": 5000.0, "solve": 30.0, "mesolve": 200.0}

_UP = qutip.basis(2, 1) * qutip.basis(2, 0).dag()
_ONE = qutip.qeye(2)
_PLUS = (qutip.tensor(_UP, _ONE), qutip.tensor(_ONE, _UP))
_Z = (qutip.tensor(qutip.sigmaz(), _ONE), qutip.tensor(_ONE, qutip.sigmaz()))
_EXCHANGE = _PLUS[0] * _PLUS[1].dag() + _PLUS[1] * _PLUS[0].dag()
_BOTH = _PLUS[0] * _PLUS[0].dag() * _PLUS[1] * _PLUS[1].dag()
Array = NDArray[Any]


def main() -> int:
    """Print what took how long, and the ratios."""
    ratios = steady_states() | transients()
    for name, ratio in ratios.items():
        print(f"{name:12} {ratio:9.0f} x, at least {LEAST[name]:g} asked for")
    return int(any(ratio < LEAST[name] for name, ratio in ratios.items()))


def steady_states() -> dict[str, float]:
    """The map by closed forms, by a loop, and by NumPy."""
    p, g = (grid.ravel() for grid in np.meshgrid(np.linspace(0.97, 1, 200), np.linspace(2e3, 150e3, 200)))
    ours_s, ours = best(lambda: (state := engine(p, g).steady(), state.concurrence)[0])
    solve_s, solved = best(lambda: solved_by_numpy(p, g), rounds=1)
    some = np.linspace(0, len(p) - 1, LOOPED).astype(int)
    loop_s, looped = best(lambda: np.array([steady(p[k], g[k]) for k in some]), rounds=1)
    found = matrices(ours)
    same("steady states, NumPy", found, solved)
    same("steady states, steadystate", found[some], looped)
    loop_s *= len(p) / LOOPED
    print(f"200 x 200 steady states with concurrence: {ours_s * 1e3:.2f} ms, {ours_s / len(p) * 1e9:.0f} ns a point")
    print(f"  qutip.steadystate: {loop_s:.0f} s (extrapolated from {LOOPED} points)")
    print(f"  numpy.linalg.solve of QuTiP's Liouvillian: {solve_s:.2f} s")
    return {"steadystate": loop_s / ours_s, "solve": solve_s / ours_s}


def transients() -> dict[str, float]:
    """400 times at 100 couplings."""
    g, times_s = np.linspace(20e3, 150e3, 100), np.linspace(0.0, 30e-6, 400)
    start = XState.product(0.0, 0.98)
    ours_s, ours = best(lambda: (s := engine(0.98, g).transient(start, times_s), s.concurrence)[0])
    some = np.linspace(0, len(g) - 1, SOLVED).astype(int)
    usual_s, _ = best(lambda: [mesolved(g[k], times_s) for k in some], rounds=1)
    exact = np.array([mesolved(g[k], times_s, **TOLERANCES) for k in some])
    same("transients, mesolve", matrices(ours)[some], exact, 1e-8)
    usual_s *= len(g) / SOLVED
    print(f"400 times at 100 points with concurrence: {ours_s * 1e3:.2f} ms")
    print(f"  qutip.mesolve with its usual tolerances: {usual_s:.2f} s (extrapolated from {SOLVED} points)")
    return {"mesolve": usual_s / ours_s}


def engine(p: Array | float, g: Array) -> XEngine:
    """Paper's model with dephasing."""
    up, down = (0.5 * GAMMA1, 0.5 * GAMMA1 * (1 - p)), (0.5 * GAMMA1, 0.5 * GAMMA1 * (1 + p))
    return XEngine(g, up, down, (GAMMA2, GAMMA2))


def jumps(p: float) -> list[Any]:
    rates = (0.5 * GAMMA1, 0.5 * GAMMA1 * (1 - p)), (0.5 * GAMMA1, 0.5 * GAMMA1 * (1 + p))
    out = [np.sqrt(rate) * op for rate, op in zip(rates[0], _PLUS, strict=True)]
    out += [np.sqrt(rate) * op.dag() for rate, op in zip(rates[1], _PLUS, strict=True)]
    return out + [np.sqrt(0.5 * GAMMA2) * op for op in _Z]


def steady(p: float, g: float) -> Array:
    return np.asarray(qutip.steadystate(g * _EXCHANGE + 2 * g * _BOTH, jumps(p)).full())


def mesolved(g: float, times_s: Array, **options: float) -> Array:
    start = qutip.tensor(_thermal(0.0), _thermal(0.98))
    solved = qutip.mesolve(g * _EXCHANGE + 2 * g * _BOTH, start, times_s, jumps(0.98), options=options)
    return np.array([state.full() for state in solved.states])


def _thermal(z: float) -> Any:
    return qutip.Qobj(np.diag([0.5 * (1 + z), 0.5 * (1 - z)]))


def solved_by_numpy(p: Array, g: Array) -> Array:
    """(n, 4, 4): in chunks that fit into memory."""
    ends = [slice(k, k + CHUNK) for k in range(0, len(p), CHUNK)]
    return np.concatenate([_solve(p[part], g[part]) for part in ends])


_OF_G = qutip.liouvillian(_EXCHANGE + 2 * _BOTH).full()
_FIXED = qutip.liouvillian(0 * _BOTH, jumps(0.0)).full()
_OF_P = qutip.liouvillian(0 * _BOTH, jumps(1.0)).full() - _FIXED
"""The Liouvillian is linear in both."""


def _solve(p: Array, g: Array) -> Array:
    of_all = _FIXED + p[:, None, None] * _OF_P + g[:, None, None] * _OF_G
    of_all[:, 0, :] = np.eye(4).ravel()  # the trace, in place of a row that the others contain
    one = np.zeros((len(p), 16, 1), dtype=complex)
    one[:, 0] = 1.0
    return np.linalg.solve(of_all, one).reshape(-1, 4, 4).swapaxes(1, 2)


def matrices(state: XState) -> Array:
    """(..., 4, 4)"""
    out = np.zeros((*state.zz.shape, 4, 4), dtype=complex)
    for k, population in enumerate(state.populations):
        out[..., k, k] = population
    out[..., 1, 2] = state.re + 1j * state.im
    out[..., 2, 1] = state.re - 1j * state.im
    return out


def best(task: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, Any]:
    times = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        result = task()
        times.append(time.perf_counter() - began_s)
    return min(times), result


def same(what: str, ours: Array, theirs: Array, within: float = SAME) -> None:
    """Exit if they differ."""
    off = float(np.max(np.abs(ours - theirs)))
    print(f"{what}: the same to {off:.1e}, {within:g} asked for")
    if off > within:
        sys.exit(f"{what}: the numbers differ")


if __name__ == "__main__":
    sys.exit(main())
