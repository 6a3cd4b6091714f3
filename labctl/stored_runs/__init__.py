"""Runs that are stored: found again, summarised, compared, explained.

- `summary`: one line on what came out of a run, and one on its plan beside the defaults.
- `search`: finding stored runs again: each with what is said of it, and those that fit what is looked for.
- `bench_snapshot`: what a bench was when a run began: place, code, station file, instruments.
- `result_rows`: results of several runs beside one another, with the pulls against the first.
- `comparison`: what differs between the plans, benches, calibrations and results of runs.
- `sweeps`: sweeps found again: their runs by the points that they measured, and what is left.
- `sweep_data`: a sweep as one dataset, one table and one figure.
- `explanation`: what each number of a stored run is: its unit, its meaning, and how it was found.
"""
