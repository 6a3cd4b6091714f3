"""The dip of relaxation at the 13C resonance.

- `dip`: the dip, measured and fitted: what align and relaxometry share.
- `missing_dip`: the refusal where no dip is found: what was scanned, what would work.
"""
