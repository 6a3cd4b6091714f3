"""The queue: any series of changes, what survives a restart, and files that nobody should trust."""

import errno
import json
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.common.commands import About
from labctl.gui.runs import queue as queue_module
from labctl.gui.runs import queue_file
from labctl.gui.runs.queue import Queue

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


def test_two_windows_share_a_queue_and_neither_writes_over_the_other(tmp_path):
    one, other = Queue(tmp_path), Queue(tmp_path)
    one.add("odmr", {})
    other.add("cool", {"hours": "2"})
    one.add("wiring", {})
    one.follow()
    other.follow()
    assert content(one) == content(other) == [("odmr", {}), ("cool", {"hours": "2"}), ("wiring", {})]
    odmr, cool, _ = (item.ticket for item in other.items)
    assert other.take(odmr) is not None
    assert one.take(one.items[0].ticket) is None, "it starts in one window only"
    other.edit(cool, "cool", {"hours": "3"})
    one.move(one.items[1].ticket, 0)
    other.follow()
    assert content(one) == content(other) == content(Queue(tmp_path)) == [("wiring", {}), ("cool", {"hours": "3"})]


def test_a_file_that_is_deleted_or_damaged_under_a_window_costs_no_run(tmp_path):
    queue, file = Queue(tmp_path), tmp_path / "queue.json"
    queue.add("odmr", {})
    file.unlink()
    queue.follow()
    queue.add("cool", {})
    assert content(Queue(tmp_path)) == [("odmr", {}), ("cool", {})]
    file.write_bytes(b'[{"sequence": "od')
    queue.follow()
    assert content(queue) == content(Queue(tmp_path)) == [("odmr", {}), ("cool", {})]
    assert "was damaged" in queue.trouble


@pytest.fixture
def full(monkeypatch, tmp_path):
    """A disk that takes no queue; give it the folders that take none."""
    monkeypatch.setenv("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", str(tmp_path / "state"))
    folders, write = [], queue_file._written

    def written(file, entries):
        if any(folder in file.parents for folder in folders):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, entries)

    monkeypatch.setattr(queue_file, "_written", written)
    monkeypatch.setattr(queue_module, "_RETRY_S", 0.0)
    return folders


def test_a_queue_that_a_full_disk_does_not_take_waits_elsewhere_for_the_next_window(tmp_path, full):
    data = tmp_path / "data"
    Queue(data).add("odmr", {})
    queue = Queue(data)
    full.append(data)
    queue.add("cool", {})
    assert "No space left on device" in queue.trouble
    assert "the next window takes it from there" in queue.trouble
    assert not queue.is_lost
    assert content(Queue(data)) == [("odmr", {}), ("cool", {})]
    assert len(list((tmp_path / "state").glob("**/*.json"))) == 1, "it is in one place only"
    full.clear()
    assert content(Queue(data)) == [("odmr", {}), ("cool", {})]
    assert list((tmp_path / "state").glob("**/*.json")) == []


def test_a_queue_is_stored_as_soon_as_there_is_room(tmp_path, full):
    queue = Queue(tmp_path / "data")
    full += [tmp_path]
    ticket = queue.add("odmr", {}).ticket
    assert queue.is_lost
    assert "the queue is lost when this window closes" in queue.trouble
    queue.follow()
    assert queue.is_lost
    full.clear()
    queue.follow()
    assert (queue.trouble, queue.is_lost, queue.items[0].ticket) == ("", False, ticket)
    assert content(Queue(tmp_path / "data")) == [("odmr", {})]


def test_the_terminal_gets_the_commands_of_a_queue_that_is_lost(tmp_path, full, capsys):
    from labctl.gui.app import _tell_lost_queue

    queue, about = Queue(tmp_path / "data"), About({"simulated": ""})
    full.append(tmp_path)
    queue.add("odmr", {"step_mhz": "0.5"})
    _tell_lost_queue(SimpleNamespace(queue=queue, about=about))
    assert capsys.readouterr().err == ("labctl: lost with the queue: labctl run odmr --set step_mhz=0.5 --simulated\n")
