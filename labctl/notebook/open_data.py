"""Stored runs in Python: `labctl.open_data("data")` lists them, and reads each as xarray."""

from collections.abc import Iterator, Mapping
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labctl.common.refusals import Refusal
from labctl.data.reader import LATEST, Run, children, one_run, outermost, points, run_number
from labctl.data.remarks import Remarks, remarks_of
from labctl.notebook.quantities import Result
from labctl.stored_runs import sweeps
from labctl.stored_runs.search import Listed, Wanted, check_names, listed, moment

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_HEADINGS: Final = ("run", "sequence", "status", "started", "result", "not by default", "tags")


class StoredRun:
    """A run of a data folder. It is read anew with every question, so that one that goes on can be followed."""

    def __init__(self, folder: Path, run_id: int) -> None:
        """Raises Refusal if there is no such run."""
        self.folder, self.run_id = folder, run_id
        self.sequence = self._run.sequence

    @property
    def _run(self) -> Run:
        return one_run(self.folder, self.run_id)

    @property
    def status(self) -> str:
        """'completed', 'failed', 'running' and so on."""
        return self._run.status

    @property
    def plan(self) -> dict[str, Any]:
        """All keys of its plan."""
        return dict(self._run.record.get("plan") or {})

    @property
    def result(self) -> Result:
        """What came out, with errors and units; of a run that did not complete, its last estimate."""
        run = self._run
        return Result(run.sequence, run.result or run.outcome.get("estimate") or {})

    @property
    def data(self) -> "xarray.Dataset":
        """What was recorded; of several kinds of rows, the one that has the most. `sheets` has them all."""
        sheets = self.sheets
        return max(sheets.values(), key=lambda one: max(one.sizes.values(), default=0))

    @property
    def sheets(self) -> "dict[str, xarray.Dataset]":
        """Every kind of rows that was recorded, by the names of its setpoints."""
        from labctl.data.export import datasets

        return datasets(self.folder, self._run)

    @property
    def remarks(self) -> Remarks:
        """Notes, tags and star."""
        return remarks_of(self.folder, self._run)

    @property
    def record(self) -> dict[str, Any]:
        """All that was kept when it began: plan, bench, calibration, versions, station file."""
        return outermost(self.folder, self._run).record | self._run.record

    @property
    def children(self) -> "list[StoredRun]":
        """The runs that it was made of."""
        return [StoredRun(self.folder, child.run_id) for child in children(self.folder, self.run_id)]

    def plot(self) -> "Figure":
        """Its figure, a matplotlib Figure that a notebook shows. Raises Refusal if there is nothing to draw."""
        from labctl.figures import draw

        run = self._run
        recorded = points(self.folder, self.run_id)
        found = [
            {"run_id": p.run_id, "sequence": p.sequence, "result": p.result} for p in children(self.folder, self.run_id)
        ]
        drawn = draw(run.sequence, recorded.values, {**(run.result or {}), "children": found}, recorded.columns)
        if drawn is None:
            raise Refusal(f"Run {self.run_id} ({run.sequence}) has nothing to draw")
        return shown(drawn)

    def __repr__(self) -> str:
        result = repr(self.result)
        return f"run {self.run_id}: {self.sequence}, {self.status}\n{result}"


class StoredSweep:
    """A sweep of a data folder: its runs as one. It is read anew with every question."""

    def __init__(self, folder: Path, number: str) -> None:
        """number: of any of its runs, or 'latest'. Raises Refusal if that run is of no sweep."""
        self.folder = folder
        self._name = sweeps.sweep_with(folder, number).name

    @property
    def runs(self) -> list[StoredRun]:
        """In the order of the points, those that have begun."""
        return [StoredRun(self.folder, run.run_id) for _, run in sorted(self._found.runs.items())]

    @property
    def data(self) -> "xarray.Dataset":
        """All of it, with the swept keys as coordinates; `run_id` and `status` are on the same grid."""
        from labctl.stored_runs.sweep_data import dataset

        return dataset(self._found)

    def plot(self) -> "Figure":
        """What it is run for against the swept keys. Raises Refusal if there is nothing to draw."""
        from labctl.stored_runs.sweep_data import figure

        if (drawn := figure(self._found)) is None:
            raise Refusal(f"The {self._found.words}: there is nothing to draw yet")
        return shown(drawn)

    @property
    def _found(self) -> "sweeps.StoredSweep":
        return sweeps.sweep_named(self.folder, self._name)

    def __repr__(self) -> str:
        return self._found.words


