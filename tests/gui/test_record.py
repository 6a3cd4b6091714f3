"""Tables and records: growth, thinning, bounded memory, which part is which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.gui.runs.record import Record, Table
from sequences.results import Column

pytestmark = pytest.mark.unit

NAMES = ("a", "b", "c")
COLUMNS = tuple(Column(name, name, "") for name in NAMES)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
ADDS = st.lists(st.dictionaries(st.sampled_from((*NAMES, "unknown")), NUMBERS), max_size=80)


def filled(count, most):
    table = Table(COLUMNS, most)
    for k in range(count):
        table.add({"a": float(k)})
    return table


@given(ADDS)
def test_until_it_is_thinned_a_table_is_the_list_of_its_points(rows):
    table = Table(COLUMNS, 80)
    for row in rows:
        table.add(row)
    assert table.rows == len(rows)
    assert not table.thinned
    for name in NAMES:
        np.testing.assert_array_equal(table[name], [row.get(name, np.nan) for row in rows])


@given(st.integers(4, 60), st.integers(1, 400))
def test_memory_is_bounded_and_the_newest_half_complete(most, count):
    table = filled(count, most)
    kept = table["a"]
    assert len(kept) == table.rows <= most
    assert table._cells.size <= most * len(COLUMNS)
    assert table.thinned == (count > most)
    newest = min(count, most // 2)
    np.testing.assert_array_equal(kept[-newest:], np.arange(count - newest, count))
    assert kept[0] == 0.0
    assert np.all(np.diff(kept) > 0)
    assert np.all(np.isnan(table["b"]))


def test_thinning_forgets_nothing_of_the_past_altogether():
    """After a hundred times its size the gaps in what is left grow towards the past, and the beginning is there."""
    kept = filled(6400, 64)["a"]
    assert kept[0] == 0.0
    assert len(kept) > 32
    older = np.diff(kept)[:-32]
    assert older.max() > 1.0


def test_what_comes_after_thinning_lacks_what_it_was_not_given():
    table = Table(COLUMNS, 8)
    for k in range(9):
        table.add({"a": float(k), "b": float(k)})
    table.add({"a": 9.0})
    assert np.isnan(table["b"][-1])
    assert table["b"][-2] == 8.0


def test_a_table_is_a_mapping_of_its_columns():
    table = filled(3, 8)
    assert list(table) == list(NAMES)
    assert len(table) == 3
    assert set(dict(table)) == set(NAMES)
    with pytest.raises(KeyError):
        table["d"]


def test_a_table_without_columns_counts_its_points():
    table = Table(())
    table.add({"a": 1.0})
    assert table.rows == 1
    assert dict(table) == {}


@given(st.integers(0, 600))
def test_filled_at_once_or_point_by_point_is_the_same(count):
    values = {"a": np.arange(count, dtype=float), "b": np.full(count, np.nan)}
    table = Table(COLUMNS)
    table.fill(values)
    assert table.rows == count
    np.testing.assert_array_equal(table["a"], values["a"])
    np.testing.assert_array_equal(table["b"], values["b"])


def record(sequence, *parts, **known):
    return Record(1, sequence, {}, Table(()), parts=list(parts), **known)


def test_parts_come_in_the_order_in_which_they_began():
    inner, first, last = record("odmr"), record("align"), record("align")
    run = record("engine", first, record("cool", inner), last)
    assert [part.sequence for part in run.all()] == ["engine", "align", "cool", "odmr", "align"]
    assert run.newest("align") is last
    assert run.newest("odmr", "cool") is inner
    assert run.newest("rabi") is None
    assert run.newest("engine") is run


def test_the_result_prevails_over_the_estimate():
    run = record("cool", estimate={"a": 1, "b": 2}, result={"a": 3})
    assert run.known == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("known", "done"),
    [
        ({"fraction": 0.3}, 0.3),
        ({"fraction": 0.3, "expected_s": 100.0, "lab_time_s": 40.0}, 0.4),
        ({"fraction": 0.5, "expected_s": 100.0, "lab_time_s": 40.0}, 0.5),
        ({"fraction": 0.1, "expected_s": 100.0, "lab_time_s": 500.0}, 0.99),
        ({"fraction": 0.1, "expected_s": 100.0, "lab_time_s": 500.0, "status": "aborted"}, 0.1),
    ],
)
def test_how_much_is_done_by_word_or_by_clock(known, done):
    assert record("engine", **known).done == done
