"""What several dialects share: the languages SCPI and SRS, without I/O, and parts of instruments.

- `scpi`: SCPI: messages, headers, values.
- `scpi_instrument`: what SCPI instruments share: common commands, status, errors.
- `readings`: what a source with two channels measures, as text.
- `ramp_program`: the ramp program of a GS200.
- `srs`: SRS: four letters, a number with perhaps a unit.
- `srs_status`: the status registers of SRS generators.
- `state_list`: the list of states of an SG386.
"""
