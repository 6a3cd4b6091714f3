"""The window and the process that owns the instruments: what they say to each other. No Qt in here.

- `messages`: what the window and the bench process say to each other: frozen values that can be pickled.
- `outbox`: what the bench process sends to the window: soon, in order, without waiting for it.
- `hand_orders`: what the bench process does by hand for the window, between its runs.
- `bench_process`: the process that owns the instruments; it runs one experiment at a time.
- `link`: the window's end: starts the bench process, speaks to it, gathers what it says.
- `stop_order`: a red stop, from the press to its confirmation.
- `after_crash`: what the watchdog says of a bench whose process has died.
- `client`: what the window knows of the bench, and what it asks of it.
"""
