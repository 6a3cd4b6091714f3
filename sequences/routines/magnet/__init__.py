"""The magnet learned from lines: from the first one to what one run hands to the next.

- `coil_reach`: what the coils can reach, said before a ramp.
- `survey`: moves the magnet and measures its lines; each tells where the next will be.
- `first_line`: the first line of a bench of which only nominal values are known.
- `magnet_memory`: what is kept of the magnet from one run to the next.
"""
