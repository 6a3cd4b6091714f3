"""A stored run for other programs: netCDF for xarray and Matlab, CSV for everything else."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from labctl.common.refusals import Refusal
from labctl.data.point_tables import Sheet, sheets
from labctl.data.reader import FOREIGN, Run, children, points, stored

Excel = Literal["point", "comma"]
"""The sign before the decimals in the Excel that shall open a CSV file by a double click."""
ENDINGS: Final = (".nc", ".csv")
_LONGEST: Final = 30_000
"""An attribute of HDF5 holds no more than 64 kB; longer texts are variables."""


def export(folder: Path, run: Run, to: Path, overwrite: bool = False, excel: Excel | None = None) -> list[Path]:
    """Write the points of a run, netCDF or CSV by the ending; netCDF holds plan, result and origin too.

    A file is there as a whole or not at all. overwrite: whether it may take the place of another. excel: with a byte
    order mark, and for 'comma' with decimal commas between semicolons. Returns what was written: one file, or for CSV
    one for each kind of rows, NAME-SETPOINTS.csv. Raises Refusal if it cannot be written.
    """
    if to.suffix.lower() not in ENDINGS:
        raise Refusal(f"--to {to} has no known ending: use {' or '.join(ENDINGS)}")
    if excel and to.suffix.lower() != ".csv":
        raise Refusal(f"--excel belongs to CSV: {to} is netCDF")
    _check_folder(to)
    writers = dict(_csv_files(folder, run, to, excel) if to.suffix.lower() == ".csv" else [(to, _netcdf(folder, run))])
    for file in writers:
        _check_free(file, overwrite)
    for file, write in writers.items():
        _write(file, write)
    return list(writers)


def write_file(to: Path, write: Callable[[Path], None], overwrite: bool = False) -> None:
    """Write one file, as a whole or not at all. write: called with the path to write. Raises Refusal if it fails."""
    _check_folder(to)
    _check_free(to, overwrite)
    _write(to, write)


def _check_folder(to: Path) -> None:
    if not to.parent.is_dir():
        raise Refusal(f"--to {to}: the folder {to.parent} does not exist. Make it first")


def _check_free(file: Path, overwrite: bool) -> None:
    if file.exists() and not (overwrite and file.is_file()):
        refused = f"--to {file} is there already. Choose another name"
        raise Refusal(f"{refused}, or add --overwrite if it is a file to replace")


def _write(to: Path, write: Callable[[Path], None]) -> None:
    new = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        write(new)
        new.replace(to)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise Refusal(f"--to {to} cannot be written ({error.strerror or error})") from None


# ---- netCDF


def _netcdf(folder: Path, run: Run) -> Callable[[Path], None]:
    if run.status == FOREIGN:
        found = _foreign(folder, run)
        return lambda to: found.to_netcdf(to, engine="h5netcdf", invalid_netcdf=True)
    tree = as_tree(folder, run)
    return lambda to: tree.to_netcdf(to, engine="h5netcdf")


def as_tree(folder: Path, run: Run) -> Any:
    """The run as xarray's DataTree. One kind of rows is the root; several are a group each, named by setpoints.

    A setpoint that is another in every row is the dimension; otherwise the dimension is `point`. The attributes of the
    root are origin, `plan.…` and `result.…`; `record` and `outcome` are all that was kept, as JSON.
    """
    import xarray

    tables = sheets(points(folder, run.run_id), run.result)
    texts = xarray.Dataset({"record": ((), json.dumps(run.record)), "outcome": ((), json.dumps(run.outcome))})
    groups = {sheet.name: _dataset(sheet) for sheet in tables} if len(tables) > 1 else {}
    root = texts if groups else _dataset(tables[0]).merge(texts)
    root.attrs = {
        "run_id": run.run_id,
        "sequence": run.sequence,
        "status": run.status,
        "started": run.started,
        "children": json.dumps([child.run_id for child in children(folder, run.run_id)]),
        **({"groups": ", ".join(groups)} if groups else {}),
        **dict(_attributes("plan", run.record.get("plan") or {})),
        **dict(_attributes("result", run.result or {})),
    }
    return xarray.DataTree.from_dict({"/": root, **groups})


def _dataset(sheet: Sheet) -> Any:
    import xarray

    first = sheet.setpoints[0] if len(sheet.setpoints) == 1 else ""
    along = sheet.values.get(first, np.zeros(0))
    is_index = bool(first) and bool(np.isfinite(along).all()) and len(np.unique(along)) == len(along)
    dimension = first if is_index else "point"
    columns = {
        column.name: (dimension, sheet.values[column.name], {"long_name": column.label, "units": column.unit or "1"})
        for column in sheet.columns
    }
    coordinates = {column.name for column in sheet.columns if not column.setpoints}
    return xarray.Dataset(
        {name: column for name, column in columns.items() if name not in coordinates},
        {name: column for name, column in columns.items() if name in coordinates},
    )


def datasets(folder: Path, run: Run) -> dict[str, Any]:
    """The run as xarray's Datasets, one for each kind of rows, named by its setpoints."""
    if run.status == FOREIGN:
        return {"run": _foreign(folder, run)}
    about = {"run_id": run.run_id, "sequence": run.sequence, "status": run.status, "started": run.started}
    return {sheet.name: _dataset(sheet).assign_attrs(about) for sheet in sheets(points(folder, run.run_id), run.result)}


def _attributes(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """'plan.hours': 2.0 and the like: what an attribute can hold as it is, anything else as JSON."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _attributes(f"{name}.{key}", one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, value
    elif isinstance(value, list) and value and all(isinstance(one, float) for one in value):
        yield name, np.array(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        if len(text) <= _LONGEST:
            yield name, text


def _foreign(folder: Path, run: Run) -> Any:
    """As QCoDeS itself makes it: every parameter over its setpoints, the run's metadata as attributes."""
    with stored(folder, run.run_id) as (_, dataset):
        made = dataset.to_xarray_dataset()
    long = [name for name, value in made.attrs.items() if len(str(value)) > _LONGEST]
    return made.assign({name: ((), str(made.attrs.pop(name))) for name in long})


# ---- CSV


def _csv_files(folder: Path, run: Run, to: Path, excel: Excel | None) -> Iterator[tuple[Path, Callable[[Path], None]]]:
    if run.status == FOREIGN:
        raise Refusal(f"Run {run.run_id} was stored by QCoDeS without labctl: only netCDF holds all of it. Say .nc")
    tables = sheets(points(folder, run.run_id), run.result)
    for sheet in tables:
        file = to if len(tables) == 1 else to.with_name(f"{to.stem}-{sheet.name}{to.suffix}")
        yield file, lambda new, sheet=sheet: _write_csv(sheet, new, excel)  # type: ignore[misc]  # as it is now


def _write_csv(sheet: Sheet, to: Path, excel: Excel | None) -> None:
    with to.open("w", encoding="utf-8-sig" if excel else "utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";" if excel == "comma" else ",")
        writer.writerow(f"{c.name} ({c.unit})" if c.unit else c.name for c in sheet.columns)
        for row in zip(*(sheet.values[c.name] for c in sheet.columns), strict=True):
            writer.writerow(_cell(float(value), excel) for value in row)


def _cell(value: float, excel: Excel | None) -> str:
    """Every digit; nothing for nan: the point lacks it."""
    text = "" if value != value else repr(value)
    return text.replace(".", ",") if excel == "comma" else text
