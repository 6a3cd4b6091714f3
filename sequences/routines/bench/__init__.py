"""The bench in verbs: switch, play, count; whether it may be played, and whether it still is as it was set.

- `verify`: whether the bench still is as the sequence set it: no result from one that was reset, tripped or went dark.
- `limits`: whether a program may be played with the bench as it is set: asked before every play.
- `line_delays`: by how much lines act late, as `delays` measured it.
- `controls`: the verbs in which the experiments speak to the bench: light, microwave, pulsed coils, and dark.
- `measure`: the one place that plays a program and returns counts.
- `rounds`: programs in rounds that are alike, so that a slow drift is noise and no bias.
- `selection`: which NV the doughnut lets be pumped and read.
- `light`: whether there is light: counts with green light and in the dark.
- `calibrated_bench`: what earlier runs found, and the instruments set accordingly.
"""
