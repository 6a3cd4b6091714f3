"""A stored run for other programs: netCDF for xarray and Matlab, CSV for everything else."""

import csv
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from labctl.data.history import Points, Run, children, points
from labctl.refusals import Refusal

ENDINGS: Final = (".nc", ".csv")


def export(folder: Path, run: Run, to: Path, overwrite: bool = False) -> None:
    """Write the points of a run, netCDF or CSV by the ending; netCDF holds plan, result and origin too.

    The file is there as a whole or not at all. overwrite: whether it may take the place of another.
    """
    if to.suffix.lower() not in ENDINGS:
        raise Refusal(f"--to {to} has no known ending: use {' or '.join(ENDINGS)}")
    if not to.parent.is_dir():
        raise Refusal(f"--to {to}: the folder {to.parent} does not exist. Make it first")
    if to.exists() and not (overwrite and to.is_file()):
        raise Refusal(f"--to {to} is there already. Choose another name, or add --overwrite if it is a file to replace")
    recorded = points(folder, run.run_id)
    new = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        if to.suffix.lower() == ".csv":
            _write_csv(recorded, new)
        else:
            as_xarray(folder, run, recorded).to_netcdf(new, engine="h5netcdf")
        new.replace(to)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise Refusal(f"--to {to} cannot be written ({error.strerror or error})") from None


def as_xarray(folder: Path, run: Run, recorded: Points) -> Any:
    """One dimension `point`: setpoints are its coordinates, what was measured are variables, each with its unit."""
    import xarray

    columns = {
        column.name: ("point", recorded.values[column.name], {"long_name": column.label, "units": column.unit})
        for column in recorded.columns
    }
    setpoints = {column.name for column in recorded.columns if not column.setpoints}
    # texts as variables: an attribute of HDF5 holds no more than 64 kB
    texts = {"record": ((), json.dumps(run.record)), "outcome": ((), json.dumps(run.outcome))}
    return xarray.Dataset(
        {name: column for name, column in columns.items() if name not in setpoints} | texts,
        {name: column for name, column in columns.items() if name in setpoints},
        {
            "run_id": run.run_id,
            "sequence": run.sequence,
            "status": run.status,
            "started": run.started,
            "children": json.dumps([child.run_id for child in children(folder, run.run_id)]),
        },
    )


def _write_csv(recorded: Points, to: Path) -> None:
    with to.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(f"{c.name} ({c.unit})" if c.unit else c.name for c in recorded.columns)
        for row in zip(*(recorded.values[c.name] for c in recorded.columns), strict=True):
            writer.writerow("" if value != value else repr(float(value)) for value in row)  # nan: the point lacks it
