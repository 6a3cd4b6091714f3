"""The engine's model from calibrated numbers, its baths, and what it should show.

- `engine_model`: what the engine should do, from calibrated numbers alone (eqs 1-3).
- `release`: both baths and both NVs when the engine is released, and what becomes of them in cycles of other lengths.
- `balance`: both baths in cycles of other lengths: in its steady state a cycle gives to a bath what it takes from it.
- `baths`: bath polarisations from what the two NVs do in contact with them.
- `engine_rows`: what an analysis program says of the engine's state, over all classes of shots.
- `prediction`: what the calibrated model expects of the engine at the end of each evolution, and how well it can know.
"""
