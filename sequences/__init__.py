"""The experiments: what can be measured on the pair, each a frozen plan and a generator that yields as it learns.

In reading order: `results`, what every experiment yields; `experiment`, all that is said of one, and `found`, which
there are; `pulses`, programs as immutable data; `station`, what station.yaml tells an experiment; `limited`, which of
its limits holds for a plan's field; `lab`, the instruments as an experiment sees them, and what belongs to its run;
`load`, what a program puts on sample, antenna and coils, against limits; `analysis`, arrays in and frozen results out;
`routines`, what several experiments share. Every other module is an experiment and says itself what it measures:
`labctl run --list`. `engine` composes the others.
"""
