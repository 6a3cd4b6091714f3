"""The bench as a process of its own: every instrument on a loopback port, and a port for its clock and its truth.

In reading order: `wires`, the file that tells where everything listens; `ports`, listening and answering; `control`,
the port for clock, truth and state; `bench`, which serves them all; `client`, the other end of the control port.
"""
