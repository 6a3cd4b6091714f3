"""`labctl predict` and `labctl check-paper`: the paper's numbers on the command line.

- `numbers`: numbers and ranges that a prediction is asked for, within bounds.
- `maps`: what the maps share: the pair that was found, progress, files, and rows of a table.
- `predict`: `labctl predict`: the paper's Fig. 3 as numbers and as a figure, and what survives in a real diamond.
- `paper`: `labctl predict baths` and `check-paper`: the paper's other baths, and its formulas against its numbers.
- `survival`: `labctl predict survival`: whether a pair would entangle, against its separation and the 13C around it.
- `nights`: `labctl predict nights`: how long the experiment would take, against any two of six properties.
"""
