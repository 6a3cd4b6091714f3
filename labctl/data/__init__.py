"""Runs on disk, in QCoDeS datasets that anyone can read; and what runs have learned, the calibration.

- `serialise`: anything a sequence returns, as plain values that JSON can hold and read back.
- `provenance`: which code measured a run: versions of packages, and the commit.
- `writer_lock`: which process writes which run, so that a run whose process died can be told from one that goes on.
- `open_database`: opens a database to read it, even in a folder that cannot be written.
- `live_runs`: runs that go on in some process: what each does, and what it is asked to do by another process.
- `reader`: runs being read: the list of them, one of them, and its points.
- `acquisitions`: every acquisition of a run, one row each, on disk as soon as it is counted.
- `point_tables`: the points of a run as tables, one for each kind of row.
- `export`: a stored run for other programs: netCDF for xarray and Matlab, CSV for everything else.
- `bench_log`: the log of a bench through the night: what its instruments said, one CSV file a day.
- `disk`: how much room a data folder takes and leaves, and what may be thrown away.
- `remarks`: what people say of runs: notes, tags and stars, in a file beside the database.
- `calibration`: what runs have learned, in a JSON file of its bench: value, error, run and time of each key.
- `calibration_in_memory`: a calibration for benches that are thrown away after a run.
- `writing`: runs being written: nothing that was measured is lost, whatever becomes of the database.
"""
