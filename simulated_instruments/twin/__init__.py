"""The digital twin: one state, one clock, one lock, one random generator behind every wire of the bench.

- `surroundings`: the field at each NV, the light on it, and what it emits.
- `drifts`: what drifts with laboratory time.
- `transitions`: the lines of one NV in a field, for each state of its 14N nucleus.
- `timeline`: when each line really acts: the card's ticks, carried through delays and rise of what the lines switch.
- `conditions`: what governs the pair in each interval, from the sample, the setpoints and where the slow drifts stand.
- `pair`: the pair of NVs and its two baths, carried through one interval of constant lines after another.
- `player`: a pulse program repeated N times: what the counters see, without playing every repeat.
- `counter`: the photon counter: what it misses while it is dead, and what it counts twice.
- `glow`: photons between the plays, while a line rests high: what a count-rate monitor sees.
- `shots`: shots that differ: their classes, carried side by side between one pair of baths.
- `world`: ties the wires to the physics: setpoints in, photon counts out.
"""

from simulated_instruments.twin.world import Freeze, Twin

__all__ = ["Freeze", "Twin"]
