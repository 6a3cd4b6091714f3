"""Program -> pattern of a pulse source, by the lab's wiring; and back, for tests and for showing what was played."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate

from sequences.pulses.program import LINES, Program, PulseError

Pattern = tuple[tuple[int, int], ...]
"""Run-length intervals in their order: (ticks, levels). Bit `lines[role]` of levels is high while that role is."""


def compiled(
    program: Program,
    lines: Mapping[str, int],
    ahead: Mapping[str, int] | None = None,
    low_at_end: Collection[str] = (),
) -> Pattern:
    """One repeat as a pulse source takes it, in the program's ticks. PulseError if there is none.

    low_at_end: roles that must not stay high when a play is over, for some time passes until the lines are lowered. A
    program that ends with one of them high gets one more tick, in which they are low.

    ahead: role -> ticks by which its line is raised and lowered earlier than written, because what it drives acts so
    much later. A program is repeated, so what comes before its beginning is played at its end, for the next repeat: the
    first repeat lacks it, and what the last one plays of it acts only when all is over. PulseError if a line would be
    ahead by a whole repeat.
    """
    if not program.intervals:
        raise PulseError(f"program {program.name!r} is empty")
    written = [
        (interval.duration_ns // program.tick_ns, sum(1 << lines[role] for role in interval.lines))
        for interval in program.intervals
    ]
    early: dict[int, int] = {}
    for role, ticks in (ahead or {}).items():
        if ticks and program.time_high_ns(role):
            _check_shorter(program, role, ticks)
            early[ticks] = early.get(ticks, 0) | 1 << lines[role]
    played = _joined(_turned(written, early) if early else written)
    left_high = played[-1][1] & sum(1 << lines[role] for role in low_at_end)
    return (*played, (1, played[-1][1] & ~left_high)) if left_high else played


def _check_shorter(program: Program, role: str, early: int) -> None:
    early_ns = early * program.tick_ns
    if abs(early_ns) >= program.duration_ns:
        raise PulseError(
            f"program {program.name!r} lasts {program.duration_ns} ns: too short for the line {role}, which is played "
            f"{early_ns} ns ahead",
            early_ns,
            program.tick_ns,
        )


def _turned(written: list[tuple[int, int]], early: Mapping[int, int]) -> Iterable[tuple[int, int]]:
    """Channels turned about the repeat. early: ticks -> mask of the channels that are so much ahead."""
    begins = list(accumulate((ticks for ticks, _ in written), initial=0))
    total = begins.pop()
    shifts = {**early, 0: ~sum(early.values())}
    changes: dict[int, int] = {0: 0}
    before = written[-1][1]
    for begin, (_, levels) in zip(begins, written, strict=True):
        for ticks, mask in shifts.items():
            if changed := (levels ^ before) & mask:
                at = (begin - ticks) % total
                changes[at] = changes.get(at, 0) ^ changed
        before = levels
    # as it stands just before the repeat begins; what changes at tick 0 comes on top
    now = sum(written[bisect_right(begins, (ticks - 1) % total) - 1][1] & mask for ticks, mask in shifts.items())
    times = sorted(changes)
    for at, until in zip(times, (*times[1:], total), strict=True):
        now ^= changes[at]
        yield until - at, now


def _joined(intervals: Iterable[tuple[int, int]]) -> Pattern:
    """Equal neighbours are one interval."""
    runs: list[tuple[int, int]] = []
    for ticks, levels in intervals:
        if runs and runs[-1][1] == levels:
            runs[-1] = (runs[-1][0] + ticks, levels)
        else:
            runs.append((ticks, levels))
    return tuple(runs)


def decompiled(pattern: Pattern, lines: Mapping[str, int], tick_ns: int, name: str = "played") -> Program:
    """The program that this pattern plays, with equal neighbours joined."""
    program = Program(name, tick_ns)
    for ticks, levels in _joined(pattern):
        high = [role for role in LINES if levels >> lines[role] & 1]
        program = program.then(ticks * tick_ns, *high)
    return program
