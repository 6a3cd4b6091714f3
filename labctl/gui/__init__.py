"""The live window: PyQt5, PyQt6 or PySide6 through pyqtgraph, a view of the stream of a run, never its driver.

Two processes: `bench_process` owns the instruments and runs one sequence at a time; everything else is the window. What
they say to each other is in `messages`; the one speaks with its `mouth`, the other over its `link`; `session` is what
the window knows of the bench and asks of it, `stop_order` a red stop until it is confirmed, `aftermath` what is known
after its process has died. `journal` turns news into the `record` of a run and `stored` reads one from the data folder,
so that every view shows both; `outlook` is how a run will go on, `queue` what is to be run (in its `queue_file`),
`listing` what was. On the screen: `theme` the looks, `recolour` the change to another one, `plots`, their `axes` and
`figures` the parts of pictures, `errands` what must not stop them, `dialogs` that never cover STOP, `scrolled` for what
is larger than its dock, `view` what all `views` have in common. Around them `docks`, `toolbar`, `menus`, the list of
`keys`, the `focus_ring`, `notices` and `leaving` in the `window`, and `app` that starts it all.
"""
