"""What the paper's model expects, as numbers: no lab, no bench.

- `engine`: what the engine should do (the paper's Fig. 3), for any polarisation, coupling and 13C.
- `two_baths`: any two baths, and qubits of any two energies.
- `paper`: the paper's other baths, and its formulas against its numbers: what agrees, and what does not.
- `tiles`: a map in tiles: computed by local processes or a Dask cluster, and kept on disk.
- `survival`: whether the engine entangles in a real diamond: concurrence against separation and 13C.
- `assumed_bench`: a calibrated bench that nobody has built: every number that its runs would store.
- `nights`: expected laboratory hours of an engine run, by the functions that plan and forecast the run itself.
"""
