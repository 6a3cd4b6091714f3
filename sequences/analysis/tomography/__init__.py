"""The state from counts, and how to spend shots on it.

- `design`: how to spend shots: weights of programs for a given time.
- `interim`: a measurement that may end early: when it is looked at, and what a significance is worth then.
- `reconstruction`: the state from counts: Pauli terms, then the most likely physical state.
- `signed_concurrence`: signed concurrence S = 2 (|rho_01,10| - sqrt(rho_00 rho_11)) of an estimated state.
"""
