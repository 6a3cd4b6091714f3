"""A run on disk: points, plan, snapshot, calibration, versions and outcome, in a QCoDeS dataset that anyone can read.

In reading order: `plain`, any result as what JSON can hold; `provenance`, which code measured it; `opening`, the
database that can be read or not, and `history`, its runs being read; `live`, what becomes of those that go on;
`blocks`, the plays of a run; `sheets`, its points as tables of one kind of rows, and `export`, a run for other
programs; `entries`, what a run writes while it goes on; `side`, the file beside the database while that cannot be
written; `rescue`, which notices that a database is gone; `ledger`, which writes to the one or the other; `presence`,
which process writes which run, and `interrupted`, what becomes of the runs of one that died; `store`, a run being
written; `repair` puts a folder in order; `calibration`, what runs have learned, and `memory` the same for a bench that
is thrown away; `book`, the runs that are being measured now, one within the other. `remarks` is what people say of
runs: it lies beside the database.
"""
