"""Global pulses on the frozen pair and their read-out under the Gaussian beam: what rabi and wiring share."""

from collections.abc import Iterable

import numpy as np

from sequences.analysis.oscillation import Segment, Shot
from sequences.lab import Lab
from sequences.measure import measure, repeats_for
from sequences.pulses.library import pulse, pulsed, wait
from sequences.pulses.program import Program, joined
from sequences.results import SequenceError

_FEWEST_PHOTONS = 100


def turns(name: str, segments: Iterable[Segment], tick_ns: int) -> Program:
    """A shot: pump, these pulses and waits while frozen, read."""
    parts = [
        pulse(s.duration_ns, s.axis, tick_ns=tick_ns) if s.axis else wait(s.duration_ns, "shift", tick_ns=tick_ns)
        for s in segments
    ]
    return pulsed(name, joined(name, parts))


def ratio(lab: Lab, program: Program, seconds: float) -> tuple[float, float]:
    """Signal over reference, and its shot noise. Raises SequenceError in the dark."""
    counts = measure(lab, program, repeats_for(program, seconds))
    if counts.reference < _FEWEST_PHOTONS:
        raise SequenceError(
            f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of read-out",
            "Check the green laser, its AOM and its line pump; labctl run wiring tests them one by one",
            photons=counts.reference,
        )
    seen = counts.signal / counts.reference
    return seen, seen * float(np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / counts.reference))


def shot(lab: Lab, segments: Iterable[Segment], seconds: float, offset_hz: float = 0.0) -> Shot:
    """Play and read a train or a fringe; offset_hz says how far the carrier was set off."""
    parts = tuple(segments)
    seen, error = ratio(lab, turns("turns", parts, lab.wiring.tick_ns), seconds)
    return Shot(parts, seen, error, offset_hz)
