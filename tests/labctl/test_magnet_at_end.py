"""At the end of the program the magnet is ramped down or keeps its field, as station.yaml says."""

from pathlib import Path

import pytest

from labctl.bench.station import Wires, lab_of, opened
from labctl.common.refusals import Refusal
from labctl.common.signals import Interrupts
from labctl.config.station_file import read_station
from labctl.data.calibration import CalibrationStore
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample

TEXT = (Path(__file__).parents[2] / "station.yaml").read_text(encoding="utf-8")


def station(tmp_path, magnet):
    file = tmp_path / "station.yaml"
    file.write_text(TEXT.replace("magnet: ramped", f"magnet: {magnet}"), encoding="utf-8")
    return read_station(file)


@pytest.mark.parametrize(("magnet", "left_a"), [("ramped", 0.0), ("held", 0.4)])
def test_the_magnet_is_left_as_configured(tmp_path, magnet, left_a):
    file = station(tmp_path, magnet)
    with Bench(load_sample(None), 1) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(file, wires) as there:
            calibration = CalibrationStore(tmp_path, "bench", bench.clock)
            with lab_of(there, calibration, Interrupts()) as lab:
                lab.magnet.switch_on()
                lab.magnet.ramp_to((0.0, 0.0, 0.4))
            assert there.instruments["magnet"].currents()[2] == pytest.approx(left_a)


def test_anything_else_is_refused(tmp_path):
    with pytest.raises(Refusal, match=r"safe_state\.magnet"):
        station(tmp_path, "warm")
