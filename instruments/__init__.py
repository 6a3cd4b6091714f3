"""The drivers: one file per instrument, a table of parameters and a few verbs; no experiment in any of them.

What an experiment asks of an instrument: `roles`, each role in the words of physics; `playable` what a pulse source
takes and can play; `readings` what an instrument says of itself, `causes` why it cannot go on; `fitness` what an
instrument lacks for a role; `safely` makes several parts safe, each guarded alone.

Below all drivers: `errors` what all their errors say; `clock` laboratory time; `steady` repeats what a bad line
spoiled; `supply` what current sources complain of.

The drivers: `current_source` a Keysight B2962A and `current_channel` one of its two channels; `trim_source` a Yokogawa
GS200; `parameter_source` any parameter of QCoDeS that is a current; `magnet` three currents as one field;
`microwave_source` the SRS SG386, and `microwave_errors` what it refuses; `green_laser` the Cobolt 06; `diffraction` of
a modulator, and `aom` the AA MPDS with its pump and doughnut channels; `sprout` the laser behind the doughnut;
`mpb_vfl` an MPB VFL, with nothing of this house in it, and `vfl` the same as the red laser behind the doughnut;
`depletion_beam` laser, AOM channel and steering as one beam; `ni_line` deadlines for the card's gRPC calls; `ni_card`
the NI PCIe-6363 and its analogue outputs; `pulse_generator` digital patterns on its port 0; `photon_counter` its
counters behind the gates of a pattern.
"""
