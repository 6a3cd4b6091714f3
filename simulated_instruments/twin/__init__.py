"""The digital twin: one state, one clock, one lock, one random generator behind every wire of the bench.

In reading order: `surroundings` the field at the NVs and the light on them; `transitions` their lines in that field;
`pair` carries both NVs and their baths through an interval; `player` repeats a program; `world` ties knobs, lines and
clock to them and draws the counts.
"""

from simulated_instruments.twin.world import Freeze, Twin

__all__ = ["Freeze", "Twin"]
