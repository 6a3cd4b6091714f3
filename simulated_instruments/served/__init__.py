"""The bench as a process of its own: every instrument on a loopback port, and a port for its clock and its truth.

- `wires`: the file that tells where a served bench listens: written when it is ready, gone when it has ended.
- `ports`: loopback ports: one thread waits for all callers, and each caller is answered by a thread of its own.
- `control`: the port for clock, truth and state: one JSON object a line.
- `bench`: the bench on loopback ports: every VISA dialect on its own, the NI server on another, and one for control.
- `client`: the other end of the control port: the clock of a served bench, and its truth.
"""
