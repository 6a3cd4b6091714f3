"""One run from its begin to its end: driven, recorded, paused, resumed after a break.

- `events`: what a runner tells its listeners while a run goes on.
- `pause`: holds a run between two acquisitions, with all lines low.
- `settings`: what the bench is set to, noted with every acquisition.
- `replay`: an interrupted run, played again: every acquisition is answered from disk.
- `past_calibration`: the calibration as it was known to the run that is played again.
- `journal`: what is noted with every acquisition, so that the run can be played again.
- `resumption`: a run that goes on after a break: first the bench is brought back, then the run is played again.
- `drawing`: the figures of a run and its parts, saved beside the data.
- `runner`: drives one sequence: records every point as it comes, publishes every event, and ends safe whatever happens.
"""
