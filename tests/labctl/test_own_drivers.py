"""A driver from anywhere is accepted for its role, or refused by what it lacks; nothing else is run for a file."""

import sys
from pathlib import Path

import pytest

from instruments.trim_source import GS200
from labctl.bench.station import Wires, opened
from labctl.common.refusals import Refusal
from labctl.config.drivers import driver
from labctl.config.station_file import read_station
from labctl.data.calibration_in_memory import Kept
from labctl.safety.safe_state import light_first
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample

STATION = Path(__file__).parents[2] / "station.yaml"
TRIM = "instruments.trim_source.GS200\n    address: USB0::0x0B21::0x0039::91U112233"
OWN = '''
from instruments.trim_source import GS200


class Coil(GS200):
    """A trim of their own."""

    def get_idn(self):
        return {"vendor": "mine", "model": "coil", "serial": None, "firmware": None}
'''
UNFIT = '''
from qcodes.instrument import VisaInstrument


class Coil(VisaInstrument):
    """Its current, and nothing else."""

    def set_current(self, amps):
        self.write(f"CURR {amps}")
'''
SPY = """
from pathlib import Path

Path({mark!r}).touch()
Coil = Path
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """own(text) -> a station file whose trim_x is the class Coil of a module with this text, in a package of theirs."""
    package = tmp_path / "own_lab"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def make(text, name="own_lab.coils.Coil"):
        (package / "coils.py").write_text(text)
        for module in [module for module in sys.modules if module.startswith("own_lab")]:
            monkeypatch.delitem(sys.modules, module)
        file = tmp_path / "station.yaml"
        assert TRIM in STATION.read_text()
        file.write_text(STATION.read_text().replace(TRIM, TRIM.replace(TRIM.split("\n")[0], name)))
        return file

    return make


def refused(file):
    with pytest.raises(Refusal) as refusal:
        read_station(file)
    return refusal.value.faults


def test_a_driver_of_the_users_own_package_takes_its_role(own):
    file = read_station(own(OWN))
    with Bench(load_sample(), 1) as bench, opened(file, Wires(bench.visalib, bench.ni_target, bench.clock)) as there:
        lab = there.lab(Kept(bench.clock))
        assert there.instruments["trim_x"].get_idn()["vendor"] == "mine"
        lab.magnet.switch_on()
        lab.magnet.ramp_to((0.02, 0.0, 0.0))
        assert bench.twin.knobs.trim_x_a == pytest.approx(0.02)


def test_one_that_does_not_fit_is_refused_by_naming_what_it_lacks(own):
    found = refused(own(UNFIT))
    assert any("'trim_x' (Coil) cannot be its x: it lacks limit_a, supply, setpoint_a" in fault for fault in found)


def test_a_module_without_a_class_of_that_name_is_not_run(own, tmp_path):
    found = refused(own(SPY.format(mark=str(tmp_path / "mark"))))
    assert any("or in a module of your own that Python finds and that defines a class of this name" in f for f in found)
    assert not (tmp_path / "mark").exists()
    assert "own_lab" not in sys.modules


@pytest.mark.parametrize("name", ["antigravity.Coil", "nowhere.coils.Coil", "own_lab.coils.Spool", "own_lab.Coil"])
def test_what_is_python_itself_or_not_there_is_not_imported(own, name):
    assert any("cannot be loaded (drivers are in" in fault for fault in refused(own(OWN, name)))
    assert "antigravity" not in sys.modules


BELOW = {
    "instruments.trim_source.GS200": "qcodes.instrument_drivers.yokogawa.YokogawaGS200",
    "instruments.sprout.SproutG": (
        "qcodes_contrib_drivers.drivers.LighthousePhotonics.Lighthouse_Photonics_Sprout_G.LighthousePhotonicsSproutG"
    ),
}
"""Of our drivers, what they are built upon: older station files name these."""


NAMED = (
    *("current_source.B2962A", "trim_source.GS200", "parameter_source.ParameterSource", "magnet.Magnet"),
    *("microwave_source.SG386", "green_laser.Cobolt06", "aom.MPDS", "sprout.SproutG", "depletion_beam.DepletionBeam"),
    *("ni_card.NICard", "pulse_generator.PulseGenerator", "photon_counter.PhotonCounter"),
)
"""Our drivers, as the station files of users name them: they stay where they are."""


@pytest.mark.parametrize("name", NAMED)
def test_a_driver_is_where_station_files_name_it(name):
    found = driver(f"instruments.{name}")
    assert f"{found.__module__}.{found.__qualname__}" == f"instruments.{name}"


def test_a_file_that_names_the_driver_below_ours_opens_ours(tmp_path):
    text = STATION.read_text()
    for ours, below in BELOW.items():
        assert ours in text
        text = text.replace(ours, below)
    file = tmp_path / "station.yaml"
    file.write_text(text)
    with Bench(load_sample(), 1) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(file), wires) as there:
            assert there.silent == {}
            assert type(there.instruments["trim_x"]) is GS200
            assert type(there.instruments["sprout"]).__name__ == "SproutG"


def test_whoever_takes_over_a_bench_that_shines_opens_light_first():
    file = read_station(STATION)
    first = light_first(file.built_on)
    assert set(first) == {"pulse_generator", "ni_card", "aom", "green_laser", "depletion_beam", "sprout"}
    assert set(file.order(first)[: len(first)]) == set(first)
