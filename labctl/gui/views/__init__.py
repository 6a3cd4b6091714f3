"""The docks, one module each. One that shows what was measured ends with its `DOCK`.

- `run`: the run dock: how far it is, when it will be done, photons, error bars now and at the end, and its parts.
- `odmr`: the ODMR dock: the spectrum as it grows, and the field that its lines show.
- `alignment`: the alignment dock: how near the field is to the resonance and to the axis.
- `cooling`: the cooling dock: polarisation of both baths against time, and the doughnut image with both NVs on it.
- `engine`: the engine dock: signed concurrence and populations against evolution time.
- `tomography`: the tomography dock: the state as bars and as numbers, while photons arrive.
- `points`: the points dock: every column of any experiment against what it was measured against.
- `sequence`: the sequence dock: the pulse timeline of the program that plays now.
- `bench`: the bench dock: every instrument with what it does now, its limits, and the interlock in large letters.
- `by_hand`: the dock of what is set by hand between runs, and of the count rate as it goes.
- `runs`: the runs dock: the plan form, the queue and the stored runs.
"""
