"""Analysis: arrays in, frozen results out; nothing here knows a lab.

Lines and field: `odmr` line centres from spectra, `adaptive` where to measure next on a line, `wide` what stands in a
wide, coarse spectrum, `inversion` field and tilt from two lines, `field` the magnet in the frame of the NV, `field_fit`
learning it from many lines while it walks, `walk` random walks seen now and then, `bridge` where one stood in between,
`bowl` the field across from the light, `relaxation` rates and the 13C dip, `lines` which role's line really does what,
`delays` when light follows its line, `late_pulse` when a pulse does, `significance` whether anything is there, `misfit`
what a fit that does not explain its counts may be short of, `drifting` least squares from rounds in which something
wanders.
Places: `doughnut_images` what images under the doughnut should show, `sighting` a ring in one, `steering_walk` how the
null strayed meanwhile, `emitters` the NVs fitted to all that, `how_many` whether they are two, `null` where the null
is by a few counts on a known pair. The frozen pair: `oscillation` Rabi and Ramsey oscillations, `resonances` where a
swept current meets both NVs, `pumping` how fast a beam pumps, `classes` what differs from shot to shot, `edges` a
program as it really acts, `pair` the pair as it is known and its propagators, `readout` what the detector says of a
state, `calibration` both by name, and the photons that they let expect. Fits: `drifting` least squares from rounds in
which something wanders, `calibration_fit` all numbers of the pair from counts of known programs, `misfit` what a fit
is short of that does not explain its counts. The engine: `engine_model` what it should do, `release` both baths and
both NVs when it starts, `balance` what becomes of the baths in cycles of other lengths, `baths` both from what the NVs
do, `engine_rows` what an analysis says of its state when shots differ, `prediction` what is expected at the end of
each evolution, `design` how to spend shots, `tomography` the state from counts, by maximum likelihood,
`signed_concurrence` how entangled an estimated state is.
"""
