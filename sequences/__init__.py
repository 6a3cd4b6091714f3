"""The experiments: what can be measured on the pair, each a frozen plan and a generator that yields as it learns.

In reading order: `results`, what every experiment yields; `pulses`, programs as immutable data; `lab`, the instruments
as an experiment sees them; `controls`, the verbs in which experiments speak to them; `measure`, the one place that
plays a program and counts; `analysis`, arrays in and frozen results out. Routines that several experiments share:
`spectroscopy` spectra and line centres, `survey` the magnet moved and its lines followed, `dip` relaxation at the 13C
resonance, `lines` every pulse line alone and what answers to it, `frozen` the frozen pair's line and global pulses on
it, `state` the calibrated bench, `shots` programs on it, `beams` both of them as read-outs, `gradient` with its
compensation, `calibration_programs` and `tomography_programs`, what those two play. Then the experiments: `wiring` (are
the lines what station.yaml says?), `odmr`, `rabi`, `locate`, `align`, `relaxometry`, `calibrate`, `cool`, `tomography`,
and `engine`, which composes the others.
"""
