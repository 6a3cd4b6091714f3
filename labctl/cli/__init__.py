"""The command line: one function a command. What is heavy is imported when a command runs.

- `main`: the program's commands, gathered from the modules beside it.
- `options`: arguments and options of the commands, and their defaults.
- `run`: `labctl run` and `labctl resume`: one experiment, from its plan or from where it was interrupted.
- `sweep`: `labctl sweep`: one experiment at many values of its keys, as one group.
- `pause_stop`: `labctl pause` and `stop`: a run that goes on in another process.
- `runs`: `labctl runs`, `show` and `export`: what has been measured. Opens no instrument.
- `remarks`: `labctl note`, `tag` and `star`: what people say of runs.
- `compare`: `labctl compare` and `explain`: runs beside one another, and what their numbers are.
- `report`: `labctl report` and `bug-report`: runs as one page, and a zip file for whoever finds a fault.
- `check`: `labctl check`: who answers on the bench.
- `night`: `labctl message`, `log` and `disk`: who is told of runs, what instruments said, how much room is left.
- `watchdog`: `labctl watchdog`: makes the bench safe if the labctl that runs it dies or hangs.
- `hand`: `labctl hand`: the bench set by hand, line by line.
- `gui`: `labctl gui`: the live window.
- `predictions`: `labctl predict` and `labctl check-paper`: the paper's numbers on the command line.
"""
