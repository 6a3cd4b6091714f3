"""Runs of the simulated bench as the window reads them from a data folder, for tests of the views."""

import subprocess
import sys
from pathlib import Path

from labctl.gui.runs.record import Record
from labctl.gui.runs.stored_record import stored

ROOT = Path(__file__).parents[2]


def measured(folder: Path, sequence: str, *settings: str) -> Record:
    """Run this on the simulated bench, and read it back."""
    command = [sys.executable, "-m", "labctl", "run", sequence, "--simulated", "--data", str(folder)]
    chosen = [part for setting in settings for part in ("--set", setting)]
    subprocess.run([*command, *chosen], cwd=ROOT, check=True, capture_output=True, timeout=300)
    return stored(folder, 1)
