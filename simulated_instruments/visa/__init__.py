"""The VISA side of the simulated bench: every instrument speaks its own dialect to the unmodified drivers.

In reading order: `scpi` turns bytes into commands and back, without I/O; `b2962a`, `gs200`, `sg386`, `cobolt06`, `mpds`
and `sprout` are one instrument each; `backend` hangs them on the resource names of station_sim.yaml inside PyVISA-sim.
"""
