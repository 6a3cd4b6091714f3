"""The live window: PyQt5, PyQt6 or PySide6 through pyqtgraph, a view of the stream of a run, never its driver.

Two processes: `connection.bench_process` owns the instruments and runs one sequence at a time; everything
else is the window. `runs` makes the events of a run into its record, so that every view shows a run that is
measured now and one that was stored in the same way.

- `app`: starts the window: the application, its look, the bench process beside it, and what ends both.
- `window`: the main window: docks around the stream of a run, the red stop, and what the keys do.
- `docks`: the docks of the window: made once, moved and closed by whoever likes, as they were at the next start.
- `menus`: the menus of the window; what the toolbar has stands there too, with its key.
- `toolbar`: the bar above the docks: run, pause, stop, what is shown, what the bench does; and the red stop.
- `message_bar`: what must be read, above the docks; it moves nothing.
- `closing`: how the window goes: it asks while a run goes on, waits until the bench is safe, and tells of every doubt.
- `shortcuts`: all keys of the window, read off its actions, so that none is missing and none is wrong.
- `focus_ring`: a ring around the widget that has the keys.
- `views`: the docks, one module each.
- `panels`: what the docks are made of: parts of pictures, the plan form, lists of runs.
- `widgets`: what views and window are made of: looks, plots, dialogs, work beside the screen.
- `connection`: the window and the process that owns the instruments: what they say to each other.
- `runs`: runs as the window sees them: measured now, stored, or waiting.
"""
