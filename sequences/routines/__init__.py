"""What several experiments share: the verbs in which they speak to the bench, and the measurements they are made of.

In reading order: `controls` light, microwave, coils and dark; `measure` the one place that plays a program and counts;
`selection` what light goes on with a beam, and where its null belongs; `allowed` whether a program may be played,
`delays` by how much its lines are played ahead, `still_set` whether the bench is as it was set; `estimates` what a run
would conclude now; `light` whether there is any, `light_edges` when it comes and goes; `reach` what the coils' limits
allow; `state` the calibrated bench. Without calibrations: `lines` every pulse line alone and what answers to it;
`spectroscopy` spectra, `tracking` one line measured where each point tells most, `survey` the magnet moved and its
lines followed, `first_light` the first of them, `known_magnet` what one run hands to the next, `diagnosis` what stands
where a line is missing, `dip` relaxation at the 13C resonance, `no_dip` what is said where there is none,
`frozen_pulse` a first pi pulse, `frozen` the frozen pair's line and global pulses on it. On the calibrated pair:
`late_pulse` a turn that a coil cuts short, `hold` field and null kept where they are while a run plays, `rounds`
programs dealt out in rounds that are alike, `shots` played and counted, each with its reference, `pair_shots` what
either NV says at the end of a shot; `beams` both of them as read-outs, `gradient` with its compensation; `pair_guess`
what is known of the pair beforehand, `calibration_programs` and `tomography_programs`, what those two experiments play,
`calibration_design` for how long; `engine_offer` what a tomography may play and what the model says of it; `judgement`
whether counts are explained, and the refusal if not; `outlook` what is expected before the long part, `course` of an
engine run what is known so far.
"""
