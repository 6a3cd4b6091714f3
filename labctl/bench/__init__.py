"""The bench: opened, locked, watched, and ready for runs.

- `lock`: one bench, one program: whoever opens a bench holds its lock, and whoever comes later is told who that is.
- `station`: opens the instruments of station.yaml, and makes the Lab of the sequences.
- `unreachable`: why instruments could not be opened, in as few sentences as say it.
- `status`: what every instrument does now, against its limits: asked over its wire while experiments go on.
- `check`: what `labctl check` says of every instrument: who answers, in which state, how fast.
- `monitor`: watches the bench from a thread of its own while experiments run in another one.
- `night_log`: logs what the instruments say through the night, and the count rate, with alarms at limits.
- `heartbeat`: starts the watchdog, and tells it all the time that this process is alive.
- `watchdog_status`: what the watchdog says of a bench: a small file beside the bench's lock.
- `session`: the bench with everything that a run on it needs: what the command line and the window both open.
- `continuation`: an interrupted run, ready to be continued: its plan and its acquisitions.
- `requests`: what other processes ask of the run that goes on here: pause, resume, stop.
- `controlled_run`: a run that obeys `labctl pause`, `resume` and `stop` of other processes.
- `sweep`: the points of a sweep, measured one after the other on an open bench.
- `connect`: connects to the real bench, or to a twin that is switched on for a command.
"""
