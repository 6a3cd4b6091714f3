"""The simulated NI PCIe-6363, behind NI's own gRPC service definition: the unmodified nidaqmx package is its client.

- `device`: what the card is, and what its tasks may be.
- `signals`: what goes out of the card and comes into it while tasks run.
- `card`: the live card: its tasks, which of them owns what, and the laboratory time that waiting takes.
- `calls`: the gRPC calls of NI's service, one function each.
- `disturbed`: what can happen to a gRPC call of the card on its way, and to what it counts.
- `server`: the gRPC shell: NI's own service on a loopback port; every refusal travels as DAQmx's do.
"""
