"""A map in tiles: computed here, by local processes or by a Dask cluster, kept on disk, the same however it is split.

A tile is a frozen value whose text tells all of it: by that text its numbers are found again on disk.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import physics
import sequences
from labctl import predictions

Values = dict[str, NDArray[np.float64]]
"""Numbers of a tile by name: (n,) for its n points."""
Advanced = Callable[[int, int], None]
"""Is told how many points are done, of how many that were to be computed."""
Done = Callable[[int, Values], None]
"""Is given the number of a tile and its values."""

_WORTH_S: Final = 20.0
"""Wall time from which on processes of their own are worth their start."""
_MOST_DEATHS: Final = 3
"""Of worker processes one after the other, without a tile that was done meanwhile."""
_CONNECT_S: Final = 15
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""The matrices are small: threads of the linear algebra would only fight over the cores."""


class Piece(Protocol):
    """Some points of a map."""

    @property
    def points(self) -> int: ...


P = TypeVar("P", bound=Piece)


class ComputingError(Exception):
    """A map that cannot be computed as it was asked for: what happened, and what to do."""


@dataclass(frozen=True)
class Computing:
    """Where a map is computed, and where its tiles are kept."""

    scheduler: str | None = None
    """Address of a Dask scheduler; None: local processes."""
    workers: int | None = None
    """Local processes; None: as many as there are processors, if that is worth it; 1: none but this one."""
    kept: Path | None = None
    """Folder of the tiles that are done: a map that was interrupted goes on from them."""


HERE: Final = Computing(workers=1)
"""In this process, nothing kept."""


def computed(
    compute: Callable[[P], Values],
    tiles: Sequence[P],
    how: Computing,
    point_s: float,
    advanced: Advanced | None = None,
) -> Values:
    """All tiles joined in their order. compute: a function of a module, for other processes have to find it.

    point_s: wall time of a point, roughly. Raises ComputingError.
    """
    known = {k: found for k, tile in enumerate(tiles) if (found := _on_disk(how.kept, compute, tile)) is not None}
    left = {k: tile for k, tile in enumerate(tiles) if k not in known}
    of, counted = sum(tile.points for tile in left.values()), 0

    def done(k: int, values: Values) -> None:
        nonlocal counted
        _keep(how.kept, compute, tiles[k], values)
        known[k] = values
        counted += tiles[k].points
        if advanced is not None:
            advanced(counted, of)

    _compute(compute, left, how, point_s * of, done)
    return {name: np.concatenate([known[k][name] for k in range(len(tiles))]) for name in known[0]}


def _compute(compute: Callable[[P], Values], left: Mapping[int, P], how: Computing, wall_s: float, done: Done) -> None:
    """Each tile, in any order. wall_s: what it takes here, roughly."""
    workers = how.workers or (min(os.cpu_count() or 1, len(left)) if wall_s > _WORTH_S else 1)
    if how.scheduler is not None:
        _by_cluster(compute, left, how.scheduler, done)
    elif workers > 1 and len(left) > 1:
        _by_processes(compute, left, workers, done)
    else:
        for k, tile in left.items():
            done(k, compute(tile))


# ---- processes --------------------------------------------------------------------------------------------------


def _by_processes(compute: Callable[[P], Values], tiles: Mapping[int, P], workers: int, done: Done) -> None:
    """By Dask's local processes. One that is killed takes the others along: what is left is begun anew."""
    left, deaths = dict(tiles), 0

    def one_done(k: int, values: Values) -> None:
        nonlocal deaths
        del left[k]
        deaths = 0
        done(k, values)

    while left:
        try:
            _by_pool(compute, dict(left), min(workers, len(left)), one_done)
        except BrokenProcessPool:
            deaths += 1
            if deaths > _MOST_DEATHS:
                raise ComputingError(
                    f"{deaths} times a worker process died before a tile was done (killed, or out of memory): "
                    "try --workers 1"
                ) from None


def _by_pool(compute: Callable[[P], Values], tiles: Mapping[int, P], workers: int, done: Done) -> None:
    """Raises BrokenProcessPool if a process dies."""
    from dask.base import compute as all_of
    from dask.callbacks import Callback
    from dask.delayed import delayed

    def told(_key: Any, value: Any, *_: Any) -> None:
        if isinstance(value, tuple):
            done(*value)

    asked = [delayed(_numbered)(compute, k, tile) for k, tile in tiles.items()]
    with _environment(_ONE_THREAD), Callback(posttask=told):
        all_of(*asked, scheduler="processes", num_workers=workers, chunksize=1)


def _numbered(compute: Callable[[P], Values], k: int, tile: P) -> tuple[int, Values]:
    return k, compute(tile)


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """What processes that begin within it inherit, unless it was said otherwise."""
    added = {name: value for name, value in more.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _by_cluster(compute: Callable[[P], Values], tiles: Mapping[int, P], address: str, done: Done) -> None:
    """By the workers of a scheduler, which gives the tiles of one that dies to others."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ComputingError(
            f"A scheduler is reached by the package distributed, which is not installed: "
            f"pip install distributed=={version('dask')}, there and here"
        ) from None
    try:
        client = Client(address, timeout=_CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise ComputingError(f"The Dask scheduler {address} does not answer: {str(error) or 'timeout'}") from None
    with client:
        asked = [client.submit(_numbered, compute, k, tile, pure=False) for k, tile in tiles.items()]
        for _, (k, values) in as_completed(asked, with_results=True):
            done(k, values)


# ---- on disk ----------------------------------------------------------------------------------------------------


@cache
def _code() -> str:
    """A digest of the code that computes: what other code has kept is no tile of this map."""
    digest = sha256()
    for package in (physics, sequences, predictions):
        for file in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _file(folder: Path, compute: Callable[[P], Values], tile: P) -> Path:
    """Named by all that its numbers follow from."""
    said = f"{compute.__module__}.{compute.__qualname__} {_code()} {tile!r}"
    return folder / f"{sha256(said.encode()).hexdigest()[:24]}.npz"


def _on_disk(folder: Path | None, compute: Callable[[P], Values], tile: P) -> Values | None:
    """What an earlier map has kept of this tile; None if there is nothing, or nothing that can be read."""
    if folder is None:
        return None
    try:
        with _file(folder, compute, tile).open("rb") as stream, np.load(stream) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, BadZipFile, KeyError, EOFError):
        return None


def _keep(folder: Path | None, compute: Callable[[P], Values], tile: P, values: Values) -> None:
    """Whole or not at all."""
    if folder is None:
        return
    file = _file(folder, compute, tile)
    half = file.with_suffix(f".{os.getpid()}.half")
    try:
        with half.open("wb") as stream:
            np.savez(stream, **values)  # type: ignore[arg-type]
        half.replace(file)
    except OSError as error:
        raise ComputingError(
            f"{folder} cannot be written ({error.strerror or error}): free or choose another"
        ) from None
