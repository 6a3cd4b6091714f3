"""The simulated NI PCIe-6363, behind NI's own gRPC service definition: the unmodified nidaqmx package is its client.

In reading order: `refusals` errors with DAQmx's numbers; `model` the card's data sheet and the names of its channels;
`terminals` the names of its terminals; `sheet` what it tells of itself; `channels` the kinds of virtual channels;
`timing` when they sample, at which rates; `attributes` the properties that a client may set and read; `tasks` a task,
its states, channels, timing and buffer; `verifying` what a task may not be; `trains` signals that repeat; `plays` a
digital pattern being generated, and what the counters' gates let through; `waves` voltages being generated; `acquired`
what inputs take; `running` all of these at work on a card, with its triggers; `card` its tasks, sessions, reservations
and time; `writing` and `reading` data; `derived` what may be asked beyond what was set; `properties` the gRPC calls for
attributes; `calls_channels` those for tasks, channels and timing; `waveforms` those for voltages with
their times; `events` streams that tell of samples; `calls` all of them, one call -> the card; `disturbed` what can
happen to one on its way; `server` the gRPC shell.
"""
