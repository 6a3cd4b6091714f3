"""Reference tables as columns of numbers."""

import csv
from pathlib import Path

import pytest

REFERENCE = Path(__file__).with_name("reference")


def read_rows(name: str) -> list[dict[str, float | str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [{key: _number(text) for key, text in row.items()} for row in csv.DictReader(file)]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per row of the engine's table."""
    if "engine_row" in metafunc.fixturenames:
        metafunc.parametrize("engine_row", read_rows("engine.csv"), ids=lambda row: f"g={row['g_rad_per_ms']}")


@pytest.fixture(scope="session")
def levels_rows() -> list[dict[str, float | str]]:
    return read_rows("levels.csv")


@pytest.fixture(scope="session")
def overhauser_rows() -> list[dict[str, float | str]]:
    return read_rows("overhauser.csv")
