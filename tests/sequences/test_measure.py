"""What a play leaves behind."""

from wired import wired

from sequences.pulses.library import cw_odmr
from sequences.routines.measure import measure


def test_a_play_ends_with_all_lines_low_though_nobody_lowers_them(monkeypatch) -> None:
    """The last word that was told to the card is dark: a program that dies in a play leaves no light on."""
    with wired() as bench, monkeypatch.context() as patch:
        generator, seen = bench.lab.pulse_generator, []

        def waited(margin_s: float = 10.0) -> None:
            wait(margin_s)
            seen.append((bench.twin.levels, generator.levels.cache()))

        wait = generator.wait
        patch.setattr(generator, "wait", waited)
        measure(bench.lab, cw_odmr(), 10, may_be_dark=True)
        assert seen == [(0, 0)]
