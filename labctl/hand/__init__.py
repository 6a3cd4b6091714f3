"""By hand: what one does at a bench before any experiment: light, microwave, currents, steering, lines, counts.

- `controls`: the controls of a lab: a name, a value, its unit and its limits, and how it is read and set.
- `role_controls`: which controls an instrument has: what the words of its role say, whichever driver plays it.
- `counters`: the count rate while the lines rest.
- `day_log`: what was set by hand, a file a day.
- `by_hand`: the bench in somebody's hand: everything within limits and interlocks, and dark if anything fails.
- `words`: the commands of `labctl hand`: what each does, and what it answers.
- `spoken`: lines as they are typed, while something else goes on.
"""
