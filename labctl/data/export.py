"""A stored run for other programs: netCDF for xarray and Matlab, CSV for everything else."""

import csv
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from labctl.data.history import FOREIGN, Points, Run, children, points, stored
from labctl.refusals import Refusal

ENDINGS: Final = (".nc", ".csv")
_LONGEST: Final = 30_000
"""An attribute of HDF5 holds no more than 64 kB; longer texts are variables."""


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
    is_csv = to.suffix.lower() == ".csv"
    if run.status == FOREIGN:
        if is_csv:
            raise Refusal(f"Run {run.run_id} was stored by QCoDeS without labctl: only netCDF holds all of it. Say .nc")
        dataset = _foreign(folder, run)
    else:
        recorded = points(folder, run.run_id)
        dataset = None if is_csv else as_xarray(folder, run, recorded)
    new = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        if is_csv:
            _write_csv(recorded, new)
        else:
            dataset.to_netcdf(new, engine="h5netcdf", invalid_netcdf=run.status == FOREIGN)
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


def _foreign(folder: Path, run: Run) -> Any:
    """As QCoDeS itself makes it: every parameter over its setpoints, the run's metadata as attributes."""
    with stored(folder, run.run_id) as (_, dataset):
        made = dataset.to_xarray_dataset()
    long = [name for name, value in made.attrs.items() if len(str(value)) > _LONGEST]
    return made.assign({name: ((), str(made.attrs.pop(name))) for name in long})


def _write_csv(recorded: Points, to: Path) -> None:
    with to.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(f"{c.name} ({c.unit})" if c.unit else c.name for c in recorded.columns)
        for row in zip(*(recorded.values[c.name] for c in recorded.columns), strict=True):
            writer.writerow("" if value != value else repr(float(value)) for value in row)  # nan: the point lacks it
