"""What the docks are made of: parts of pictures, the plan form, lists of runs.

- `spectra`: spectra out of a stream of points, and their mean at each frequency.
- `spectrum_panel`: the spectrum of one line: mean and fit, residuals, sweeps as an image.
- `alignment_numbers`: what an alignment's points mean beside the model of the NV.
- `target`: the field across the axis as a point on a target, logarithmic in its distance.
- `density`: a density matrix as bars in space: drawn by hand, so that no graphics card is needed.
- `count_trace`: the count rate as a large number and as a trace with its history, of any counter.
- `control_rows`: the controls of the bench as rows: a box for a switch, a field for a number.
- `plan_rows`: one key of a plan as a row of a form.
- `over_row`: the row of the form of a plan that says what is swept.
- `plan_form`: the form in which a plan is written: made from the plan's own dataclass, checked at every key stroke.
- `queue_list`: the runs that wait: their order, changed by dragging and by keys, and whether they start by themselves.
- `history_model`: the stored runs as a tree for Qt: a line is only turned into texts where it is looked at.
- `history`: the runs that were stored: a tree of them, what to do with one, and a filter.
- `figure_dialog`: the figure of a stored run, drawn as `labctl show --figure` draws it, in a window of its own.
"""
