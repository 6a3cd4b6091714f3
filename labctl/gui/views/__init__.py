"""What the docks hold, one module each.

Views of a run: `odmr`, `alignment`, `cooling`, `engine`, `tomography`, `sequence`, `run`, the progress. Of the bench:
`bench`. Of what was and will be run: `runs`, with `plan_form` to write a plan.
"""
