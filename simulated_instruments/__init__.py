"""The digital twin of the bench, met on the wire: unmodified drivers talk to it as they talk to real instruments.

In reading order: `yaml_text`, how its files are read; `sample`, the truth that the lab has to find out; `cables`, what
is plugged in where; `knobs`, all that the wires can turn; `clock`, laboratory time; `twin`, the physics behind them;
`faults`, what shall go wrong; `visa` and `nidaq`, the wires; `unwired`, the roles of a lab without any; `truth`, what
was true about a result once its run is over, and `safe`, what is still on; `bench` switches everything on, `served`
lets other processes in, and `python -m simulated_instruments` does either from a shell.
"""
