"""`labctl check`: who answers, in a line each, and why others do not."""

import pytest
from support.made_up import STATION

from labctl.bench.unreachable import Silent


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_check_says_who_answers(labctl, data):
    answer = labctl("check", "--simulated", "--json")
    assert answer.code == 0
    found = {line["role"]: line for line in answer.json}
    assert len(found) == 13
    assert all(line["ok"] and line["identification"] and line["answer_ms"] >= 0 for line in found.values())
    assert found["microwave"]["identification"] == "Stanford Research Systems SG386 s/n001671 ver1.21.26"
    assert found["ni_card"]["address"] == "Dev1"
    assert found["green_laser"]["state"].startswith("emission off")
    lines = labctl("check", "--simulated").out.splitlines()
    assert len(lines) == 14
    assert lines[0].split() == ["role", "address", "identification", "answers", "in"]
    assert "emission off" in labctl("check", "--simulated", "-v").out
    assert not data.exists()


def test_check_is_one_line_an_instrument_with_its_whole_address_on_100_columns(labctl, monkeypatch):
    monkeypatch.setattr("labctl.report.tables.WIDTH", 100)
    lines = labctl("check", "--simulated").out.splitlines()
    assert len(lines) == 14
    assert all(len(line.rstrip()) <= 100 for line in lines)
    assert any("USB0::0x0B21::0x0039::91U112233::INSTR " in line for line in lines)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Please install PySerial (>=3.0) to use this resource type.", "needs PySerial, for serial ports,"),
        ("Please install PyUSB to use this resource type.", "python -m pip install pyusb"),
        ("Could not find an installation of NI-DAQmx.", "needs NI-DAQmx"),
        ("timed out", "does not answer (ValueError: timed out). Is it on"),
    ],
)
def test_a_library_that_is_missing_is_said_as_that(said, told):
    assert told in str(Silent.after("aom", "ASRL4::INSTR", ValueError(said)))


def test_check_names_who_does_not_answer_and_still_asks_the_others(labctl, tmp_path):
    station = tmp_path / "station.yaml"
    station.write_text(STATION.read_text().replace("ASRL4::INSTR", "ASRL14::INSTR"))
    answer = labctl("check", "--simulated", "--json", "--station", str(station))
    assert answer.code == 1
    assert {line["role"] for line in answer.json if not line["ok"]} == {"aom", "depletion_beam"}
    assert "aom at ASRL14::INSTR does not answer" in answer.err
    assert "depletion_beam was not opened: it is built on aom" in answer.err


def test_serial_ports_by_their_paths_are_good_addresses_also_on_the_twin(labctl, tmp_path):
    station = tmp_path / "station.yaml"
    text = STATION.read_text().replace("ASRL3::INSTR", "ASRL/dev/ttyUSB0::INSTR")
    station.write_text(text.replace("ASRL4::INSTR", "ASRL/dev/ttyUSB1"))
    answer = labctl("check", "--simulated", "--json", "--station", str(station))
    assert answer.code == 0
    found = {line["role"]: line for line in answer.json}
    assert found["green_laser"]["address"] == "ASRL/dev/ttyUSB0::INSTR"
    assert found["green_laser"]["identification"].startswith("Cobolt")
    assert found["aom"]["identification"].startswith("AA Opto-Electronic")
