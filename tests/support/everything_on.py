"""A wired bench on which everything is on that an experiment may switch on."""

from collections.abc import Iterator
from contextlib import contextmanager

from labctl.bench.station import Wires, opened
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from sequences.core.lab import Lab
from sequences.routines.bench import controls
from simulated_instruments.bench import Bench
from simulated_instruments.faults.script import Fault
from tools.trials.wired import STATION, sample

MAGNET_A = (0.01, -0.02, 0.5)


@contextmanager
def all_on(*faults: Fault) -> Iterator[tuple[Lab, Bench]]:
    """Everything on that an experiment may switch on."""
    with Bench(sample(), 3, faults=faults) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as station:
            lab = station.lab(Kept())
            lab.magnet.switch_on()
            lab.magnet.ramp_to(MAGNET_A)
            controls.carrier(lab, 2.87e9, -20.0)
            controls.pulsed_coils(lab, -0.05, 0.1, 0.02)
            controls.pump(lab)
            controls.doughnut(lab, 400.0)
            yield lab, bench
