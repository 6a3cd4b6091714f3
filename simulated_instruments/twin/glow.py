"""Photons between the plays, while a line rests high: what a count-rate monitor sees."""

import numpy as np

from simulated_instruments.twin.counter import Counter
from simulated_instruments.twin.pair import Baths, Condition, State, advance

_SETTLING_S = 2e-3
"""After so long at rest the pair glows steadily."""
_LOOK_S = 1e-4


class Glow:
    """A counter that is always open. Its draws are its own: what is played counts the same with and without it."""

    def __init__(self, counter: Counter, drawing: np.random.Generator) -> None:
        self.photons = 0
        """Counted so far."""
        self._counter, self._drawing = counter, drawing

    def pass_by(self, state: State, condition: Condition, seconds: float, baths: Baths) -> None:
        """So much time passes at rest: the pair settles, then it glows at one rate."""
        settling_s = min(seconds, _SETTLING_S)
        settled, photons = advance(state, condition, settling_s, baths)
        if seconds > settling_s:
            photons += advance(settled, condition, _LOOK_S, baths)[1] * (seconds - settling_s) / _LOOK_S
        seen = self._counter.seen(photons, seconds)
        self.photons += self._counter.counts(int(self._drawing.poisson(seen)))
