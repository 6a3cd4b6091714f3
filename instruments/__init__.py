"""QCoDeS drivers of the bench, one file per instrument: a table of parameters and a few verbs, no experiment logic.

In reading order: `clock`, laboratory time; `current_source`, and `magnet` over three of them; `microwave_source`;
`green_laser`, `aom` and the `depletion_beam` of laser, modulator and steering; `ni_card`, and on it `pulse_generator`
and `photon_counter`.
"""
