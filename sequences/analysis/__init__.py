"""Analysis: arrays in, frozen results out; nothing here knows a lab.

`odmr` line centres from spectra; `field` the magnet in the frame of the NV from line centres; `emitters` both NVs from
doughnut images; `oscillation` Rabi, Ramsey and exchange; `relaxation` rates and the 13C dip; `pair` the calibrated
pair and its propagators; `readout` what the detector says of known states; `design` how to spend shots; `tomography` the
state from counts, by maximum likelihood.
"""
