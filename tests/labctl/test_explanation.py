"""`labctl explain`: every number of every result says what it is and in which unit."""

from contextlib import closing
from dataclasses import dataclass, fields

import pytest

from labctl.common.value_errors import unit_of
from labctl.data.writing.run_writer import Store
from labctl.stored_runs.explanation import meanings, result_type
from sequences.core.discovery import EXPERIMENTS
from sequences.odmr import COLUMNS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", EXPERIMENTS.ours)
def test_every_field_of_every_result_has_a_meaning_and_a_unit(name):
    made = result_type(EXPERIMENTS[name])
    assert made is not None
    said = meanings(made)
    assert said.keys() == {field.name for field in fields(made)}
    assert {key for key, (unit, meaning) in said.items() if not unit or not meaning} == set()


@dataclass(frozen=True)
class Bare:
    depth: float
    depth_err: float
    width_hz: float
    """Its width."""
    width_err_hz: float
    photons: int
    """Counted. In photons."""
    share: float
    """In all of it, what is lost. No unit."""
    share_ci95: tuple[float, float]
    is_sure: bool | None
    """Whether it is."""


def test_what_nobody_says_is_not_made_up():
    said = meanings(Bare)
    assert said["depth"] == ("", "")
    assert said["depth_err"][0] == ""
    assert said["width_hz"] == ("Hz", "Its width.")
    assert said["width_err_hz"] == ("Hz", "1 sigma of width_hz.")
    assert said["photons"] == ("photons", "Counted.")
    assert said["share"] == ("no unit", "In all of it, what is lost.")
    assert said["share_ci95"] == ("no unit", "95 % interval of share.")
    assert said["is_sure"] == ("yes or no", "Whether it is.")


def test_a_rate_of_angle_is_no_rate_of_events():
    assert (unit_of("g_rad_per_s"), unit_of("rate_per_s")) == ("rad/s", "1/s")
    assert (unit_of("ramp_a_per_s"), unit_of("slope_per_v"), unit_of("seconds_per_point")) == ("A/s", "1/V", "s")


@pytest.fixture
def folder(tmp_path):
    with closing(Store(tmp_path / "data", "a bench")) as store:
        run = store.begin("odmr", COLUMNS, {"plan": {}})
        result = {"field_mt": 4.5123, "field_mt_err": 0.0021, "contrast": 0.1, "resonances_hz": [2.8e9, 2.9e9]}
        used = {"field.x_a": {"value": 0.0123, "error": 0.0002, "run_id": "3", "measured_s": 1.0}}
        run.end({"status": "completed", "message": "", "result": result, "calibration_used": used})
        store.begin("elsewhere", (), {"plan": {}}).end({"status": "completed", "result": {"a_mt": 1.0}})
        store.begin("odmr", COLUMNS, {"plan": {}}).end({"status": "aborted", "estimate": {"field_mt": 4.0}})
    return tmp_path / "data"


@pytest.mark.usefixtures("folder")
def test_the_command_says_value_unit_meaning_and_origin(labctl):
    shown = labctl("explain", "1").out
    (line,) = [line for line in shown.splitlines() if line.startswith("field_mt")]
    assert line.split()[1:] == ["4.5123", "±", "0.0021", "mT", "Magnitude", "of", "the", "field."]
    assert "contrast       0.1" in shown
    assert "no unit" in shown
    assert "Find both lines, scan them, and invert the exact levels for the field." in " ".join(shown.split())
    assert "signal: photoluminescence with / without microwave, against frequency_hz" in shown
    assert "field.x_a 0.01230 ± 0.00020 of run 3" in shown
    told = labctl("explain", "1", "--json").json
    (one,) = [one for one in told["numbers"] if one["key"] == "field_mt"]
    assert one == {"key": "field_mt", "value": "4.5123 ± 0.0021", "unit": "mT", "meaning": "Magnitude of the field."}


@pytest.mark.usefixtures("folder")
def test_what_is_not_known_is_said(labctl):
    assert "elsewhere is not installed here: only names and units are known" in labctl("explain", "2").out
    assert "this is its last estimate" in labctl("explain", "3").out
    assert labctl("explain", "9").code == 2
