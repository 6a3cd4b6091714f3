"""Lines in spectra, and the field that they show.

- `line_fit`: line centres from ODMR spectra: the 14N triplet (or one line) of Lorentzian dips under one width.
- `adaptive`: what is known of an ODMR line while it is measured, and where to measure next.
- `broadband`: a wide, coarse spectrum: no dip, one or two.
- `field_from_lines`: field and tilt from the two lines of one spectrum, by inverting the exact levels.
"""
