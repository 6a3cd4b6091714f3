"""What several experiments share: the verbs in which they speak to the bench, and their common measurements.

- `estimates`: what a run would conclude now, gathered from its parts.
- `bench`: the bench in verbs: switch, play, count; whether it may be played, and whether it still is as it was set.
- `odmr`: resonance lines: measured, followed, or missing.
- `relaxation`: the dip of relaxation at the 13C resonance.
- `magnet`: the magnet learned from lines: from the first one to what one run hands to the next.
- `stabilisation`: keeps field and doughnut in place through a long run.
- `pair`: the frozen pair: pulses on it, its calibration, and the programs that read it.
- `checks`: whether every pulse line drives what it should, and how late it acts.
- `engine`: the engine: what may be measured of it, and what is to be expected.
"""
