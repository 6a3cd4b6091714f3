"""Resonance lines: measured, followed, or missing.

- `spectroscopy`: spectra and line centres by continuous-wave ODMR: what odmr, rabi and align share.
- `tracking`: one line about which much is known, measured where each point tells most.
- `missing_line`: what stands there where a line is missing, and what to try.
"""
