"""Switches the whole simulated bench on, and off again."""

import threading
from collections.abc import Mapping, Sequence
from secrets import token_hex
from types import TracebackType
from typing import Any, Final, Self

from simulated_instruments.clock import VirtualClock
from simulated_instruments.faults.injector import Injector
from simulated_instruments.faults.kinds import RESOURCES
from simulated_instruments.faults.script import Fault
from simulated_instruments.nidaq.server import NIServer
from simulated_instruments.safe import state, still_on
from simulated_instruments.sample import Sample
from simulated_instruments.truth import truth
from simulated_instruments.twin import Twin
from simulated_instruments.visa import backend

FOLLOWS_S: Final = 0.1
"""Wall time after which lasers and currents have followed a laboratory time that flows by itself."""


class SimulatedBench:
    """A bench from power-on to power-off. The VISA side is one per process: benches follow one another."""

    visalib: str
    """What drivers open their VISA addresses through."""
    ni_target: str
    """Where the NI gRPC device server listens, "127.0.0.1:<port>"."""

    def __init__(
        self,
        sample: Sample,
        seed: int | None = None,
        pace: float | None = None,
        faults: Sequence[Fault] = (),
        keep_calls: bool = False,
    ) -> None:
        """seed: instead of the sample's; pace: laboratory seconds per wall second, None for as fast as it goes.

        faults: what shall go wrong. keep_calls: remember every call, so that `injector.calls` lists them.
        """
        self.clock = VirtualClock(pace)
        self.twin = Twin(sample, self.clock, seed)
        self.injector = Injector(self.clock, faults, keep_calls)
        self._ni = NIServer(self.twin, self.injector)
        self.identity = token_hex(4)
        """Of this twin: one that is switched on anew with the same seed counts the same photons again."""
        self._over = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="laboratory time", daemon=True)

    def __enter__(self) -> Self:
        self.ni_target = self._ni.start()
        self.visalib = backend.connect(self.twin, self.injector)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._follower.is_alive():
            self._follower.join()
        backend.disconnect()
        self._ni.stop()

    def flow(self) -> None:
        """From now on laboratory time passes by itself, if the bench has a pace, and everything follows it.

        Photons then depend on how long a client took, so that the same seed no longer counts the same.
        """
        self.clock.flow()
        self._follower.start()

    @property
    def resources(self) -> Mapping[str, str]:
        """Role of every VISA instrument -> the resource name at which it answers."""
        return RESOURCES

    def truth(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """What is true about a run's result: to be asked after the run, and not by the lab."""
        return truth(self.twin, result)

    def still_on(self, magnet: bool = True) -> list[str]:
        """What shines, radiates or carries current now; empty on a safe bench. magnet: whether its current counts."""
        self._look()
        return still_on(self.twin.setpoints, self._ni.card.live_lines(), magnet)

    def state(self) -> dict[str, Any]:
        """Light, microwave, lines and currents now, as plain values, and what of them is `still_on`."""
        self._look()
        return state(self.twin.setpoints, self._ni.card.live_lines())

    def _follow(self) -> None:
        while not self._over.wait(FOLLOWS_S):
            self._look()

    def _look(self) -> None:
        """A laser that warms up lights without being spoken to; so let every instrument follow the time."""
        for wire in backend.wires().values():
            wire.look()
