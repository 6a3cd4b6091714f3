"""Pulse programs: what the pulse source plays, as immutable data.

- `grid`: the grid of the pulse source: a duration that somebody writes is a whole number of ticks, or is refused.
- `program`: a pulse program: a name and intervals, each a whole number of ticks with some lines high.
- `compile`: a program as the pattern of a pulse source, by the lab's wiring; and back.
- `library`: the words of this experiment as programs: pump, pulse, cool, heat, freeze, gate, read.
- `timeline`: a pulse program as a physicist reads it: text for a terminal, a picture for a record.
"""
