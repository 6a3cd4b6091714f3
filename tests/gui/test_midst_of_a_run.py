"""What is foretold in the midst of a run of the engine, beside how that run went on: its parts go unlike each other."""

from itertools import pairwise

import pytest

from labctl.gui.runs.forecast import Follower
from labctl.gui.runs.record import Record, Table
from labctl.gui.views.run import left_words

pytestmark = pytest.mark.unit

EXPECTED_S = 128_160.0
"""As its plan foresees."""
COURSE = (
    (1, 83, 11, 1, "wiring", 0.0, 0.90),
    (14, 993, 87, 4, "align", 0.0, 0.70),
    (26, 3255, 258, 9, "calibrate", 0.0281, 0.03),
    (30, 4123, 320, 9, "calibrate", 0.0281, 0.07),
    (34, 4994, 381, 9, "calibrate", 0.0281, 0.10),
    (40, 8149, 553, 9, "calibrate", 0.0281, 0.17),
    (50, 18389, 1075, 9, "calibrate", 0.0281, 0.38),
    (65, 34504, 1895, 9, "calibrate", 0.0281, 0.71),
    (80, 46491, 2509, 9, "calibrate", 0.0281, 0.96),
    (93, 48413, 2601, 9, "calibrate", 0.0281, 1.00),
    (112, 52656, 2655, 10, "cool", 0.3652, 0.39),
    (119, 59286, 2781, 10, "cool", 0.3652, 0.99),
    (132, 59322, 2783, 10, "engine", 0.4494, 1.00),
    (153, 62766, 2863, 12, "tomography", 0.4663, 0.57),
    (157, 63755, 2882, 12, "tomography", 0.4663, 1.00),
    (171, 65973, 2931, 14, "tomography", 0.5000, 0.00),
    (181, 68189, 2980, 15, "tomography", 0.5169, 0.00),
    (192, 70376, 3027, 15, "tomography", 0.5169, 0.99),
    (202, 72572, 3075, 16, "tomography", 0.5337, 0.99),
    (215, 80422, 3223, 17, "tomography", 0.5506, 0.14),
    (222, 87116, 3346, 17, "tomography", 0.5506, 0.25),
    (233, 94346, 3471, 17, "tomography", 0.5506, 0.38),
    (243, 102114, 3612, 17, "tomography", 0.5506, 0.51),
    (253, 110599, 3761, 17, "tomography", 0.5506, 0.66),
    (264, 117824, 3889, 17, "tomography", 0.5506, 0.78),
    (274, 125050, 4015, 17, "tomography", 0.5506, 0.91),
)
"""A run on the simulated bench (sample paper, seed 1): seconds on the wall and of the laboratory, millions of photons,
parts that had begun, the one that measured, and how far the run and the part said they were."""
SAID_S = {
    0.0281: 2106,
    0.3652: 48433,
    0.4494: 59322,
    0.4663: 61539,
    0.5: 65973,
    0.5169: 68189,
    0.5337: 70406,
    0.5506: 72629,
}
"""Laboratory time at which the run said that it was so far."""
LONG_S = 57_600.0
"""The last tomography."""
END = (288, 130_555, 4115)


def seen():
    """The run at each of these moments, as the window has it, with what was foretold and what came."""
    run = Record(2, "engine", {}, Table([]), expected_s=EXPECTED_S)
    follower = Follower(run)
    before = (0, 0, 0)
    for wall_s, lab_s, millions, parts, inner, fraction, part_fraction in COURSE:
        if fraction != run.fraction:
            run.fraction, run.fraction_at_s = fraction, SAID_S[fraction]
        if parts != len(run.parts):
            for part in run.parts:
                part.status, part.fraction = "completed", 1.0
            expected_s = LONG_S if parts == 17 else None
            run.parts += [
                Record(3 + k, inner, {}, Table([]), expected_s=expected_s) for k in range(len(run.parts), parts)
            ]
        part = run.parts[-1]
        part.status, part.fraction = ("running" if part.sequence == inner else "completed"), part_fraction
        part.lab_time_s += lab_s - before[1]
        part.fraction_at_s = part.lab_time_s
        part.photons += 1_000_000 * (millions - before[2])
        run.wall_time_s, run.lab_time_s, run.photons = wall_s, lab_s, 1_000_000 * millions
        before = (wall_s, lab_s, millions)
        yield follower.outlook(), END[0] - wall_s, END[1] - lab_s, run


def test_the_laboratory_time_that_is_left_is_right_from_the_first_minute():
    """By steps of its progress it was wrong by a factor of four."""
    for outlook, _, lab_s, _ in seen():
        assert outlook.lab_left_s == pytest.approx(lab_s, rel=0.06, abs=720.0)


def test_the_time_by_the_clock_is_right_or_not_told():
    """Unlike parts: between what the slowest and the fastest would take, within a third, or nothing."""
    told = 0
    for outlook, wall_s, _, run in seen():
        if outlook.wall_left_s is None:
            assert run.done < 0.1
            continue
        told += 1
        least, most = outlook.wall_left_s
        assert least / 1.5 <= wall_s <= 1.5 * most + 10.0, left_words(outlook)
    assert told > 15


def test_photons_at_the_end_are_right_or_not_told():
    """The first parts count three times as many a second as the tomographies, of which the rest consists."""
    told = 0
    for outlook, _, _, run in seen():
        if outlook.photons is None:
            assert len([part for part in run.parts if part.sequence == "tomography"]) <= 1
            continue
        told += 1
        assert outlook.photons == pytest.approx(END[2] * 1e6, rel=0.15)
    assert told > 10


def test_on_a_bench_that_keeps_the_time_of_the_wall_both_are_one():
    """A real bench: from the first hundredth on, whatever the parts."""
    run = Record(1, "engine", {}, Table([]), expected_s=EXPECTED_S)
    follower = Follower(run)
    for k, (before, now) in enumerate(pairwise(one[1] for one in COURSE)):
        run.parts = [*run.parts, Record(10 + k, "align", {}, Table([]), lab_time_s=now - before)]
        run.lab_time_s = run.wall_time_s = now
        outlook = follower.outlook()
        if run.done >= 0.01:
            assert outlook.wall_left_s == pytest.approx((outlook.lab_left_s, outlook.lab_left_s))
            assert left_words(outlook).count("about") == 1
