"""A run on an open bench that obeys other processes: `labctl pause`, `resume` and `stop` reach it while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labctl.bench.requests import Orders
from labctl.common.signals import interrupt_main_thread
from labctl.run.pause import Gate

if TYPE_CHECKING:
    from labctl.bench.session import OpenBench
    from labctl.common.commands import About
    from labctl.data.live_runs import Wish


@contextmanager
def obeying(bench: "OpenBench", about: "About", told: Callable[[str], None]) -> Iterator[tuple[Gate, Orders]]:
    """The gate at which the run pauses, and who hears of the run.

    about: how the bench was opened, for the commands that are told; told: called with what an order leads to.
    """

    def at_gate(waiting: bool) -> None:
        orders.tell("paused" if waiting else "running")
        told(about.in_words(f"paused, until `labctl resume {orders.run_id}`") if waiting else "goes on")

    def obey(wish: "Wish") -> None:
        if wish == "pause" and gate.is_open:
            orders.tell("pausing")
            gate.close()
        elif wish == "resume":
            gate.open()
            orders.tell("running")
        elif wish == "stop":
            interrupt_main_thread()

    gate = Gate(at_gate)
    with Orders(bench.store.presence, obey) as orders:
        yield gate, orders
