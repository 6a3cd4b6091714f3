"""Runs as the window sees them: measured now, stored, or waiting. No Qt in here.

- `record`: a run as the views see it: growing columns, estimate, result, child runs.
- `record_builder`: makes the record of a run from its events.
- `stored_record`: a run of the data folder as a record, with all its child runs.
- `forecast`: how a run will go on: time that is left, photons at the end, and the error bars that they will leave.
- `run_list`: the stored runs as lines to choose from: newest first, child runs beneath theirs, each with its result.
- `checked_plans`: plans of what is queued, checked against the bounds of the station.
- `queue_file`: the file of the queue; kept elsewhere while the data folder is full.
- `queue`: what is to be run after what runs now, kept in the data folder: it outlives the window, and windows share it.
"""
