"""The engine: what may be measured of it, and what is to be expected.

- `engine_offer`: what a tomography may play, and what the calibrations and the model say of it.
- `forecast`: what a pair on a bench is expected to show, said before the night is spent; if nothing, why not.
- `course`: entanglement against evolution time in an engine run: what is expected of it, and what is known so far.
"""
