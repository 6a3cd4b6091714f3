"""What every instrument's error says: which instrument, what happened, and what to do about it."""


class InstrumentError(RuntimeError):
    """An instrument does not do what it was told, cannot, or does not answer."""

    def __init__(self, what: str, *, instrument: str, remedy: str = "") -> None:
        """instrument: its name in the station; remedy: a sentence, if `what` does not already say what to do."""
        self.what, self.instrument, self.remedy = what, instrument, remedy
        super().__init__(what)

    def __str__(self) -> str:
        """The sentences alone: QCoDeS adds arguments of its own on the way, which a reader has no use for."""
        return f"{self.what}. {self.remedy}" if self.remedy else self.what


class PlayError(InstrumentError):
    """A play failed underway, at something that its instruments can do: with a fresh start it may do better."""


class GarbledError(InstrumentError, ValueError):
    """What came back is no answer in the instrument's language: it was cut off, or spoiled on its way."""

    def __init__(self, instrument: str, exchange: str, came_back: str) -> None:
        super().__init__(
            f"{instrument}: {exchange} brought back {came_back!r}, which is no answer",
            instrument=instrument,
            remedy="Try again; if it comes back, look at the cable and at what runs beside it",
        )
        self.exchange, self.came_back = exchange, came_back


class ChangedError(InstrumentError):
    """An instrument is not as it was set: it was reset, tripped, or switched by somebody else meanwhile."""

    def __init__(self, instrument: str, changes: str) -> None:
        super().__init__(
            f"{instrument} is not as it was set: {changes}. What was counted since cannot be relied on",
            instrument=instrument,
            remedy="See why it changed (power, interlock, protection, another program), then run again",
        )
        self.changes = changes
