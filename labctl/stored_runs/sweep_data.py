"""A sweep as one dataset, one table and one figure: the swept keys are its coordinates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labctl.common.value_errors import unit_of, words_of
from labctl.data.point_tables import Sheet, sheets
from labctl.data.reader import Run, points
from labctl.figures import generic
from labctl.figures.columns import number
from labctl.figures.headline import headline
from labctl.plans.sweep import Axis
from labctl.stored_runs.sweeps import StoredSweep
from sequences.results import Column

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

Real = NDArray[np.float64]
Variable = tuple[tuple[str, ...], Any, dict[str, str]]
NOT_BEGUN: Final = "not begun"
RESULT: Final = "result."
"""Begins the names of numbers of results: a column of points, or a swept key, may have the same name."""
RECORDED: Final = "recorded."
"""Begins the name of a column of points that a swept key has too."""


def dataset(found: StoredSweep) -> "xarray.Dataset":
    """All runs of a sweep as one Dataset.

    Dimensions are the swept keys; a key whose values are words has words as coordinate. `run_id` (0 where no run has
    begun) and `status` are on the grid of the points, so are the numbers of the results, `result.NAME`, nan where a
    run has none; a list among them has a dimension of its own. What was recorded has the dimension `point` besides,
    filled up with nan: one for each kind of rows, `point.SETPOINTS`, if there are several kinds.
    """
    import xarray

    axes = tuple(axis.key for axis in found.sweep.axes)
    variables: dict[str, Variable] = {
        "run_id": (axes, _grid(found, {n: run.run_id for n, run in found.runs.items()}, 0), {"long_name": "run"}),
        "status": (axes, _grid(found, {n: run.status for n, run in found.runs.items()}, NOT_BEGUN), {}),
        **dict(_results(found, axes)),
        **dict(_recorded(found, axes)),
    }
    coordinates = {axis.key: (axis.key, _along(axis), {"units": axis.unit or "1"}) for axis in found.sweep.axes}
    about = {f"plan.{key}": text for key, text in found.sweep.settings.items()}
    kept = {"sweep": found.name, "sequence": found.sweep.sequence, "swept": found.sweep.words}
    return xarray.Dataset(variables, coordinates, {**kept, **about})


def table(found: StoredSweep) -> tuple[list[Column], dict[str, Real]]:
    """What the experiment is run for against the swept keys: columns, and a row for each completed run.

    A key whose values are words is counted: 0, 1, …
    """
    done = {n: run for n, run in sorted(found.runs.items()) if run.status == "completed"}
    axes = found.sweep.axes
    places = {axis.key: np.arange(len(axis.texts)) if axis.values is None else _along(axis) for axis in axes}
    columns = [Column(axis.key, _label(axis), axis.unit) for axis in axes]
    grids = np.meshgrid(*places.values(), indexing="ij")
    rows = {
        key: np.array([grid.ravel()[n - 1] for n in done], dtype=float) for key, grid in zip(places, grids, strict=True)
    }
    results = [run.result or {} for run in done.values()]
    for one in headline(found.sweep.sequence, results[0] if results else ()):
        for name, words in ((one.key, one.words), (f"{one.key}_err", f"error of {one.words}")):
            values = [number(result, name) for result in results]
            if any(value is not None for value in values):
                scaled = [np.nan if value is None else one.scale * value for value in values]
                rows[RESULT + name] = np.array(scaled, dtype=float)
                columns.append(Column(RESULT + name, words, one.unit, tuple(places)))
    return columns, rows


def figure(found: StoredSweep) -> "Figure | None":
    """What the experiment is run for against the swept keys; None if no run completed, or has such numbers."""
    columns, rows = table(found)
    if len(columns) == len(found.sweep.axes):
        return None
    title = f"{found.sweep.sequence} over {found.sweep.words}: {len(found.completed)} of {found.size} points"
    return generic.figure(rows, columns, title)


def _label(axis: Axis) -> str:
    """What was asked for; what came of it may have the same name."""
    if axis.values is not None:
        return f"{words_of(axis.key)}, swept"
    return f"{words_of(axis.key)}, swept: {', '.join(f'{k} {text}' for k, text in enumerate(axis.texts))}"


def _along(axis: Axis) -> Any:
    return np.array(axis.texts, dtype=object) if axis.values is None else np.array(axis.values)


def _grid(found: StoredSweep, values: Mapping[int, Any], missing: Any) -> Any:
    """On the grid of the points: number of a point -> its value."""
    flat = [values.get(n, missing) for n in range(1, found.size + 1)]
    return np.array(flat, dtype=object if isinstance(missing, str) else type(missing)).reshape(found.sweep.shape)


def _filled(found: StoredSweep, values: Mapping[int, Real]) -> Real:
    """The same of lists, whose ends are filled up with nan."""
    longest = max(map(len, values.values()))
    flat = np.full((found.size, longest), np.nan)
    for n, one in values.items():
        flat[n - 1, : len(one)] = one
    return flat.reshape(*found.sweep.shape, longest)


def _results(found: StoredSweep, axes: tuple[str, ...]) -> Iterator[tuple[str, Variable]]:
    """Every number, and every list of numbers, of the results."""
    scalars: dict[str, dict[int, float]] = {}
    lists: dict[str, dict[int, Real]] = {}
    for n, run in found.runs.items():
        for key, value in _flat(run.result or {}):
            if isinstance(value, list):
                lists.setdefault(key, {})[n] = np.array([np.nan if v is None else v for v in value], dtype=float)
            else:
                scalars.setdefault(key, {})[n] = float(value)
    for key, values in scalars.items():
        yield RESULT + key, (axes, _grid(found, values, np.nan), {"units": unit_of(key) or "1"})
    for key, series in lists.items():
        if key not in scalars:
            yield RESULT + key, ((*axes, f"{key}.place"), _filled(found, series), {"units": unit_of(key) or "1"})


def _flat(result: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of the numbers and the lists of numbers."""
    for key, value in result.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) or _is_series(value):
            yield prefix + key, value


def _is_series(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(v is None or isinstance(v, int | float) for v in value)


def _recorded(found: StoredSweep, axes: tuple[str, ...]) -> Iterator[tuple[str, Variable]]:
    """What the runs recorded, kind by kind."""
    tables = {n: _sheets(found, run) for n, run in found.runs.items()}
    names = list(dict.fromkeys(name for table in tables.values() for name in table))
    for name in names:
        kinds = {n: table[name] for n, table in tables.items() if name in table}
        dimension, prefix = (f"point.{name}", f"{name}.") if len(names) > 1 else ("point", "")
        columns = {column.name: column for sheet in kinds.values() for column in sheet.columns}
        for column in columns.values():
            values = {n: sheet.values[column.name] for n, sheet in kinds.items() if column.name in sheet.values}
            shown = RECORDED + column.name if not prefix and column.name in axes else prefix + column.name
            about = {"long_name": column.label, "units": column.unit or "1"}
            yield shown, ((*axes, dimension), _filled(found, values), about)


def _sheets(found: StoredSweep, run: Run) -> dict[str, Sheet]:
    made: Sequence[Sheet] = sheets(points(found.folder, run.run_id), run.result)
    return {sheet.name: sheet for sheet in made if len(next(iter(sheet.values.values()), ()))}
