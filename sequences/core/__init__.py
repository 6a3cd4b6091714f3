"""What an experiment is, and what it has to work with.

- `experiment`: an experiment as one value: all that the rest of the program has to know of it.
- `discovery`: which experiments there are: those of this package, and those of users' packages.
- `station`: what station.yaml tells the experiments: limits, paths, guesses, wiring.
- `plan_limits`: which limit holds for a field of a plan: `Annotated[float, LimitedBy("trim_a")]`.
- `lab`: the instruments that an experiment may ask for, and what belongs to its run.
- `power_budget`: what a program puts on sample, antenna and coils, against the limits.
"""
