"""What was measured is on disk as soon as it is: another process sees every point and every block at once."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from support.observed import COLUMNS, PLAYS, PROGRAM, REPEATS, glowing, opened

from instruments.pulse_generator import words
from labctl.config.station_file import read_station
from labctl.data.acquisitions import Block, blocks_of, digest_of
from labctl.data.reader import all_runs, points
from labctl.data.writing.run_writer import Store
from labctl.plans.catalogue import ENTRIES
from labctl.run.events import Counted, Playing
from labctl.unwired import STATION
from sequences.pulses.compile import compiled
from sequences.pulses.program import LINES, Program
from sequences.results import Point, child

WIRED = {line: k for k, line in enumerate(LINES)}


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as made:
        yield made


def seen(folder, query):
    """What another process would read now."""
    with closing(sqlite3.connect(folder / "runs.db")) as other:
        return other.execute(query).fetchone()[0]


def test_every_point_and_block_is_on_disk_when_it_is_told(bench):
    counts = []

    def look(news):
        if isinstance(news.event, Playing | Counted | Point):
            blocks = seen(bench.folder, "SELECT COUNT(*) FROM labctl_blocks")
            counts.append((type(news.event), blocks, seen(bench.folder, 'SELECT COUNT(*) FROM "results-1-1"')))

    bench.run(listeners=(look,))
    expected = [[(Playing, k, k), (Counted, k + 1, k), (Point, k + 1, k + 1)] for k in range(PLAYS)]
    assert counts == [entry for play in expected for entry in play]


def test_blocks_say_what_was_played_and_counted_and_when(bench):
    ended = bench.run(lambda lab: child("part", {}, glowing(lab)))
    blocks = blocks_of(bench.folder, ended.run_id)
    counted = bench.heard(Counted)
    assert [(b.signal, b.reference) for b in blocks] == [(c.signal, c.reference) for c in counted]
    assert [b.number for b in blocks] == list(range(PLAYS))
    digest = digest_of(PROGRAM, bench.lab.wiring.lines)
    assert {(b.run_id, b.part_id, b.program, b.digest, b.repeats) for b in blocks} == {
        (1, 2, PROGRAM.name, digest, REPEATS)
    }
    for block in blocks:
        assert block.ended_s - block.began_s >= REPEATS * PROGRAM.duration_ns * 1e-9
    times = [t for b in blocks for t in (b.began_s, b.ended_s)]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] <= ended.lab_time_s
    assert blocks_of(bench.folder, 2) == blocks  # the part counted all of them
    assert sum(b.signal + b.reference for b in blocks) == ended.photons


def test_a_folder_without_blocks_has_none(tmp_path):
    assert blocks_of(tmp_path, 1) == ()
    with closing(sqlite3.connect(tmp_path / "runs.db")) as old, old:
        old.execute("CREATE TABLE runs (run_id INTEGER)")
    assert blocks_of(tmp_path, 1) == ()


def test_blocks_begin_anew_with_every_run(bench):
    bench.run()
    bench.run(lambda lab: glowing(lab, plays=2))
    assert [b.number for b in blocks_of(bench.folder, 2)] == [0, 1]
    assert all(isinstance(b, Block) for b in blocks_of(bench.folder, 1))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Program("a", 100).then(300, "pump"), Program("b", 100).then(100, "pump").then(200, "pump"), True),
        (Program("a", 100).then(300, "pump"), Program("a", 100).then(400, "pump"), False),
        (Program("a", 100).then(300, "pump"), Program("a", 100).then(300, "mw_x"), False),
        (Program("a", 100).then(300, "pump"), Program("a", 300).then(300, "pump"), False),
        (
            Program("a", 100).then(100, "pump").then(200, "mw_x"),
            Program("a", 100).then(200, "mw_x").then(100, "pump"),
            False,
        ),
    ],
)
def test_the_digest_is_that_of_the_bits_and_the_tick(one, other, same):
    bits = [(p.tick_ns, words(compiled(p, WIRED)).tobytes()) for p in (one, other)]
    assert (bits[0] == bits[1]) is same
    assert (digest_of(one, WIRED) == digest_of(other, WIRED)) is same
    assert len(digest_of(one, WIRED)) == 16


@pytest.mark.parametrize(
    ("sequence", "digests"),
    [
        ("odmr", ["0192d4bc41e43ddb"]),
        ("align", ["0192d4bc41e43ddb", "125c757b7ace6a0e", "f5e8c59238f94acb", "524cb49e1cd0f103"]),
        ("delays", ["178cbc1ab29c7ca9", "e21474db24925131", "ca7b6a02bb6fc3b9", "be5497d1784b16f4"]),
        ("calibrate", ["ffebcc99986c9236", "2ed8fac46e046fc4", "a76174e5cd2e1f66"]),
        ("cool", ["9fe700f13bc1b740", "f197366e56562b18"]),
    ],
)
def test_a_run_that_was_stored_long_ago_is_still_known_by_its_digests(sequence, digests):
    """Else it could not be continued: the same programs on a grid of 100 ns, told when there was no other."""
    entry, wiring = ENTRIES[sequence], read_station(STATION).wiring()
    programs = [program for _, listed in entry.parts(entry.plan(), wiring) for program in listed]
    assert [digest_of(program, WIRED) for program in programs] == digests


def test_the_digest_follows_the_wiring():
    program = Program("a", 100).then(100, "pump")
    moved = {**WIRED, "pump": 9}
    assert digest_of(program, WIRED) != digest_of(program, moved)


def test_a_point_costs_far_less_than_the_play_that_gave_it(tmp_path, calls):
    """A transaction a point; a play is some thousand calls."""
    with closing(Store(tmp_path, "a bench")) as store:
        recording = store.begin("toy", COLUMNS, {})

        def add():
            for k in range(400):
                recording.add({"play": float(k), "signal": float("nan") if k == 7 else 2.0 * k})

        assert calls(add) / 400 < 50
        recording.end({"status": "completed"})
    found = points(tmp_path, 1).values["signal"]
    np.testing.assert_array_equal(found, [np.nan if k == 7 else 2.0 * k for k in range(400)])
    assert [run.status for run in all_runs(tmp_path)] == ["completed"]
