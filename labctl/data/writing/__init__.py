"""Runs being written: nothing that was measured is lost, whatever becomes of the database.

- `records`: what a run writes, one transaction or one line each: points, acquisitions, estimates.
- `spool_file`: the file that takes what is measured while the database cannot be written.
- `lost_database`: notices that the database was deleted or moved, and copies it to where it is found.
- `database_writer`: writes into the database, and into a spool file if the database refuses.
- `interrupted_runs`: marks runs whose process died, when their folder is next opened for writing.
- `run_writer`: runs being written, one QCoDeS dataset each, in runs.db of the data folder.
- `recorder`: the runs that are being measured now, one within the other, and what becomes of each.
- `repair`: puts a data folder in order: spool files into the database, a damaged one out of the way.
"""
