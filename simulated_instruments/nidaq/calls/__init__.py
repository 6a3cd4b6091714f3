"""The gRPC calls of NI's service, one function each.

- `writing`: what clients write: words and levels of lines, voltages.
- `reading`: what clients read: counts, frequencies, lines, voltages.
- `derived`: what a client may ask of a task beyond what it has set: names, types, rates, terminals, progress.
- `properties`: the calls that set, get and reset properties, made from the table of attributes.
- `tasks_and_channels`: calls that make tasks and channels, and time, start and stop them.
- `waveforms`: voltages as waveforms, with their times.
- `events`: streams that tell of samples, or that a task is done.
- `table`: all calls: from the name of a call to what answers it.
"""
