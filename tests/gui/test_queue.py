"""The queue: any series of changes, what survives a restart, and files that nobody should trust."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.gui.queue import Queue

TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), max_size=8)
SETTINGS = st.dictionaries(TEXTS, TEXTS, max_size=3)
NAMES = st.sampled_from(["cool", "odmr", "engine"])
TICKETS = st.integers(0, 8)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), NAMES, SETTINGS),
        st.tuples(st.just("edit"), TICKETS, NAMES, SETTINGS),
        st.tuples(st.just("remove"), TICKETS),
        st.tuples(st.just("move"), TICKETS, st.integers(-2, 9)),
        st.tuples(st.just("take"), TICKETS),
    ),
    max_size=12,
)


def content(queue):
    return [(item.sequence, dict(item.settings)) for item in queue.items]


def applied(reference, change, number):
    """The same change on a plain list of (ticket, sequence, settings)."""
    name, *given_ = change
    if name == "add":
        reference.append((number, *given_))
    elif place := [k for k, item in enumerate(reference) if item[0] == given_[0]]:
        item = reference.pop(place[0])
        if name == "edit":
            reference.insert(place[0], (item[0], *given_[1:]))
        elif name == "move":
            reference.insert(max(0, given_[1]), item)


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_every_series_of_changes_is_that_of_a_list_and_is_on_disk(changes):
    with tempfile.TemporaryDirectory() as folder:
        queue, reference, added = Queue(Path(folder)), [], 0
        for change in changes:
            added += change[0] == "add"
            applied(reference, change, added)
            getattr(queue, change[0])(*change[1:])
            assert [(item.ticket, item.sequence, item.settings) for item in queue.items] == reference
            assert content(Queue(Path(folder))) == content(queue) or not Path(folder, "queue.json").exists()
        assert list(Path(folder).glob("*damaged*")) == list(Path(folder).glob(".queue*")) == []


def test_a_run_is_taken_once(tmp_path):
    queue = Queue(tmp_path)
    tickets = [queue.add("odmr", {"step_mhz": "0.5"}).ticket, queue.add("cool", {}).ticket]
    assert [(taken.sequence, taken.settings) for taken in map(queue.take, tickets)] == [
        ("odmr", {"step_mhz": "0.5"}),
        ("cool", {}),
    ]
    assert queue.take(tickets[0]) is None
    assert Queue(tmp_path).items == ()


def test_the_version_tells_of_every_change_and_of_nothing_else(tmp_path):
    queue = Queue(tmp_path)
    ticket = queue.add("odmr", {}).ticket
    assert queue.version == 1
    queue.edit(ticket, "cool", {})
    queue.move(ticket, 0)
    queue.remove(99)
    queue.edit(99, "odmr", {})
    queue.move(99, 0)
    assert queue.version == 3
    assert content(queue) == [("cool", {})]


def test_no_new_ticket_is_one_that_was_used(tmp_path):
    queue = Queue(tmp_path)
    first = queue.add("odmr", {}).ticket
    queue.remove(first)
    assert queue.add("odmr", {}).ticket != first


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"5", b'"odmr"', b"null", b"\xff\xfe\x00", b"[" * 100_000, b'{"sequence": "odmr", "settings": {}}'],
)
def test_a_damaged_file_is_put_aside_and_told(tmp_path, damage):
    (tmp_path / "queue.json").write_bytes(damage)
    queue = Queue(tmp_path)
    (aside,) = tmp_path.glob("queue-damaged-*.json")
    assert aside.read_bytes() == damage
    assert queue.items == ()
    assert str(tmp_path / "queue.json") in queue.trouble
    assert aside.name in queue.trouble
    queue.add("odmr", {})
    assert queue.trouble == ""
    assert content(Queue(tmp_path)) == [("odmr", {})]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"sequence": "os.system", "settings": {}}, "there is no sequence 'os.system'"),
        ({"sequence": ["odmr"], "settings": {}}, "there is no sequence ['odmr']"),
        ({"sequence": "odmr", "settings": {"step_mhz": 1}}, "settings of odmr are not texts"),
        ({"sequence": "odmr", "settings": {"step_mhz": "\ud800"}}, "settings of odmr are not texts"),
        ({"sequence": "odmr", "settings": [["step_mhz", "1"]]}, "settings of odmr are not texts"),
        ({"sequence": "odmr", "settings": {}, "module": "os"}, "not a run: "),
        ({"sequence": "odmr"}, "not a run: "),
        ("odmr", "not a run: 'odmr'"),
    ],
)
def test_of_a_hostile_file_only_runs_are_taken(tmp_path, entry, words):
    whole = {"sequence": "cool", "settings": {"hours": "2"}}
    (tmp_path / "queue.json").write_text(json.dumps([entry, whole]))
    queue = Queue(tmp_path)
    assert content(queue) == [("cool", {"hours": "2"})]
    assert words in queue.trouble
    assert content(Queue(tmp_path)) == [("cool", {"hours": "2"})], "what was whole is stored again at once"
    assert json.loads(next(tmp_path.glob("queue-damaged-*.json")).read_text()) == [entry, whole]


def test_what_cannot_be_stored_still_waits(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    queue = Queue(tmp_path / "data")
    queue.add("odmr", {})
    assert content(queue) == [("odmr", {})]
    assert "cannot be written" in queue.trouble
