"""One instrument without its line: what is told it arrives, and what it answers is whole."""

from typing import Any, Protocol


class Refused(RuntimeError):
    """An instrument did not do what it was told, or was asked for what it cannot."""


class Unwatched:
    """What the house asks of every instrument, where nobody watches the bench and nothing interrupts a run."""

    def readings(self) -> tuple[()]:
        """Nobody watches."""
        return ()

    def causes(self) -> tuple[()]:
        """Nothing holds a run."""
        return ()

    def settings(self) -> dict[str, Any]:
        """No run is resumed."""
        return {}


class Complaint(Protocol):
    """The error for an instrument that is not as it was set: made of its name and what changed."""

    def __call__(self, instrument: str, changes: str, /) -> Exception: ...


class Dialect(Protocol):
    """An instrument as its wire knows it."""

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one message, both without terminator; None is silence."""


class Box:
    """One instrument by its name in the station."""

    def __init__(self, name: str, dialect: Dialect, changed: Complaint) -> None:
        """changed: raised where the instrument is not as it was set."""
        self.name, self.dialect, self.changed = name, dialect, changed

    def tell(self, message: str) -> str:
        """Whatever it answers, if anything."""
        reply = self.dialect.answer(message.encode("ascii"))
        return "" if reply is None else reply.decode("ascii")

    def ask(self, question: str) -> str:
        """Its answer. Raises Refused if it gives none."""
        if not (reply := self.tell(question)):
            raise Refused(f"{self.name} does not answer {question!r}")
        return reply

    def numbers(self, *questions: str) -> list[float]:
        """Answers to several questions in one message."""
        return [float(number) for number in self.ask(";".join(questions)).split(";")]

    def compare(self, standing: dict[str, float], seen: list[float], *others: str) -> None:
        """Raises `changed`, and forgets what stands, unless the answers are as they stand.

        standing: question -> answer. others: what else has changed.
        """
        changes = [
            *others,
            *(
                f"{question} is {now:.10g}, was {was:.10g}"
                for (question, was), now in zip(standing.items(), seen, strict=True)
                if now != was
            ),
        ]
        if changes:
            standing.clear()
            raise self.changed(self.name, ", ".join(changes))
