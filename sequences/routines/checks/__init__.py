"""Whether every pulse line drives what it should, and how late it acts.

- `pulse_lines`: every pulse line, one at a time, at zero field: what answers to it.
- `light_edges`: when the light of a beam comes and goes, window by window.
- `late_pulse`: a half turn that a coil cuts short: how late microwave and coil act.
"""
