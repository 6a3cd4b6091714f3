"""What the docks hold, one module each, and what these are made of.

A module that shows something measured ends with its `DOCK`, by which the window finds it. Views of a run: `run`, the
progress; `odmr` (its `spectra` sorted, a `spectrum_panel` for each line); `alignment` (its `alignment_numbers`, and the
`target`); `cooling`; `engine`; `tomography` (its `density` matrix in space); `points`, those of any experiment;
`sequence`, the pulses. Of the bench: `bench`. Of what was and will be run: `runs`, with `plan_form` (its `plan_rows`),
`queue_list`, and `history` (its `history_model`, and a `figure_dialog`).
"""
