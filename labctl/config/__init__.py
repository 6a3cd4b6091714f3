"""station.yaml and the user's settings, read and checked before anything is opened.

- `schema`: what station.yaml may contain: sections, keys, types and ranges.
- `values`: the values of a station file, tried against what the drivers that take them say of them.
- `drivers`: the drivers that station.yaml names: found, and given only arguments that they know.
- `roles`: what an instrument must be able to do for its role, asked of its driver's class before anything is opened.
- `pulse_lines`: the pulse lines of station.yaml against what pulse source and counter can do.
- `user_settings`: what belongs to a user and to no bench: who is told of runs.
- `station_file`: station.yaml, read and checked: every fault at once, each with its line and what would be right.
"""
