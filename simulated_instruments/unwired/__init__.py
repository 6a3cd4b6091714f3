"""The roles of a lab played by the twin in this process: a laboratory without wires, for statistics.

Verbs, values read back, laboratory time that passes and counts for a seed are those of the wired bench: each instrument
is the one of `visa`, told in its own language what a driver would tell it, but no line lies between. In reading order:
`parameter` a value that is asked for and set by calling it; `box` one instrument and its language; `currents` the
supplies of the coils, and `magnet` three of them as a field; `microwave`, `green_laser`, `aom`; `card` what is played
and what is counted; `doughnut` laser, AOM channel and steering as one beam, and
`red_doughnut` that with a laser of 775 nm.
"""
