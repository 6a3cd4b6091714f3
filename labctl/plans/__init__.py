"""What can be run, and plans: from texts, or from a stored run.

- `catalogue`: what can be run: the experiments by name.
- `parse`: a plan from texts, as `--set key=value` and the form give them: all is checked before anything is opened.
- `from_stored_run`: the plan of a stored run with changes: `labctl run --like RUN --set KEY=VALUE`.
- `sweep`: the plans of a sweep: one for each combination of the values of the keys that are swept.
"""
