"""A pulse program as a physicist reads it: text for a terminal, a picture for a record."""

from typing import Any

from sequences.pulses.program import LINES, Program


def as_text(program: Program) -> str:
    """One row an interval: start, duration and the lines that are high."""
    rows, start_ns = [f"{program.name}: {_us(program.duration_ns)} us"], 0
    digits = 1 if all(interval.duration_ns % 100 == 0 for interval in program.intervals) else 3
    for interval in program.merged():
        high = " ".join(line for line in LINES if line in interval.lines) or "-"
        rows.append(f"  {start_ns / 1e3:10.{digits}f} us  {interval.duration_ns / 1e3:9.{digits}f} us  {high}")
        start_ns += interval.duration_ns
    return "\n".join(rows)


def draw(program: Program, axes: Any) -> None:
    """Draw the lines as rows of boxes on matplotlib axes; every interval is as wide as the root of its duration,

    so that a 100 ns pulse beside a millisecond of cooling can still be seen. Durations are written beneath.
    """
    edges = [0.0]
    for interval in program.merged():
        edges.append(edges[-1] + interval.duration_ns**0.5)
    for k, interval in enumerate(program.merged()):
        for line in interval.lines:
            row = len(LINES) - LINES.index(line)
            axes.barh(row, edges[k + 1] - edges[k], left=edges[k], height=0.7, color=f"C{LINES.index(line)}")
        label = _us(interval.duration_ns)
        axes.text((edges[k] + edges[k + 1]) / 2, 0.2, label, ha="center", va="center", rotation=90, fontsize=6)
    axes.set_yticks([len(LINES) - k for k in range(len(LINES))], LINES)
    axes.set_xticks([])
    axes.set_ylim(-0.4, len(LINES) + 0.6)
    axes.set_xlabel("interval duration (us; width grows as its root)")
    axes.set_title(f"{program.name}: one repeat lasts {_us(program.duration_ns)} us")


def _us(duration_ns: int) -> str:
    """To the last ns, however long."""
    return f"{duration_ns / 1e3:.12g}"
