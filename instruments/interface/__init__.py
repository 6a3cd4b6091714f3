"""What an experiment may ask of an instrument: the words between drivers and experiments.

- `readings`: what an instrument says of itself: a quantity, its limit, a verdict.
- `causes`: why an instrument cannot go on for the time being: an interlock, a trip, a fault, a carrier astray.
- `playable`: what a pulse source takes, and what it can play.
- `roles`: what an experiment asks of an instrument in each role, in the words of physics.
- `fitness`: whether an instrument fits a role, and what it lacks.
"""
