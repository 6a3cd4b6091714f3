"""What the card is, and what its tasks may be. Nothing runs in here, and no time passes.

- `refusals`: errors with DAQmx's own numbers and the fields that a DAQmx message carries.
- `data_sheet`: the data sheet of the card, and the names of its channels.
- `terminals`: the terminals of the card: what each is called, and which of them carry a signal on this bench.
- `attributes`: the properties of a task that a client may set and read, by DAQmx's attribute numbers.
- `specifications`: what the card tells of itself and of its channels.
- `channels`: the virtual channels of a task: what each kind is, and what it owns.
- `timing`: when a task samples, and at which rates it can.
- `tasks`: a task: its states, its channels, its timing and its buffer.
- `verifying`: settings that the card cannot have.
"""
