"""A run on disk: points, plan, snapshot, calibration, versions and outcome, in a QCoDeS dataset that anyone can read.

In reading order: `plain`, any result as what JSON can hold; `provenance`, which code measured it; `history`, runs being
read; `export`, a run for other programs; `store`, a run being written; `calibration`, what runs have learned; `book`,
the runs that are being measured now, one within the other.
"""
