"""Ranges of numbers as a person writes them: 'start:stop:count', or 'start:stop:count:log' for even ratios."""

from typing import Final

MOST_NUMBERS: Final = 1001


def spread(text: str) -> list[float]:
    """The numbers of a range, both ends included. Raises ValueError if it is none."""
    start, stop, count, *rest = text.split(":")
    if rest not in ([], ["log"]):
        raise ValueError(rest)
    return _spread(float(start), float(stop), int(count), bool(rest))


def _spread(start: float, stop: float, count: int, even_ratios: bool) -> list[float]:
    if not 2 <= count <= MOST_NUMBERS or (even_ratios and not (start > 0 and stop > 0)):
        raise ValueError(count)
    shares = [k / (count - 1) for k in range(count)]
    if even_ratios:
        return [start, *(start * (stop / start) ** share for share in shares[1:-1]), stop]
    return [start + (stop - start) * share for share in shares]
