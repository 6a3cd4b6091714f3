"""Analysis: arrays in, frozen results out; nothing here knows a lab.

`odmr` line centres from spectra; `lines` which role's line really does what; `inversion` field and tilt from the two
lines of one spectrum; `wide` what stands in a wide, coarse one;
`field` the magnet in the frame of the NV from many line centres; `walk` random walks seen now and then; `bowl` the
field across from the light, and `null` the doughnut's null on a known pair, as a hold looks at them; `doughnut_images`
what images under the doughnut should show, `sighting` a ring in one, `steering_walk` how the null strayed meanwhile,
`emitters` the NVs fitted to all that, `how_many` whether they are two;
`oscillation` Rabi and Ramsey oscillations of the frozen pair; `resonances` where a swept current meets
both NVs; `pumping` how fast a beam pumps; `relaxation` rates and the 13C dip; `pair` the frozen pair as it is known,
and its propagators; `readout` what the detector says of a state; `calibration` both, fitted together to counts of known
programs; `engine_model` what the engine should do; `baths` their polarisations from what the NVs do; `prediction` what
is expected at the end of each evolution; `design` how to spend shots; `tomography` the state from counts, by maximum
likelihood.
"""
