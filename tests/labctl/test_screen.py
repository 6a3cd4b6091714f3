"""What a person sees: progress on stderr, results as tables."""

import io
import sys
import time

import pytest

from labctl.report.progress import Lines, clock_words, progress
from labctl.report.tables import print_result
from labctl.run.events import News
from sequences.results import Begin, End, Point, Progress

pytestmark = pytest.mark.unit


def news(event, depth=0, lab_time_s=0.0, sequence="engine"):
    return News(7 + depth, sequence, depth, event, lab_time_s)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (200, "3 min 20 s"), (3599.6, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_times_in_words(seconds, words):
    assert clock_words(seconds) == words


def test_plain_lines_are_few_and_name_run_depth_and_estimate(capsys):
    lines = Lines()
    lines.heard(news(Begin("engine", None)))
    lines.heard(news(Begin("odmr", None), 1, 3.0, "odmr"))
    for k in range(1, 101):
        lines.heard(news(Progress(k / 100, f"f+ {k} MHz"), 1, 3.0 + k, "odmr"))
        lines.heard(news(Point({"a": 1.0}), 1, 3.0 + k, "odmr"))
    lines.heard(news(End(None), 1, 103.0, "odmr"))
    lines.heard(news(Progress(0.5, "half"), 0, 110.0))
    written = capsys.readouterr().err.splitlines()
    assert written[0] == "[lab      0.0 s] engine: run 7 begins"
    assert written[2] == "[lab     13.0 s]   odmr:  10% f+ 10 MHz"
    assert written[-2] == "[lab 1 min 43 s]   odmr: run 8 completed"
    assert written[-1] == "[lab 1 min 50 s] engine:  50% half"
    assert len(written) == 2 + 10 + 2


def test_a_terminal_gets_a_bar_with_estimate_and_laboratory_time(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    with progress() as heard:
        heard(news(Begin("engine", None)))
        heard(news(Begin("odmr", None), 1, 0.0, "odmr"))
        heard(news(Progress(0.25, "f+ 5737.153(4) MHz"), 1, 125.0, "odmr"))
        time.sleep(0.3)  # it is drawn ten times a second
        heard(news(End(None), 1, 200.0, "odmr"))
        heard(news(Progress(0.5, "half"), 0, 210.0))
    for words in ("engine", "odmr", "25 %", "f+ 5737.153(4) MHz", "2 min 05 s", "50 %", "half"):
        assert words in screen.getvalue()


def test_a_result_shows_values_with_errors_lists_side_by_side_and_matrices(capsys):
    print_result(
        {
            "field_mt": 102.4755,
            "field_mt_err": 0.0021,
            "evolution_us": [1.0, 2.0, 3.0, 4.0],
            "concurrence": [0.01, 0.02, 0.05, 0.04],
            "concurrence_err": [0.005] * 4,
            "rho_re": [[0.5, 0.0, 0.0], [0.0, 0.25, -0.125], [0.0, -0.125, 0.25]],
            "populations": [[0.514, 0.005, 0.478, 0.003]] * 3,
            "populations_err": [[0.006, 0.012, 0.011, 0.005]] * 3,
            "paulis": {"XY": [0.05, 0.01]},
            "verified": ["pump", "shift"],
            "best_us": None,
            "resonances_hz": [2732167000.0, 3007840000.0],
            "resonances_err_hz": [21e3, 24e3],
            "pair_nm": [[1.25, -2.5], [3.0, 4.0]],
            "pair_nm_err": [[0.1, 0.2], [0.3, 0.4]],
            "shots": 4600,
        }
    )
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    rows = [line.split() for line in lines]
    assert ["field_mt", "102.4755", "±", "0.0021"] in rows
    assert ["evolution_us", "concurrence"] in rows
    assert ["3", "0.0500", "±", "0.0050"] in rows
    assert ["+0.0000", "-0.1250", "+0.2500"] in rows
    assert any(row[:6] == ["0.5140", "±", "0.0060", "0.005", "±", "0.012"] for row in rows)
    assert ["populations_err"] not in rows
    assert ["paulis", "XY", "0.050", "±", "0.010"] in rows
    assert ["verified", "pump,", "shift"] in rows
    assert ["best_us", "-"] in rows
    assert ["shots", "4600"] in rows
    assert "resonances_hz  2732167000 ± 21000, 3007840000 ± 24000" in lines
    assert "pair_nm        1.25 ± 0.10, -2.50 ± 0.20, 3.00 ± 0.30, 4.00 ± 0.40" in lines
