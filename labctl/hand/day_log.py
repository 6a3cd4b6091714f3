"""What was set by hand: a text file a day in the data folder, a line for each change, with before and after."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Final

LOG: Final = logging.getLogger(__name__)
FOLDER: Final = "by_hand"


class DayLog:
    """`by_hand/2026-12-01.txt` of a data folder; a day that begins meanwhile has its own file."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def write(self, words: str) -> None:
        """A line with the time of day. A log that cannot be written stops nobody from switching a laser off."""
        now = datetime.now()
        LOG.info("By hand: %s", words)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / f"{now:%Y-%m-%d}.txt").open("a", encoding="utf-8") as file:
                file.write(f"{now:%H:%M:%S}  {words}\n")
        except OSError as error:
            LOG.error("The log of what was set by hand cannot be written: %s", error)
