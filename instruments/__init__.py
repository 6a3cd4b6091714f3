"""The drivers: one file per instrument, a table of parameters and a few verbs; no experiment in any of them.

station.yaml names the drivers by these paths.

- `interface`: what an experiment may ask of an instrument: the words between drivers and experiments.
- `common`: what several drivers share.
- `current_source`: a Keysight B2962A: currents for the coils.
- `current_channel`: one of its two channels, with range, compliance and protection.
- `trim_source`: a Yokogawa GS200 in its 200 mA range.
- `parameter_source`: any parameter of a QCoDeS driver that is a current.
- `magnet`: three currents as one field, with limits and ramps.
- `microwave_source`: an SRS SG386, the carrier to 6.075 GHz.
- `green_laser`: a Cobolt 06, 532 nm: the pump's laser.
- `aom`: an AA MPDS, RF for the two acousto-optic modulators.
- `sprout`: a Lighthouse Photonics Sprout-G: the laser behind the doughnut.
- `mpb_vfl`: MPB Communications VFL: a fibre laser, frequency doubled, as it is used at 775 nm for STED.
- `vfl`: the MPB VFL of 775 nm behind the depletion beam: what a STED beam asks of its laser, over the plain driver.
- `depletion_beam`: the doughnut: laser, modulator and steering as one beam.
- `ni_card`: an NI PCIe-6363, and its analogue outputs.
- `pulse_generator`: pulse patterns on port 0 of the NI card.
- `photon_counter`: two counters of the NI card behind the gates of a pattern.
"""
