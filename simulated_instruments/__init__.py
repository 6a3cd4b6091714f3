"""The digital twin of the bench, met on the wire: unmodified drivers talk to it as they talk to real instruments.

`python -m simulated_instruments` switches the bench on from a shell.

- `yaml_text`: a YAML file as plain values: none can build objects, hold the parser for minutes, or end in a traceback.
- `sample`: the truth about a sample and its bench, read from sample.yaml: strict about names, types and ranges.
- `cables`: the cables of the simulated bench: which digital line drives what, which terminal hears what.
- `setpoints`: all that the wires can turn: one frozen value, and the interface to the physics.
- `clock`: laboratory time that passes when somebody waits.
- `twin`: the physics behind every wire: one state, one clock, one random generator.
- `faults`: misbehaviour on request: what goes wrong, at which call, how often.
- `visa`: the VISA instruments, each in its own dialect.
- `nidaq`: the NI PCIe-6363, behind NI's own gRPC service.
- `unwired`: the roles of a lab played by the twin in this process.
- `truth`: what is true about a run's result, for tests and for `--reveal`.
- `safe`: what still shines, radiates or carries current, read from the twin.
- `bench`: switches the whole simulated bench on, and off again.
- `served`: the bench as a process of its own, on loopback ports.
"""
