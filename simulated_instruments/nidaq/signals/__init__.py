"""What goes out of the card and comes into it while tasks run.

- `trains`: signals that repeat: the timebases, the pulses of the counters, the sample clocks.
- `patterns`: a digital pattern being generated, and what the counters' gates let through of it.
- `waves`: voltages that a sample clock puts out.
- `acquired`: what inputs take: samples of voltages and lines by a clock, and what a photodiode and the lines show.
- `running`: all of these at work on a card, with its triggers.
"""
