"""The paper's other baths, and its formulas against its numbers: what agrees, and what does not."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from labctl.predictions.engine import Setting, optimum
from physics.constants import D_HZ, GAMMA_13C_HZ_PER_MT, GAMMA_E_HZ_PER_MT, NATURAL_C13_PERCENT, TWO_PI
from physics.coupling import flip_flop_paper_rad_per_s, flip_flop_spin1_rad_per_s, gamma1_per_s, gamma2_per_s
from physics.levels import cross_relaxation_fields_mt
from physics.nuclear_baths import (
    ANGLES,
    ANGLES_PAPER,
    LONGEST_NM,
    SHORTEST_NM,
    SURFACE,
    NuclearBath,
    b_rms_t,
    carbon,
    noise_relaxation_per_s,
    polarisation,
    spin_diffusion_nm2_per_s,
    spins_within,
    temperature_k,
)

CONTENTS: Final = (1.1, 3.0, 10.0, 30.0, 100.0)
_HERE_K: Final = 300.0
_NATURAL_PER_NM3: Final = 1.9


def predict_baths(c13_percents: Sequence[float] = CONTENTS) -> dict[str, Any]:
    """Every bath of Table I, with what follows for an engine between it and its like."""
    baths = [*(carbon(c13) for c13 in c13_percents), *SURFACE]
    return {"prediction": "baths", "baths": [_described(bath) for bath in baths]}


def _described(bath: NuclearBath) -> dict[str, Any]:
    fields = cross_relaxation_fields_mt(gamma_hz_per_mt=bath.gamma_hz_per_mt)
    energy_hz = bath.gamma_hz_per_mt * fields[0]
    p = bath.largest_polarisation
    return asdict(bath) | {
        "resonance_mt": list(fields),
        "resonance_paper_mt": D_HZ / (GAMMA_E_HZ_PER_MT + bath.gamma_hz_per_mt),
        "energy_mhz": energy_hz * 1e-6,
        "gamma1_over_energy": None if bath.gamma1_per_s is None else bath.gamma1_per_s / (TWO_PI * energy_hz),
        "temperature_uk": None if p is None else float(temperature_k(energy_hz, p)) * 1e6,
        "room_temperature_polarisation": float(polarisation(energy_hz, _HERE_K)),
        "steady_signed_concurrence": None if p is None else best_steady(p),
    }


def best_steady(polarisation_right: float) -> float:
    """Largest signed concurrence of the paper's steady state at any coupling, the other bath hot.

    Any Gamma1 has the same one, at another coupling.
    """
    setting = Setting()
    natural = np.array([NATURAL_C13_PERCENT])
    g, _ = optimum(polarisation_right, natural, setting)
    return float(setting.engine(polarisation_right, g, natural).steady().signed_concurrence[0])


@dataclass(frozen=True)
class Check:
    """A number of the paper, and what its formula or its own model gives."""

    what: str
    where: str
    paper: float
    computed: float
    unit: str
    within: float
    """Relative, by how the paper rounds."""
    note: str = ""

    @property
    def agrees(self) -> bool:
        return abs(self.computed - self.paper) <= self.within * abs(self.paper)


def checks() -> list[Check]:
    """In the order of the paper."""
    return [*_fields(), *_coupling(), *_noise(), *_baths(), *_engine()]


def check_paper() -> dict[str, Any]:
    """The same, ready for JSON."""
    return {"prediction": "check-paper", "checks": [asdict(check) | {"agrees": check.agrees} for check in checks()]}


def _fields() -> list[Check]:
    formula = D_HZ / (GAMMA_E_HZ_PER_MT + GAMMA_13C_HZ_PER_MT)
    exact = cross_relaxation_fields_mt()[0]
    energies = [Check("qubit energy, 13C", "eq. 6", 1.1, GAMMA_13C_HZ_PER_MT * exact * 1e-6, "MHz", 0.05)]
    for bath in (SURFACE[0], SURFACE[2]):
        at = cross_relaxation_fields_mt(gamma_hz_per_mt=bath.gamma_hz_per_mt)[0]
        computed = bath.gamma_hz_per_mt * at * 1e-6
        energies.append(Check(f"qubit energy, {bath.nucleus}", "Table I", bath.paper_energy_mhz, computed, "MHz", 0.02))
    note = f"with 14N it stands at {exact:.4f} mT, {1e3 * (exact - formula):.0f} uT from the formula: many line widths"
    return [Check("resonance field, 13C", "eq. 9", 102.0, formula, "mT", 0.01, note), *energies]


def _coupling() -> list[Check]:
    paper, spin1 = float(flip_flop_paper_rad_per_s(10.0)), float(flip_flop_spin1_rad_per_s(10.0))
    note = "eq. 11 takes S+- for spins 1/2; the elements of spin 1 double it (decision 0004)"
    return [Check("g at 10 nm", "eq. 11", paper, spin1, "rad/s", 0.05, note)]


def _noise() -> list[Check]:
    spins = spins_within(SHORTEST_NM, LONGEST_NM)
    gamma1, gamma2 = (float(rate(NATURAL_C13_PERCENT)) for rate in (gamma1_per_s, gamma2_per_s))
    b_paper = b_rms_t(GAMMA_13C_HZ_PER_MT, _NATURAL_PER_NM3, SHORTEST_NM, ANGLES_PAPER)
    computed = float(noise_relaxation_per_s(b_paper, gamma2))
    width = computed * gamma2 / gamma1
    note = (
        f"B_rms = {b_paper * 1e6:.1f} uT by eq. 15; a width of {width:.1e} /s instead of Gamma2 would give 250e3: "
        "where Gamma1 is larger than the width of the noise eq. 17 does not hold, and 250e3 is measured"
    )
    angles = "the integral of 2 + 3 sin^2 over all directions, by 3: 16 pi/3, where eq. 15 has 7 pi/2"
    return [
        Check("13C within 1.33 nm", "Sec. IV B", 20.0, spins, "", 0.1),
        Check("directions in B_rms^2", "eq. 15", ANGLES_PAPER, ANGLES, "", 0.05, angles),
        Check("Gamma1 from B_rms", "eq. 17", gamma1, computed, "/s", 0.3, note),
        Check("spin-lattice rate", "Sec. IV B, Table I", 200.0, 150.0, "/s", 0.05, "the paper's two numbers"),
    ]


def _baths() -> list[Check]:
    natural, enriched = (float(spin_diffusion_nm2_per_s(c13)) for c13 in (NATURAL_C13_PERCENT, 100.0))
    room = float(polarisation(1.1e6, _HERE_K))
    per_spin = float(gamma1_per_s(NATURAL_C13_PERCENT)) / 20.0
    return [
        Check("polarisation at 300 K", "eq. 20", 1e-7, room, "", 0.5),
        Check("build-up of the bath", "Table I", 9e3, per_spin, "/s", 0.5, "Gamma1/N, as a bath of finite size gives"),
        Check(
            "diffusion, natural 13C", "eq. 24", 6.5, natural, "nm2/s", 0.1, "eq. 24 gives 6.5 at 100 % only; Table I: 7"
        ),
        Check("diffusion over 20 nm", "Sec. V C", 60.0, 400.0 / enriched, "s", 0.1, "d^2/D with D of 100 % 13C"),
        Check("the same, natural 13C", "eq. 24", 60.0, 400.0 / natural, "s", 0.1, "longer: negligible all the more"),
    ]


def _engine() -> list[Check]:
    setting, natural = Setting(), np.array([NATURAL_C13_PERCENT])
    g, steady = optimum(1.0, natural, setting)
    times_s = np.linspace(0.0, 30e-6, 601)
    best = float(setting.engine(1.0, g, natural).transient(setting.thermal(1.0), times_s).concurrence.max())
    ratio = float(g[0]) / float(gamma1_per_s(NATURAL_C13_PERCENT))
    note = "Sec. III B asks for Gamma1 <= g; Fig. 3 and the model have the best g well below it"
    return [
        Check("transient over steady state", "Sec. VI", 2.0, best / float(steady[0]), "", 0.1, "more than double"),
        Check("best g over Gamma1", "Sec. III B", 1.0, ratio, "", 0.1, note),
        Check("natural 13C in Fig. 3", "Fig. 3", 1.4, NATURAL_C13_PERCENT, "%", 0.05, "1.1 % everywhere else"),
    ]
