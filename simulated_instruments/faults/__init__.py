"""Misbehaviour on request: what goes wrong, at which call, how often. Knows calls and clocks, but no wire.

In reading order: `kinds`, what can go wrong with an instrument and with which of its calls; `script`, a list of faults
and the file that holds one; `injector`, which counts the calls of a bench, says what is due, and keeps a log. The
wires do the rest: `visa.line` around a dialect, `nidaq.disturbed` around a gRPC call.
"""
