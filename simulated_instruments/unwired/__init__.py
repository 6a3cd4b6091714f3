"""The roles of a lab played by the twin in this process: a laboratory without wires, for statistics.

Verbs, values read back, laboratory time and counts for a seed are those of the wired bench: each instrument
is the one of `visa`, told in its own language what a driver would tell it, but no line lies between.

- `parameter`: a value of an instrument that is asked for and set by calling it.
- `box`: one instrument without its line: what is told it arrives, and what it answers is whole.
- `currents`: current sources for the coils: the two channels of a B2962A, and a GS200.
- `magnet`: three currents as one field.
- `microwave`: the carrier of an SG386.
- `green_laser`: a Cobolt 06: its warm-up and its pauses take laboratory time.
- `aom`: the MPDS with its two channels, the pump's and the doughnut's.
- `card`: the pulse card: patterns that are played at once, with laboratory time passing when they are waited for.
- `doughnut`: Sprout-G, AOM channel and steering as one beam.
- `red_doughnut`: the doughnut of a VFL at 775 nm: the same AOM channel and steering, another laser.
"""
