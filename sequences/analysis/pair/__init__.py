"""The frozen pair: its model, its calibration, its read-outs.

- `readout`: what the detector says of a state: photons a shot under one beam, linear in sigma_z of each NV.
- `pumping`: how fast a beam pumps: the contrast that a read-out window of growing length collects.
- `shot_classes`: what varies from shot to shot: classes, each with its lines and its weight.
- `pulse_edges`: a program as it acts: the microwave a little late, the fields of switched coils settling for a while.
- `pair_model`: the frozen pair in numbers, and what a program makes of its read-outs.
- `oscillation`: Rabi oscillations and Ramsey fringes, read as the sum of both NVs.
- `resonances`: where both NVs come onto resonance while a current is swept under a selective and a common read-out.
- `calibration`: the numbers of the pair by name, and the photons that they let expect.
- `calibration_fit`: all numbers of the pair from known programs: one fit, with their covariance.
- `misfit`: what a fit that does not explain its counts may be short of.
"""
