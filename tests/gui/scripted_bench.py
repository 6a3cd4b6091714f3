"""A bench process that says what a test wants it to say, and notes what the window asks of it: no bench, no waiting."""

import time

from labctl.gui.connection.messages import Doing, MadeSafe, Order, Ready
from labctl.safety.safe_state import Step

SAFE = (Step("the pulse lines are low", ""), Step("the magnet carries no current", ""))


class ScriptedLink:
    """In the place of `labctl.gui.connection.link.Link`. It obeys a red stop at once."""

    def __init__(self):
        self.said, self._heard = [], [Ready("a scripted bench", 0.1), Doing("idle")]
        self.is_alive, self.exit_code, self.pid = True, None, 1
        self.steps, self.answers, self.silent_s, self.has_spoken = SAFE, True, 0.0, True

    @property
    def heard_s(self):
        return time.monotonic() - self.silent_s

    @property
    def is_behind(self):
        return bool(self._heard)

    def say(self, what):
        self.said.append(what)
        if what is Order.SAFE and self.is_alive and self.answers:
            self.tell(MadeSafe(self.steps))

    def tell(self, *what):
        self._heard += what

    def heard(self, _most_s=1.0):
        while self._heard:
            yield self._heard.pop(0)

    def join(self, _timeout_s):
        return not self.is_alive

    def kill(self):
        self.die(-9)

    def die(self, exit_code):
        self.is_alive, self.exit_code = False, exit_code
