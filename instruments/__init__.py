"""The drivers: one file per instrument, a table of parameters and a few verbs; no experiment in any of them.

`roles` what experiments ask of an instrument, and `readings` what it says of itself; `playable` what a pulse source
takes and can play;
`errors` what all their errors say; `clock` laboratory time; `steady` repeats what a bad line spoiled; `supply` what the
magnet asks of a current source; `current_source` the two channels of a Keysight B2962A; `trim_source` a Yokogawa GS200;
`magnet` three currents as one field; `microwave_source` the SRS SG386; `green_laser` the Cobolt 06; `aom` the AA MPDS
with its pump and doughnut channels; `depletion_beam` laser, AOM channel and steering as one beam; `ni_line` deadlines
for its gRPC calls; `ni_card` the NI PCIe-6363 and its analogue outputs; `pulse_generator` digital patterns on its port
0; `photon_counter` its counters behind the gates of a pattern.
"""
