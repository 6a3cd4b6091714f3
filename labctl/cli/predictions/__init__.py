"""`labctl predict` and `labctl check-paper`: the paper's numbers on the command line.

- `numbers`: numbers and ranges that a prediction is asked for, within bounds.
- `predict`: `labctl predict`: the paper's Fig. 3 as numbers and as a figure, and what survives in a real diamond.
- `paper`: `labctl predict baths` and `check-paper`: the paper's other baths, and its formulas against its numbers.
- `survival`: `labctl predict survival`: whether a pair would entangle, against its separation and the 13C around it.
"""
