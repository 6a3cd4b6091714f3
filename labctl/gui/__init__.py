"""The live window: PyQt5, PyQt6 or PySide6 through pyqtgraph, a view of the stream of a run, never its driver.

Two processes: `bench_process` owns the instruments and runs one sequence at a time; everything else is the window. What
they say to each other is in `messages`, and goes over `link`; `session` is what the window knows of the bench and asks
of it, `stop_order` a red stop until it is confirmed, `aftermath` what is known after its process has died. `journal`
turns news into the `record` of a run and `stored` reads one from the data folder, so that every view shows both;
`outlook` is how a run will go on, `queue` what is to be run, `listing` what was. On the screen: `theme` the looks,
`plots` and `figures` the parts of pictures, `errands` what must not stop them, `dialogs` that never cover STOP,
`scrolled` for what is larger than its dock, `view` what all `views` have in common. Around them `docks`, `toolbar`,
`menus`, `notices` and `leaving` in the `window`, and `app` that starts it all.
"""
