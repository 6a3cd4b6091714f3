"""A report of stored runs as one page: what was asked, on which bench, what came out, and how to repeat it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import hypot
from pathlib import Path
from typing import Any, Final

from labctl.common.commands import About
from labctl.common.numbers import quoted
from labctl.common.refusals import Refusal
from labctl.data.reader import Run, children, outermost, points
from labctl.data.remarks import Remarks, remarks_of
from labctl.figures import draw
from labctl.figures.columns import error_of
from labctl.plans.catalogue import measuring
from labctl.plans.parse import texts_of
from labctl.report.html_page import folded, page, paragraph, picture, section, table, verbatim
from labctl.report.progress import clock_words
from labctl.stored_runs.bench_snapshot import bench_then
from labctl.stored_runs.explanation import explanation
from labctl.stored_runs.summary import changes_of, concluded
from sequences.core.experiment import Experiment

_FIELD: Final = "field"
"""The calibration that an alignment stores."""
_SHORT: Final = ("bench", "sample", "seed", "commit")
_DRAWN: Final = ("curve_", "pulls")
_MOST_ROWS: Final = 60


@dataclass(frozen=True)
class _Whole:
    """A run with all that a report says of it."""

    folder: Path
    run: Run
    parts: tuple[Run, ...]
    remarks: Remarks
    about: About

    @classmethod
    def of(cls, folder: Path, run: Run) -> "_Whole":
        about = About.of_run(outermost(folder, run).record, folder)
        return cls(folder, run, tuple(children(folder, run.run_id)), remarks_of(folder, run), about)

    @property
    def result(self) -> Mapping[str, Any]:
        """Or the last estimate, if there is no result."""
        return self.run.result or self.run.outcome.get("estimate") or {}


def report(folder: Path, runs: Sequence[Run], title: str) -> str:
    """The page of these runs, in their order."""
    found = [_Whole.of(folder, run) for run in runs]
    index = [_line(one) for one in found] if len(found) > 1 else []
    return page(title, ["".join(index) and f"<ul>{''.join(index)}</ul>", *(_of_run(one) for one in found)])


def _line(one: _Whole) -> str:
    words = f"run {one.run.run_id}, {one.run.sequence}: {one.run.status}"
    return f'<li><a href="#run-{one.run.run_id}">{escape(words)}</a> {escape(concluded(one.run, one.folder))}</li>'


def _of_run(one: _Whole) -> str:
    run = one.run
    star = "★ " if one.remarks.is_starred else ""
    head = f'<h2 id="run-{run.run_id}">{star}Run {run.run_id}: {escape(run.sequence)}, {escape(run.status)}</h2>'
    return "\n".join(
        part
        for part in (
            head,
            paragraph(_when(one), "dim"),
            paragraph(concluded(run, one.folder), "" if run.status == "completed" else "bad"),
            section("Notes", *(paragraph(f"{note.time}: {note.text}") for note in one.remarks.notes)),
            section("What was asked", _asked(one)),
            section("Result", _figure(one), _numbers(one), _lists(one.result)),
            section("Against the model", _against_model(one.result)),
            section("What was believed and not measured", _believed(one)),
            section("Alignment", _alignment(one)),
            section("Calibration", _calibration(one)),
            section("Bench", _bench(one)),
            section("What the run noted", *(paragraph(words) for words in _noted(one))),
            section("Parts", *(_part(one, part) for part in one.parts)),
            section("How to repeat it", _repeated(one)),
        )
        if part
    )


def _when(one: _Whole) -> str:
    outcome = one.run.outcome
    words = [f"Began {one.run.started}"]
    words += [f"{clock_words(outcome['lab_time_s'])} of laboratory time"] if "lab_time_s" in outcome else []
    words += [f"{outcome['photons']:.3g} photons"] if outcome.get("photons") else []
    return ", ".join([*words, *(f"#{tag}" for tag in one.remarks.tags)])


def _asked(one: _Whole) -> str:
    said, changed = explanation(one.folder, one.run), changes_of(one.run)
    plan = texts_of(one.run.record.get("plan") or {})
    rows = [(key, text, "not by default" if key in changed else "") for key, text in plan.items()]
    named = ", ".join(f"{key} = {text}" for key, text in changed.items()) or "all as by default"
    how = ". ".join(filter(None, (said.description, said.how)))
    return paragraph(how) + paragraph(f"Plan: {named}") + folded("the whole plan", table(rows))


def _figure(one: _Whole) -> str:
    parts = [{"run_id": p.run_id, "sequence": p.sequence, "result": p.result} for p in one.parts]
    recorded = points(one.folder, one.run.run_id)
    drawn = draw(one.run.sequence, recorded.values, {**(one.run.result or {}), "children": parts}, recorded.columns)
    return picture(drawn, f"figure of run {one.run.run_id}") if drawn is not None else ""


def _numbers(one: _Whole) -> str:
    said = explanation(one.folder, one.run).numbers
    none = (
        ""
        if one.run.result
        else paragraph("There is no result: this is the last estimate." if said else "There is none.")
    )
    rows = [(n.key, n.value, n.unit, n.meaning) for n in said if not n.key.startswith(_DRAWN)]
    return none + table(rows, ("", "value ± 1 sigma", "unit", "what it is"), (1,))


def _lists(result: Mapping[str, Any]) -> str:
    """Lists of the same length as one table, with errors and 95 % intervals."""
    lists = {key: v for key, v in result.items() if isinstance(v, list) and 2 < len(v) <= _MOST_ROWS}
    lists = {key: v for key, v in lists.items() if not key.startswith(_DRAWN) and not _is_matrix(v)}
    errors = {error for key in lists if (error := error_of(result, key)) not in (None, key)}
    shown = []
    for length in sorted({len(v) for v in lists.values()}):
        keys = [key for key, v in lists.items() if len(v) == length and key not in errors]
        rows = [[_cell(result, key, row) for key in keys] for row in range(length)]
        shown.append(table(rows, keys, range(len(keys))))
    return "".join(shown)


def _is_matrix(value: list[Any]) -> bool:
    return any(isinstance(row, list) and len(row) > 2 for row in value)


def _cell(result: Mapping[str, Any], key: str, row: int) -> str:
    value, errors = result[key][row], result.get(error_of(result, key) or "")
    if isinstance(value, list):
        return " … ".join(_number(one, None) for one in value)
    return _number(value, errors[row] if isinstance(errors, list) and row < len(errors) else None)


def _number(value: Any, error: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "-" if value is None else str(value)
    return quoted(value, error) if isinstance(error, int | float) and error > 0 else f"{value:.5g}"


def _against_model(result: Mapping[str, Any]) -> str:
    """Every value for which the result holds a prediction too: how many combined errors lie between them."""
    rows = []
    for key in result:
        model = f"predicted_{key}"
        if model in result and not key.endswith("_err"):
            pairs = zip(*(_listed(result, name) for name in (key, model)), strict=False)
            rows += [(f"{key}[{k}]", *_compared(*measured, *its)) for k, (measured, its) in enumerate(pairs)]
    return table(rows, ("", "measured", "model", "pull"), (1, 2, 3))


def _listed(result: Mapping[str, Any], key: str) -> list[tuple[Any, Any]]:
    values, errors = result[key], result.get(error_of(result, key) or "")
    if not isinstance(values, list):
        return [(values, errors)]
    return list(zip(values, errors if isinstance(errors, list) else [None] * len(values), strict=False))


def _compared(value: Any, error: Any, model: Any, its: Any) -> tuple[str, str, str]:
    numbers = [one for one in (value, error, model, its) if isinstance(one, int | float)]
    combined = hypot(error, its) if len(numbers) == 4 else 0.0
    pull = f"{(value - model) / combined:+.1f}" if combined > 0 else "-"
    return _number(value, error), _number(model, its), pull


def _believed(one: _Whole) -> str:
    """Of the run and of its parts: a number, and the share of its variance that rests on belief."""
    rows = []
    for run in (one.run, *one.parts):
        believed = (run.result or {}).get("believed")
        shares = believed if isinstance(believed, Mapping) else {}
        rows += [
            (f"run {run.run_id}, {run.sequence}", key, f"{100.0 * share:.0f} %")
            for key, share in sorted(shares.items(), key=lambda item: -_float(item[1]))
            if isinstance(share, int | float)
        ]
    return table(rows, ("", "number", "share of its variance that was believed"), (2,))


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _alignment(one: _Whole) -> str:
    """What the part that aligned found; else what an earlier run had stored."""
    try:
        aligning = measuring(_FIELD)
    except Refusal:
        return ""
    parts = [part for part in one.parts if part.sequence == aligning.name]
    if parts:
        return "".join(_numbers(_Whole.of(one.folder, part)) for part in parts)
    return _entries(one, lambda key: _is_of(aligning, key))


def _calibration(one: _Whole) -> str:
    """What the run used, but for what stands under the alignment."""
    used = outermost(one.folder, one.run).outcome.get("calibration_used")
    kept = used if isinstance(used, Mapping) else {}
    try:
        aligning = measuring(_FIELD)
    except Refusal:
        return _entries(one, lambda key: key in kept)
    return _entries(one, lambda key: key in kept and not _is_of(aligning, key))


def _is_of(experiment: Experiment, calibration: str) -> bool:
    return calibration.partition(".")[0] in experiment.calibrates


def _entries(one: _Whole, chosen: Callable[[str], bool]) -> str:
    """What stood in the calibration store when the run began."""
    stored = one.run.record.get("calibration") or {}
    rows = [
        (key, _number(entry.get("value"), entry.get("error")), str(entry.get("run_id", "")), str(entry.get("time", "")))
        for key, entry in stored.items()
        if isinstance(entry, Mapping) and chosen(key)
    ]
    return table(rows, ("", "value ± 1 sigma", "measured by run", "at"), (1,))


def _bench(one: _Whole) -> str:
    leaves = bench_then(one.folder, one.run)
    short = [(key, str(leaves[key])) for key in _SHORT if key in leaves]
    rest = [
        (key, str(value)) for key, value in leaves.items() if key not in _SHORT and not key.startswith("station.yaml")
    ]
    station = outermost(one.folder, one.run).record.get("station_file")
    folds = folded("versions, and what every instrument was set to when the run began", table(rest))
    return table(short) + folds + folded("station.yaml", verbatim(station if isinstance(station, str) else ""))


def _noted(one: _Whole) -> list[str]:
    return [one.about.in_words(str(note)) for note in one.run.outcome.get("notes", [])]


def _part(one: _Whole, part: Run) -> str:
    whole = _Whole.of(one.folder, part)
    content = paragraph(concluded(part, one.folder)) + _figure(whole) + _numbers(whole) + _lists(whole.result)
    return folded(f"run {part.run_id}: {part.sequence}, {part.status}", content)


def _repeated(one: _Whole) -> str:
    run = one.run
    again = one.about.run(run.sequence, changes_of(run))
    shown = [
        again,
        one.about.command("show", str(run.run_id)),
        one.about.command("export", str(run.run_id), "--to", "data.nc"),
    ]
    return verbatim("\n".join(shown)) + paragraph(f"guid {run.guid}", "dim")
