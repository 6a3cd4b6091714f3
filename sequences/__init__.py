"""The experiments: what can be measured on the pair, each a frozen plan and a generator that yields as it learns.

A module that ends with its `EXPERIMENT` is an experiment, and is found by it: `labctl run --list`.

- `results`: what every sequence yields: points, progress, estimates, begin and end of a child run.
- `core`: what an experiment is, and what it has to work with.
- `pulses`: pulse programs: what the pulse source plays, as immutable data.
- `analysis`: analysis: arrays in, frozen results out; nothing here knows a lab.
- `routines`: what several experiments share: the verbs in which they speak to the bench, and their common measurements.
- `wiring`: whether every pulse line drives what station.yaml says.
- `delays`: how late every line acts: both beams against the counters' gates, the microwave against the coils.
- `odmr`: ODMR: a spectrum around both lines at the present field, and the field and its tilt from them.
- `rabi`: pulses on the frozen pair: its line, its oscillation, and the power of a quarter turn of whole ticks.
- `locate`: where the two NVs are: images under the doughnut, coarse to fine, and a joint fit of both.
- `align`: from a cold bench to the 13C resonance: the coils, the axis, the relaxation dip, the lock.
- `relaxometry`: relaxation rate against field: the dip, its rate and its width.
- `calibrate`: the frozen pair: beams, gradient, gates, cross-talk; everything tomography builds on.
- `cool`: one bath polarised under the doughnut, and both baths as the engine finds them.
- `tomography`: the engine's state after one evolution time.
- `engine`: the whole experiment, made of the others.
"""
