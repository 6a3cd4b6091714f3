"""Notes, tags and stars: kept beside the database, by several programs at once, whatever becomes of the database."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from support.stored_run import store_a_run

from labctl.common.refusals import Refusal
from labctl.data.reader import one_run
from labctl.data.remarks import FILE, NONE, add_note, add_tag, remarks_in, remarks_of, remove_tag, set_star
from labctl.data.writing.repair import repair
from labctl.data.writing.run_writer import Store

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path):
    store_a_run(tmp_path / "data")
    return tmp_path / "data"


def test_what_was_said_is_read_back_and_the_database_is_not_touched(folder):
    before = (folder / "runs.db").read_bytes()
    run = one_run(folder, 1)
    assert remarks_of(folder, run) == NONE
    add_note(folder, run, "the  laser\nwas cold")
    add_tag(folder, run, "night")
    add_tag(folder, run, "sample-7")
    add_tag(folder, run, "night")
    remove_tag(folder, run, "sample-7")
    set_star(folder, run, True)
    said = remarks_of(folder, run)
    assert [note.text for note in said.notes] == ["the laser was cold"]
    assert (said.tags, said.is_starred) == (("night",), True)
    set_star(folder, run, False)
    assert not remarks_of(folder, run).is_starred
    assert (folder / "runs.db").read_bytes() == before


def test_many_programs_may_write_at_once(folder):
    run = one_run(folder, 1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: add_note(folder, run, f"note {k} " + "x" * 5000), range(64)))
    assert sorted(int(note.text.split()[1]) for note in remarks_of(folder, run).notes) == list(range(64))


def test_a_line_that_was_cut_off_spoils_no_other(folder):
    run = one_run(folder, 1)
    add_note(folder, run, "first")
    with (folder / FILE).open("a", encoding="utf-8") as stream:
        stream.write('[1]\nnonsense\n{"guid": 3}\n{"guid": "')
    assert [note.text for note in remarks_of(folder, run).notes] == ["first"]
    add_note(folder, run, "second")
    assert [note.text for note in remarks_of(folder, run).notes] == ["first", "second"]


def test_what_a_terminal_would_obey_is_not_shown(folder):
    run = one_run(folder, 1)
    line = {"guid": run.guid, "time": "t", "kind": "note", "text": "\x1b[31mred"}
    (folder / FILE).write_text(json.dumps(line) + "\n", encoding="utf-8")
    (note,) = remarks_of(folder, run).notes
    assert "\x1b" not in note.text


def test_remarks_stay_with_their_run_when_a_repair_gives_it_another_number(tmp_path):
    folder = tmp_path / "data"
    store_a_run(folder)
    with closing(Store(folder, "a bench")) as store:
        run = store.begin("part", (), {"plan": {}})
        store.connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)  # as a disk that takes nothing
        run.end({"status": "completed", "result": None})
        store.connection.set_authorizer(None)
        store.ledger.forget()  # as if the process died before the database took anything again
    add_note(folder, one_run(folder, 2), "this one")
    for ending in ("", "-wal", "-shm"):
        (folder / f"runs.db{ending}").unlink(missing_ok=True)
    assert repair(folder).taken[0].runs == (1,)
    assert [note.text for note in remarks_of(folder, one_run(folder, 1)).notes] == ["this one"]
    assert len(remarks_in(folder)) == 1


def test_what_cannot_be_kept_is_refused_with_what_to_do(folder):
    run = one_run(folder, 1)
    with pytest.raises(Refusal, match="Write what you want to keep: `labctl note 1"):
        add_note(folder, run, " \n")
    with pytest.raises(Refusal, match="Shorten it"):
        add_note(folder, run, "x" * 10_001)
    with pytest.raises(Refusal, match="use one word"):
        add_tag(folder, run, "two words")
    with pytest.raises(Refusal, match="has no tags"):
        remove_tag(folder, run, "night")
    add_tag(folder, run, "night")
    with pytest.raises(Refusal, match="did you mean 'night'"):
        remove_tag(folder, run, "nigth")
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    with pytest.raises(Refusal, match="cannot be read"):
        add_tag(folder, run, "night")
    with pytest.raises(Refusal, match="cannot be written"):
        add_note(folder, run, "lost")
