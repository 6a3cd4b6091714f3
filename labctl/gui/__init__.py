"""The live window: PyQt5, PyQt6 or PySide6 through pyqtgraph, a view of the stream of a run, never its driver.

Two processes: `bench_process` owns the instruments and runs one sequence at a time; everything else is the window. What
they say to each other is in `messages`, and goes over `link`. In the window, `journal` turns news into the `record` of
a run and `stored` reads one from the data folder, so that every view shows both; `queue` holds what is to be run. On
the screen: `theme` the looks, `plots` parts of plots, `view` what all `views` have in common, `window` the docks around
them, and `app` that starts it all.
"""
