"""Engines on benches with every imperfection, held against the truth: python benchmarks/honest_benches.py [N].

N benches that entangle and N that nearly do, drawn at random, each run without wires to its end; or one imperfection
alone (--only KNOB --times 1, `every` for all in turn). Each run is a row of the table as soon as it is there; an
interrupted campaign goes on where it stood. Exit code 1 if a criterion is missed. Not judged yet: whether a refusal
names the knob that matters most, and significance over the bound of each bench.
"""

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Final

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: one core for each worker
    os.environ.setdefault(_threads, "1")

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from honest_knobs import Bench, alone, drawn_benches, names  # noqa: E402
from honest_runs import ROW, run  # noqa: E402
from honest_summary import line, summary  # noqa: E402

TABLES: Final = HOME / "docs" / "tables"
_SAME: Final = ("commit", "name", "times", "regardless", "seed")
"""What a run is known by in the table."""


def main() -> int:
    """Run what is not in the table yet, then print its sums."""
    asked = _asked()
    table = asked.table or TABLES / ("honest_alone.csv" if asked.only else "honest_benches.csv")
    commit = _commit()
    plan = {"regardless": asked.regardless} | dict(_setting(pair) for pair in asked.set)
    benches = list(_benches(asked))
    stamp = {"commit": commit, "regardless": str(asked.regardless)}
    wanted = {tuple({**stamp, **_known_by(bench)}[key] for key in _SAME) for bench in benches}
    done = {tuple(row[key] for key in _SAME): row for row in _rows(table)}
    todo = [bench for bench in benches if tuple({**stamp, **_known_by(bench)}[key] for key in _SAME) not in done]
    print(f"{len(benches)} benches, {len(benches) - len(todo)} of them in {table} already; commit {commit}", flush=True)
    with ProcessPoolExecutor(asked.jobs, max_tasks_per_child=1) as pool:
        for future in as_completed([pool.submit(run, bench, commit, plan, asked.station) for bench in todo]):
            row = future.result()
            _append(table, row)
            print(line(row), flush=True)
    return int(summary([row for row in _rows(table) if tuple(row[key] for key in _SAME) in wanted]))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "benches", nargs="?", type=int, default=30, help="how many of either kind; of seeds with --only"
    )
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--regardless", action=argparse.BooleanOptionalAction, default=True, help="never give up")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--only", nargs="+", default=[], metavar="KNOB", help="one imperfection alone, or `every`")
    parser.add_argument("--times", type=float, nargs="+", default=[1.0], help="with --only: so many times its size")
    parser.add_argument("--station", type=Path, default=HOME / "station.yaml", help="needs a --table of its own")
    parser.add_argument("--table", type=Path, help="CSV to go on with")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the engine's plan")
    return parser.parse_args()


def _benches(asked: argparse.Namespace) -> Iterator[Bench]:
    if not asked.only:
        yield from drawn_benches(asked.first, asked.benches)
        return
    for times in asked.times:
        for name in names(asked.only):
            yield from (alone(name, times, seed) for seed in range(asked.first, asked.first + asked.benches))


def _setting(pair: str) -> tuple[str, Any]:
    key, _, value = pair.partition("=")
    return key, value if key == "hold" else float(value)


def _known_by(bench: Bench) -> dict[str, str]:
    return {"name": bench.name, "times": str(bench.times), "seed": str(bench.seed)}


def _commit() -> str:
    """Of the tree, marked if it is not what runs."""
    asked = ("git", "describe", "--always", "--dirty", "--exclude=*")
    return subprocess.run(asked, cwd=HOME, capture_output=True, text=True, check=True).stdout.strip()


def _rows(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _append(table: Path, row: Mapping[str, Any]) -> None:
    """One more row, on disk at once."""
    is_new = not table.exists()
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ROW, restval="", lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow({key: _plain(value) for key, value in row.items()})


def _plain(value: Any) -> Any:
    return value.replace("\n", " ") if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main())
