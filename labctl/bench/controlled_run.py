"""A run on an open bench that obeys other processes: `labctl pause`, `resume` and `stop` reach it while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labctl.bench.requests import Orders
from labctl.common.signals import interrupt_main_thread
from labctl.run.pause import Pause

if TYPE_CHECKING:
    from labctl.bench.session import OpenBench
    from labctl.common.commands import About
    from labctl.data.live_runs import Wish


@contextmanager
def obeying(bench: "OpenBench", about: "About", say: Callable[[str], None]) -> Iterator[tuple[Pause, Orders]]:
    """The pause of the run, and the listener that takes orders for it.

    about: how the bench was opened, for the commands that are told; say: called with what an order leads to.
    """

    def on_pause(waiting: bool) -> None:
        orders.tell("paused" if waiting else "running")
        say(about.in_words(f"paused, until `labctl resume {orders.run_id}`") if waiting else "goes on")

    def obey(wish: "Wish") -> None:
        if wish == "pause" and pause.is_off:
            orders.tell("pausing")
            pause.begin()
        elif wish == "resume":
            pause.end()
            orders.tell("running")
        elif wish == "stop":
            interrupt_main_thread()

    pause = Pause(on_pause)
    with Orders(bench.store.writer_lock, obey) as orders:
        yield pause, orders
