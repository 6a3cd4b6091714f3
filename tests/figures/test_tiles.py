"""Maps in tiles: the same numbers however they are split, also if a worker dies or the map is interrupted."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from labctl.cli.predictions.predict import app
from labctl.predictions import survival
from labctl.predictions.survival import Surroundings, predict_survival
from labctl.predictions.tiles import Computing, ComputingError, computed

pytestmark = pytest.mark.system  # local processes
GRID = ([13.5, 11.0, 9.0, 8.0, 7.0, 6.0], [1.1, 0.4, 0.1], Surroundings())


@dataclass(frozen=True)
class Squares:
    """Some numbers, and what happens to the process that takes the first of them."""

    of: tuple[float, ...]
    dies_unless: Path | None = None

    @property
    def points(self) -> int:
        return len(self.of)


def squares(tile: Squares) -> dict[str, np.ndarray]:
    """A worker that dies of a tile as one does that is killed, unless there is the file."""
    if tile.dies_unless is not None and not tile.dies_unless.exists():
        if tile.dies_unless.parent.is_dir():
            tile.dies_unless.touch()
        os._exit(9)
    return {"square": np.array(tile.of) ** 2}


def tiles_of(count: int, dies_unless: Path | None = None) -> list[Squares]:
    return [Squares((2.0 * k, 2.0 * k + 1.0), dies_unless if k == 1 else None) for k in range(count)]


def test_the_numbers_do_not_depend_on_the_processes_and_hardly_on_the_parts(monkeypatch):
    whole = predict_survival(*GRID)
    monkeypatch.setattr(survival, "_TILE", 5)
    told = []
    split = predict_survival(*GRID, lambda done, of: told.append((done, of)), Computing(workers=2))
    assert split == predict_survival(*GRID)
    assert (len(told), told[-1]) == (4, (18, 18))
    for name in survival.MAPS:
        np.testing.assert_allclose(split[name], whole[name], rtol=0.0, atol=1e-12)


def test_a_map_is_complete_though_a_worker_dies(tmp_path):
    died = tmp_path / "died"
    found = computed(squares, tiles_of(6, died), Computing(workers=2), 1.0)
    assert died.exists()
    np.testing.assert_array_equal(found["square"], np.arange(12.0) ** 2)


def test_a_part_that_always_kills_its_worker_is_refused(tmp_path):
    with pytest.raises(ComputingError, match="4 times a worker process died before a tile was done"):
        computed(squares, tiles_of(2, tmp_path / "no-such-folder" / "x")[1:] * 2, Computing(workers=2), 1.0)


class Interrupted(Exception):
    pass


def test_a_map_that_was_interrupted_goes_on_from_what_is_on_disk(tmp_path):
    kept, taken = Computing(workers=1, kept=tmp_path), []

    def interrupted(done: int, _of: int) -> None:
        if done == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        computed(squares, tiles_of(5), kept, 1.0, interrupted)
    assert len(list(tmp_path.glob("*.npz"))) == 2
    again = computed(squares, tiles_of(5), kept, 1.0, lambda *told: taken.append(told))
    assert taken == [(2, 6), (4, 6), (6, 6)]
    np.testing.assert_array_equal(again["square"], np.arange(10.0) ** 2)
    assert [file.suffix for file in tmp_path.iterdir()] == [".npz"] * 5


@pytest.mark.parametrize("torn", [b"", b"PK\x03\x04 half of it"])
def test_a_file_that_cannot_be_read_is_computed_anew(tmp_path, torn):
    kept = Computing(workers=1, kept=tmp_path)
    computed(squares, tiles_of(1), kept, 1.0)
    (file,) = tmp_path.iterdir()
    file.write_bytes(torn)
    np.testing.assert_array_equal(computed(squares, tiles_of(1), kept, 1.0)["square"], [0.0, 1.0])


def test_other_surroundings_are_other_parts(tmp_path):
    kept = Computing(workers=1, kept=tmp_path)
    cold, warm = (
        predict_survival([9.0], [0.3], Surroundings(pump_fidelity=f), how=kept)["signed_concurrence"]
        for f in (0.998, 0.9)
    )
    assert cold > warm
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scheduler", "localhost:8786"], "the package distributed, which is not installed"),
        (["--scheduler", "localhost:8786", "--workers", "2"], "exclude each other"),
        (["--keep", str(Path(__file__) / "folder")], "cannot be made"),
    ],
)
def test_refusals(monkeypatch, arguments, said):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = CliRunner().invoke(app, ["survival", "--separation-nm", "9", "--c13-percent", "1", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
