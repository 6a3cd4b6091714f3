"""What the SRS SG386 says of a command that it refuses."""

from collections.abc import Sequence
from typing import Final

from instruments.common.errors import InstrumentError

_MEANINGS: Final = {
    10: "illegal value",
    11: "illegal mode: another setting forbids it",
    12: "not allowed in this state",
    15: "this generator has no frequency doubler",
    16: "this generator has no I/Q inputs",
    110: "illegal command",
    111: "undefined command",
    112: "illegal query",
    113: "illegal set",
    114: "empty parameter",
    115: "too many parameters",
    116: "missing parameters",
    120: "not an integer",
    121: "not a number",
    126: "syntax error",
    254: "too many errors: some were lost",
}


class MicrowaveError(InstrumentError):
    """The generator refused a command; it kept its old setting."""

    def __init__(self, instrument: str, command: str, codes: Sequence[int]) -> None:
        meanings = "; ".join(f"{code}, {_MEANINGS.get(code, 'see its manual')}" for code in codes)
        super().__init__(
            f"{instrument}: {command!r} was refused: error {meanings}. The old setting still holds",
            instrument=instrument,
            remedy="Ask for what the generator can do, or press its ERROR key and look at what it says",
        )
        self.command, self.codes = command, tuple(codes)
