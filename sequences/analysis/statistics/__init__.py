"""What is known in spite of noise and drift.

- `significance`: how surely something is there, by the fall of chi-squared.
- `drift`: a drift followed from time to time: Kalman filters for many rates at once.
- `drift_interpolation`: where a random walk stood between two looks at it.
- `drifting_fit`: linear least squares from rounds in which some of it drifts.
"""
