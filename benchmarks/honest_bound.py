"""The most significance that a bench lets expect of a night: Cramer-Rao, calibration and tomography planned as one."""

import numpy as np
from numpy.typing import NDArray

from labctl.unwired import Unwired
from sequences.analysis.tomography.design import shares_for
from sequences.engine import EngineResult
from sequences.routines.bench import calibrated_bench
from sequences.routines.pair import pair_guess
from sequences.routines.pair.calibration_design import away_from_edges, joint, pumped_programs
from sequences.routines.pair.tomography_programs import expectation

Real = NDArray[np.float64]


def bound_sigma(there: Unwired, result: EngineResult, vector: Real) -> float:
    """Significance of the witness of this state, Pauli vector (16,), if all time that the run took went into the best
    shots of the run's own kind: its cooling, windows and powers, nothing known beforehand but what every run is told.

    The pair's numbers are those that the run has found; the state and its witness are the true ones.
    """
    lab = there.lab
    bench, found = calibrated_bench.bench(lab), away_from_edges(calibrated_bench.pair(lab))
    known = pair_guess.known(lab, found.pair.zz_rad_per_s, found.pair.rabi_x_rad_per_s)
    asked = pumped_programs(bench.gates)
    assert result.best_us is not None
    both = joint(lab, found, known, bench.gates, bench.reading, asked, (result.best_us, vector))
    witness = expectation(vector).target
    target = np.concatenate([witness[1:], np.zeros(len(known))])
    seconds = lab.clock.now()
    shares = shares_for(both, target[None, :], seconds)
    return float(witness @ vector) / both.error(shares * seconds, target)
