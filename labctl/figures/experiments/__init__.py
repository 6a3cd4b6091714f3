"""The figures of our experiments, a module for each.

- `wiring`: what each pulse line, alone or with another, makes the counters see.
- `delays`: count rate about a beam's edges, and what is left of a half turn that a coil cuts short.
- `odmr`: counts against frequency, a panel per stretch of the scan, with the lines found.
- `rabi`: signal against pulse length, with a sinusoid of the frequency found.
- `locate`: where the two NVs are: counts against the doughnut's position, with both NVs marked.
- `align`: field across the axis, detuning from the 13C resonance, and the relaxation dip.
- `relaxometry`: what a contact with the baths leaves of the inversion, against the field.
- `calibrate`: photons a shot of every program, how well the pair explains them, its imperfections.
- `cool`: polarisation of both baths against pumping time, with the values at the end.
- `tomography`: the density matrix as bars, and the Pauli terms with their errors.
- `engine`: concurrence against evolution time beside the model, and the density matrix.
"""
