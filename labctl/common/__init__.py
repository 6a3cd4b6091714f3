"""What every room of labctl uses: errors in words, paths, signals, the log.

- `refusals`: refusals of the application: what is wrong, at which place, and what would be right.
- `value_errors`: what a value may be, and what pydantic found wrong with it, in words: units, ranges, and sentences.
- `ranges`: ranges of numbers as a person writes them: start:stop:count.
- `numbers`: values as a physicist quotes them.
- `commands`: commands that a person is told to run, with bench, station and data.
- `start_time`: a time of day at which something shall start, and waiting for it.
- `paths`: where the program keeps what belongs to its user and to no data folder.
- `output`: standard output and error, whatever is at their other end.
- `log`: where the program writes what the screen need not show: tracebacks, and what drivers have to say.
- `signals`: Ctrl-C and SIGTERM as one KeyboardInterrupt, never in the middle of a write.
"""
