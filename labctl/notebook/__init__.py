"""labctl in Python and in notebooks: a bench, its runs, and stored data.

- `open_bench`: `labctl.open_bench`: a bench, and runs on it.
- `open_data`: `labctl.open_data`: stored runs, read as xarray.
- `quantities`: the numbers of a result with their errors and units, as a notebook shows them.
- `cell_output`: how a run goes, in a cell of a notebook.
"""
