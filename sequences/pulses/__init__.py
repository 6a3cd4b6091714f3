"""Pulse programs: what the pulse source plays, as immutable data.

`grid` which times the source can play, and refusals of others; `program` the value itself: intervals of whole ticks in
which some lines are high; `compile` program <-> pattern of the source, by the wiring of station.yaml; `library` the
words of this experiment: pump, cool, pulse, freeze, gate, read; `timeline` a program as text and as a picture.
"""
