"""Shots that differ: their classes, carried side by side between one pair of baths.

- `quadrature`: few points in place of a distribution of line shifts.
- `classes`: the classes of a shot: nuclear states, charge and line shifts of both NVs, and how many shots are in each.
- `levels`: generators of the pair, in the elements of its density matrix.
- `propagation`: many pairs at once, each with its own constant rates.
- `ensemble`: a program in all classes at once, between one pair of baths.
- `planning`: which classes a program tells apart, and in which steps they are carried through it.
"""
