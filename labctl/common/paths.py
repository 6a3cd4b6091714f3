"""Where the program keeps what belongs to its user and to no data folder."""

import os
import sys
from pathlib import Path
from typing import Final

SETTINGS_VARIABLE: Final = "LABCTL_SETTINGS"


def state_folder() -> Path:
    """%LOCALAPPDATA%/labctl on Windows; elsewhere $XDG_STATE_HOME/labctl or ~/.local/state/labctl. It may not exist."""
    given = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME")
    return Path(given or Path.home() / ".local" / "state").absolute() / "labctl"


def settings_file() -> Path:
    """What LABCTL_SETTINGS names; else %APPDATA%/labctl/settings.yaml on Windows, elsewhere
    $XDG_CONFIG_HOME/labctl/settings.yaml or ~/.config/labctl/settings.yaml. It may not exist.
    """
    if named := os.environ.get(SETTINGS_VARIABLE):
        return Path(named).absolute()
    given = os.environ.get("APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME")
    return Path(given or Path.home() / ".config").absolute() / "labctl" / "settings.yaml"