class Data:
    """A data folder: `len`, iteration, `data[3]`, `find` and `sweep`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __len__(self) -> int:
        return sum(1 for _ in listed(self.folder))

    def __iter__(self) -> Iterator[StoredRun]:
        return (StoredRun(self.folder, one.run.run_id) for one in listed(self.folder))

    def __getitem__(self, number: int | str) -> StoredRun:
        """The run of this number, or 'latest'. Raises Refusal if there is none."""
        return StoredRun(self.folder, run_number(self.folder, str(number)))

    def find(
        self,
        sequence: str | None = None,
        status: str | None = None,
        tag: str | None = None,
        text: str = "",
        since: str = "",
        until: str = "",
        starred: bool = False,
    ) -> list[StoredRun]:
        """The runs that fit all that is given, oldest first; the same words as for `labctl runs`."""
        wanted = Wanted(
            (sequence,) if sequence else (),
            (status,) if status else (),
            (tag,) if tag else (),
            text,
            moment(since, "since") if since else None,
            moment(until, "until", is_end=True) if until else None,
            starred,
        )
        check_names(wanted, self.folder)
        return [StoredRun(self.folder, one.run.run_id) for one in listed(self.folder, wanted)]

    def sweep(self, number: int | str = LATEST) -> StoredSweep:
        """The sweep that this run is of; the newest one by default. Raises Refusal if there is none."""
        return StoredSweep(self.folder, str(number))

    def bench_log(self, since: str = "", until: str = "") -> "xarray.Dataset":
        """What the instruments said, against time: as `labctl run --log-every` logged it."""
        from labctl.data.bench_log import as_dataset, logged

        began = moment(since, "since") if since else None
        ended = moment(until, "until", is_end=True) if until else None
        return as_dataset(list(logged(self.folder, began, ended)))

    def table(self) -> Any:
        """The list of runs as a DataFrame of pandas, one row each."""
        import pandas

        return pandas.DataFrame([_row(one) for one in listed(self.folder)], columns=list(_HEADINGS)).set_index("run")

    def __repr__(self) -> str:
        return f"{len(self)} runs in {self.folder}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in _row(one).values())}</tr>"
            for one in listed(self.folder)
        )
        heads = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
        return f"<table><tr>{heads}</tr>{rows}</table>"


def open_data(folder: str | Path = "data") -> Data:
    """The runs of a data folder. Raises Refusal if there is no such folder."""
    path = Path(folder)
    if not path.is_dir():
        raise Refusal(f"There is no folder {path}. Say where the data are: labctl.open_data('…/data')")
    return Data(path)


def shown(figure: "Figure") -> "Figure":
    """The same figure; a notebook shows it as a picture even if nothing else told it how."""

    def png() -> bytes:
        picture = BytesIO()
        figure.savefig(picture, format="png")
        return picture.getvalue()

    figure._repr_png_ = png  # type: ignore[attr-defined]  # what IPython asks an object for
    return figure


def _row(one: Listed) -> Mapping[str, Any]:
    tags = " ".join([*(["★"] if one.remarks.is_starred else []), *one.remarks.tags])
    run = one.run
    cells = (run.run_id, run.sequence, run.status, run.started, one.conclusion, one.changed, tags)
    return dict(zip(_HEADINGS, cells, strict=True))
