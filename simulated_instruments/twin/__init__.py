"""The digital twin: one state, one clock, one lock, one random generator behind every wire of the bench.

In reading order: `surroundings` the field at the NVs and the light on them; `walks` how they drift; `transitions` the
NVs' lines in that field; `timeline` when each line of the pattern really acts; `conditions` the rates that follow;
`pair` carries both NVs and their baths through an interval; `player` repeats a program; `counter` counts, and `glow` is
what it counts between the plays.
Where shots differ: `quadrature` and `classes` how, `levels` and `propagation` many pairs side by side, `ensemble` all
of them between one pair of baths, `planning` what a program makes of it. `world` ties knobs, lines and clock to them.
"""

from simulated_instruments.twin.world import Freeze, Twin

__all__ = ["Freeze", "Twin"]
