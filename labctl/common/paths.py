"""Where the program keeps what belongs to its user and to no data folder."""

import os
import sys
from pathlib import Path


def state_folder() -> Path:
    """%LOCALAPPDATA%/labctl on Windows; elsewhere $XDG_STATE_HOME/labctl or ~/.local/state/labctl. It may not exist."""
    given = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME")
    return Path(given or Path.home() / ".local" / "state").absolute() / "labctl"
