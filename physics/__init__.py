"""The paper's equations, numpy and scipy only: arrays in, arrays out, leading axes are a batch.

- `constants`: constants of the ground-state NV centre and of 13C, in the units the names say.
- `levels`: levels of one NV, exact in any field: its lines, their slopes and strengths.
- `coupling`: what couples an NV to the other one (dipolar) and to its bath of 13C spins (cross-relaxation).
- `optics`: light on an NV: saturation, the doughnut, depletion (GSD and STED).
- `paulis`: the sixteen products of Pauli matrices, and the state as the real vector of their expectation values.
- `engine`: the engine of eqs 1-3 as real matrices on Pauli vectors.
- `cycle`: the engine in cycles: finite baths, lines that differ from shot to shot, imperfect pumping.
- `spread`: lines that differ from shot to shot by a normal spread (T2*), and averages over them.
- `x_states`: X states of the pair, fast: closed forms.
- `entanglement`: measures on two-qubit states: concurrence, the signed witness of an X state, fidelity, trace distance.
- `nuclear_baths`: baths of the paper's Table I: temperature (eq. 20), noise (eqs 13-17), diffusion (eq. 24).
"""
