"""The VISA side of the simulated bench: every instrument speaks its own dialect to the unmodified drivers.

In reading order: `scpi` is the language, without I/O, and `scpi_instrument` what its speakers share: `b2962a` with its
`readings` and `gs200` with the ramps of `program`; `srs` is the language of `sg386` with its `state_list` and
`srs_status`; `cobolt06`, `mpds`, `sprout` and `vfl` speak their own; `framing` finds where a message ends; `line`
carries whole replies, and all that can happen to them; `dialects` is who answers at which resource name, and `backend`
hangs them all on these names, of station_sim.yaml, inside PyVISA-sim.
"""
