"""The VISA side of the simulated bench: every instrument speaks its own dialect to the unmodified drivers.

- `languages`: what several dialects share: the languages SCPI and SRS, without I/O, and parts of instruments.
- `b2962a`: Keysight B2962A: two bipolar current sources in one box.
- `gs200`: Yokogawa GS200: a source with ranges, limiters, and programs that ramp.
- `sg386`: SRS SG386: four-letter commands, error codes, a list of states.
- `cobolt06`: Cobolt 06-DPL, 532 nm: the short commands of the RS-232 heads.
- `mpds`: AA Opto-Electronic MPDS, two channels.
- `sprout`: Lighthouse Photonics Sprout-G, 532 nm.
- `vfl`: MPB Communications VFL, 775 nm: a command, then its value and the prompt `D >`, or why not and `F >`.
- `framing`: where a message ends.
- `line`: the wire to a dialect, and all that can happen to a reply.
- `dialects`: who answers at which resource name of the bench, and what hangs on its terminals.
- `backend`: hangs the dialects on their resource names inside PyVISA-sim.
"""
