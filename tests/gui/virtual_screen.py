"""A screen that nobody sees, for tests that must look at a real one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def virtual_screen(size: str = "1920x1200") -> Iterator[str]:
    """An X server on a display that it finds free; gives its name. Skips the test where there is none."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("no Xvfb here (Debian's package xvfb): the window is tested without a screen only")
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    running = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        running.terminate()
        running.wait(timeout=30)
