"""What a guardian says is read whole or not at all, and never taken for the word of another one."""

import pytest

from labctl.bench import watchdog_status
from labctl.bench.lock import lock_file
from labctl.bench.watchdog_status import Word, forget, read, write

pytestmark = pytest.mark.unit


@pytest.fixture
def bench(tmp_path, monkeypatch):
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path / "bench.json"


def test_the_last_word_counts(bench):
    assert read(bench, 7) is None
    write(bench, 7, "making safe")
    write(bench, 7, "safe", "the pulse lines are low")
    word = read(bench, 7)
    assert word == Word(7, "safe", "the pulse lines are low", word.since)
    assert len(word.since.split(":")) == 3


def test_a_word_about_another_process_is_none(bench):
    write(bench, 7, "safe")
    assert read(bench, 8) is None
    forget(bench, 8)
    assert read(bench, 7) is not None
    forget(bench, 7)
    assert read(bench, 7) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"pid": "7", "state": "safe"}', '{"pid": 7, "state": "fine"}'])
def test_what_is_damaged_says_nothing(bench, text):
    write(bench, 7, "safe")
    lock_file(bench).with_suffix(watchdog_status._ENDING).write_text(text, encoding="utf-8")
    assert read(bench, 7) is None


def test_a_word_that_cannot_be_written_stops_nobody(bench, tmp_path):
    (tmp_path / "labctl").write_text("no folder", encoding="utf-8")
    write(bench, 7, "making safe")
    assert read(bench, 7) is None
