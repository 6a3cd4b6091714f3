"""From currents to the field in the frame of the NV.

- `field_model`: three currents as field along and across the axis.
- `field_fit`: the magnet from lines measured one after the other while its field drifts.
- `transverse_dimming`: the field across the axis, from the light that it takes away.
"""
