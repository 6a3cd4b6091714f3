"""What every pulse line does, and when.

- `line_roles`: which role's line really does what.
- `light_delays`: when light really comes and goes after its line.
- `late_pulse`: when a microwave pulse really acts.
"""
