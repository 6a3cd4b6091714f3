"""What several drivers share.

- `errors`: what every instrument's error says: which instrument, what happened, and what to do about it.
- `clock`: laboratory time: the wall clock on a real bench, the bench's own clock on a simulated one.
- `retry`: repeats what a bad line spoiled if that is safe, and believes no late answer.
- `safely`: several parts made safe, each guarded alone: what one does not do keeps no other from being tried.
- `supply`: what the drivers of current sources complain of, and whether one still is as it was set.
- `diffraction`: how much of the light an acousto-optic modulator diffracts at an RF power.
- `microwave_errors`: what the SRS SG386 says of a command that it refuses.
- `ni_line`: deadlines for the gRPC calls of the NI card.
"""
