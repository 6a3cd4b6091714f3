"""The simulated NI PCIe-6363, behind NI's own gRPC service definition: the unmodified nidaqmx package is its client.

In reading order: `refusals` errors with DAQmx's numbers; `model` the card's data sheet and the names of its channels
and terminals; `attributes` the properties that a client may set and read; `tasks` a task, its states, channels and
buffer; `plays` a digital pattern being generated, and what the counters' gates let through; `running` the pattern,
counters, levels and voltages of a card at work; `card` its tasks, reservations and time; `properties` the gRPC
calls for attributes; `calls` all of them, one call -> the card; `disturbed` what can happen to one on its way; `server`
the gRPC shell.
"""
