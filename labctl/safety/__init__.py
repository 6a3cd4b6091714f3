"""Limits before a run, interlocks during it, and the safe state after it.

- `limits`: the limits of station.yaml, checked on a whole plan before anything is opened: its values, and its programs.
- `safe_state`: switches off whatever shines, radiates or heats, in order, each step guarded alone.
- `interlocks`: causes for which a run is suspended: an interlock, a fault, a trip, a carrier astray.
- `suspension`: a suspended run: the bench is made safe, and the cause is asked for until it is gone.
"""
