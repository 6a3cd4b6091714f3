"""The paper's equations, numpy and scipy only: arrays in, arrays out, leading axes are a batch.

In reading order: `constants` of the NV and of 13C; `levels` of one NV in a field, its lines and its 13C resonances;
`coupling` of an NV to the other one and to its bath; `nuclear_baths`, those of the paper's Table I; `paulis`, states as
real vectors; `engine`, how the pair evolves; `x_states`, the same a thousand times faster where nothing drives it;
`spread` of lines from shot to shot; `cycle`, the engine as a bench repeats it, with finite baths; `entanglement` of
what comes out; `optics`, the light that pumps and reads it.
"""
