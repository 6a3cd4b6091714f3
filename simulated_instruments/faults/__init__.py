"""Misbehaviour on request: what goes wrong, at which call, how often. Knows calls and clocks, but no wire.

- `kinds`: what can go wrong with an instrument, and with which of its calls.
- `script`: a list of faults, and the file that holds one.
- `injector`: counts the calls of a bench, says which fault is due with each, and keeps a log of what was done.
"""
