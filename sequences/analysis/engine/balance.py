"""Both baths in cycles of other lengths: in its steady state a cycle gives to a bath what it takes from it."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.release import Release

Real = NDArray[np.float64]
Two = tuple[float, float]

_WARMER: Final = 0.2
"""Change of the hot bath's polarisation by which its flow's slope is taken: the flow is linear in it."""


def polarisations(model: EngineModel, release: Release, times_us: Real) -> Real:
    """(n, 2): left and right bath at release in cycles of these evolution times.

    The hot bath meets its NV during the evolution only and takes the mean of its sigma_z; the cold one is cooled again
    in each cycle and gives to the evolution what it gets. `release.balance` is the share of these changes that is
    found: the steady state is not all that acts on a bath.
    """
    every = np.array([*times_us, release.evolution_us])
    expected = steady(model, release, every)
    return np.asarray(np.array(release.polarisation) + release.balance * (expected[:-1] - expected[-1]))


def polarisation_after(model: EngineModel, release: Release, evolution_us: float) -> Two:
    """The same for one evolution time."""
    left, right = polarisations(model, release, np.array([evolution_us]))[0]
    return float(left), float(right)


def steady(model: EngineModel, release: Release, times_us: Real) -> Real:
    """(n, 2): left and right bath as the balance asks for, if nothing but the NVs acts on them."""
    model = replace(model, gamma1_per_s=release.gamma1_per_s)
    order = np.argsort(times_us)
    left, right = release.polarisation
    gained = model.gains(times_us[order] * 1e-6, (left, right), release.start_z)
    warmer = model.gains(times_us[order] * 1e-6, (left + _WARMER, right), release.start_z)
    slope = (warmer[:, 0] - gained[:, 0]) / _WARMER
    kept = np.exp(-model.contact_rate_per_s[1] / model.spins * release.cooling_us * 1e-6)
    out = np.empty((len(times_us), 2))
    cold = release.start_z[1] + gained[:, 1] * kept / (1.0 - kept)
    out[order] = np.stack([left - gained[:, 0] / slope, cold], axis=-1)
    return out


def release_states(model: EngineModel, release: Release, times_us: Real) -> Real:
    """(n, 16): mean Pauli vectors at the end of cycles with these evolution times, each with its own baths."""
    moved = replace(model, gamma1_per_s=release.gamma1_per_s)
    baths = polarisations(model, release, times_us)
    return np.array(
        [
            moved.states(np.array([t * 1e-6]), tuple(both), release.start_z)[0]
            for t, both in zip(times_us, baths, strict=True)
        ]
    )


def quoted_at(model: EngineModel, release: Release, evolution_us: float) -> tuple[float, float, float, float]:
    """Polarisation of the left bath, its error, and the same of the right one, in cycles of this length."""
    here = np.array(polarisation_after(model, release, evolution_us))
    moves = [
        np.array(polarisation_after(model, release.moved(step), evolution_us)) - here
        for step in np.linalg.cholesky(release.covariance + 1e-18 * np.eye(len(release.values))).T
    ]
    left_err, right_err = np.sqrt(np.sum(np.square(moves), axis=0))
    return float(here[0]), float(left_err), float(here[1]), float(right_err)
