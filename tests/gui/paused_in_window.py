"""An odmr that its window has paused, in `labctl gui` as it is: python paused_in_window.py FOLDER; until it is lost."""

import sys
from functools import partial
from pathlib import Path

PACE = 200.0
"""The run lasts long enough to be paused, and not longer than a test may."""
PAUSED = "paused"
"""A file in the folder: it is there once the run stands still."""


def main() -> None:
    """Ends as the window does."""
    from labctl.bench.connect import Choice, opened_bench
    from labctl.config.station_file import read_station
    from labctl.gui import app, window

    folder, file = Path(sys.argv[1]), read_station(Path(__file__).parents[2] / "station.yaml")
    choice, tick = Choice(True, None, 1, PACE), window.Window.tick

    def working(self):
        """What its user would do."""
        tick(self)
        run = self.session.journal.run
        if run is None and self.session.activity == "idle":
            self.run_wanted("odmr", {})
        elif run is not None and self.session.activity == "running":
            self.pause_or_resume()
        elif self.session.activity == "paused":
            (folder / PAUSED).touch()

    window.Window.tick = working
    sys.exit(app.main(partial(opened_bench, choice, file, folder), file, folder, choice.about(file.path, folder)))


if __name__ == "__main__":
    main()
