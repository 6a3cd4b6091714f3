"""A Keithley 2450 drives a trim coil: QCoDeS's own driver, and an entry of station.yaml."""

from pathlib import Path

import pytest
from fake_2450 import Keithley2450
from ruamel.yaml import YAML

from instruments.common.errors import ChangedError
from labctl.bench.check import findings
from labctl.bench.station import Wires, opened
from labctl.bench.status import condition
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.safety.interlocks import causes
from labctl.safety.safe_state import make_safe
from sequences.pulses.library import cw_odmr
from sequences.routines.bench import controls
from sequences.routines.bench.measure import measure
from sequences.routines.bench.verify import still_set
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample
from simulated_instruments.visa import backend

pytestmark = pytest.mark.system

HERE = Path(__file__).parent
HOME = HERE.parents[1]
AT = "USB0::0x0B21::0x0039::91U112233::INSTR"


@pytest.fixture
def head(monkeypatch):
    """The Keithley at the wire, where the default bench has a GS200."""
    found = []
    monkeypatch.setitem(backend.DIALECTS, AT, lambda world: found.append(Keithley2450(world)) or found[-1])
    return lambda: found[-1]


@pytest.fixture
def bench(head):  # noqa: ARG001  # it must be plugged in first
    with Bench(load_sample(), 1) as there:
        yield there


@pytest.fixture
def station(bench, tmp_path):
    """The default station with the entry of this folder, open."""
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load((HOME / "station.yaml").read_text(encoding="utf-8"))
    del content["instruments"]["trim_x"]
    content["instruments"] |= yaml.load((HERE / "trim_x.yaml").read_text(encoding="utf-8"))
    with (tmp_path / "station.yaml").open("w") as file:
        yaml.dump(content, file)
    with opened(read_station(tmp_path / "station.yaml"), Wires(bench.visalib, bench.ni_target, bench.clock)) as there:
        yield there


def test_the_magnet_ramps_it_and_the_safe_state_switches_it_off(station, bench):
    lab = station.lab(Kept(bench.clock))
    lab.magnet.switch_on()
    lab.magnet.ramp_to((0.05, -0.02, 0.1))
    assert bench.twin.knobs.trim_x_a == pytest.approx(0.05)
    assert lab.magnet.currents() == pytest.approx((0.05, -0.02, 0.1))
    controls.pump(lab)
    assert measure(lab, cw_odmr(lab.wiring.tick_ns), 1000).reference > 0
    still_set(lab)
    assert [step.fault for step in make_safe(lab, ramp_magnet=True) if step.fault] == []
    assert (bench.twin.knobs.trim_x_a, lab.magnet.currents()) == (0.0, (0.0, 0.0, 0.0))


def test_opening_it_sets_nothing_and_check_and_window_show_it(station, head):
    assert [text for text in head().heard if not text.endswith("?")] == []
    found = {finding.role: finding for finding in findings(station)}
    assert found["keithley"].identification.startswith("KEITHLEY INSTRUMENTS 2450")
    assert (found["trim_x"].model, found["trim_x"].ok) == ("ParameterSource", True)
    assert condition(station, "trim_x").verdict == "off"
    assert "keithley" in station.snapshot()["station"]["instruments"]


def test_a_coil_that_comes_open_or_an_output_that_goes_off_is_noticed(station, bench, head):
    lab = station.lab(Kept(bench.clock))
    lab.magnet.switch_on()
    lab.magnet.ramp_to((0.05, 0.0, 0.0))
    head().coil_is_open = True
    assert condition(station, "trim_x").verdict == "fault"
    (cause,) = causes(lab, bench.clock)
    assert cause.what == "trim_x: it is at its voltage limit"
    with pytest.raises(ChangedError, match="its coil may have come open"):
        still_set(lab)
    head().coil_is_open = False
    assert not cause.is_gone()  # the coil rests first
    bench.clock.sleep(lab.limits.trip_rest_s)
    assert cause.is_gone()
    lab.magnet.ramp_to((0.04, 0.0, 0.0))
    lab.magnet.switch_on()
    head().answer(b":OUTP 0")
    with pytest.raises(ChangedError, match="trim_x is not as it was set: its output is off, was on"):
        still_set(lab)


def test_it_took_three_files_of_which_none_is_in_the_packages():
    files = sorted(path.name for path in HERE.iterdir() if path.is_file())
    assert files == ["fake_2450.py", "test_keithley_trim.py", "trim_x.yaml"]
    kept = [
        path
        for room in ("labctl", "instruments", "sequences", "simulated_instruments")
        for path in (HOME / room).rglob("*.py")
        if "keithley" in path.read_text(encoding="utf-8").lower()
    ]
    assert kept == []
