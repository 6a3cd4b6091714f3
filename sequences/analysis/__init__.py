"""Analysis: arrays in, frozen results out; nothing here knows a lab.

- `statistics`: what is known in spite of noise and drift.
- `odmr`: lines in spectra, and the field that they show.
- `magnet`: from currents to the field in the frame of the NV.
- `relaxation`: relaxation by the 13C bath, and its dip against field.
- `imaging`: where the NVs are: images under the doughnut, and the doughnut's null.
- `checks`: what every pulse line does, and when.
- `pair`: the frozen pair: its model, its calibration, its read-outs.
- `engine`: the engine's model from calibrated numbers, its baths, and what it should show.
- `tomography`: the state from counts, and how to spend shots on it.
"""
