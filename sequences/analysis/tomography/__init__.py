"""The state from counts, and how to spend shots on it.

- `design`: how to spend shots: weights of programs for a given time.
- `reconstruction`: the state from counts: Pauli terms, then the most likely physical state.
"""
