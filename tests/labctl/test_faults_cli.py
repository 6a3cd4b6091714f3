"""`--faults FILE`: the twin misbehaves in a run of the program, and the run keeps what it was told."""

import json

import pytest

from labctl.__main__ import main
from labctl.data.reader import one_run


def ended(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return (end.value.code, *capsys.readouterr())


@pytest.fixture
def faults(tmp_path):
    def write(text):
        file = tmp_path / "faults.yaml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


def test_a_fault_reaches_a_run_that_keeps_what_was_scripted(capsys, tmp_path, faults):
    text = "faults:\n- {kind: refused, instrument: ni_card, matching: ReadCounter, times: 1000, code: -200324}\n"
    data = tmp_path / "data"
    code, out, err = ended(
        capsys, "run", "odmr", "--simulated", "--json", "--data", str(data), "--faults", faults(text)
    )
    report = json.loads(out.splitlines()[-1])
    assert (code, report["status"]) == (1, "failed")
    assert "absent or unavailable" in err
    assert one_run(data, report["run_id"]).record["faults"] == text


def test_a_fault_makes_an_instrument_silent_for_check(capsys, tmp_path, faults):
    script = faults("faults:\n- {kind: unplugged, instrument: sprout}\n")
    code, _, err = ended(capsys, "check", "--simulated", "--data", str(tmp_path / "data"), "--faults", script)
    assert code == 1
    assert "sprout at ASRL5::INSTR" in err


def test_what_is_wrong_with_the_file_is_said_before_anything_is_opened(capsys, tmp_path, faults):
    script = faults("faults:\n- kind: lots\n- kind: lost\n  calls: 3\n")
    code, out, err = ended(capsys, "run", "odmr", "--simulated", "--data", str(tmp_path / "data"), "--faults", script)
    assert (code, out) == (2, "")
    assert [line.partition(", line ")[2][:2] for line in err.splitlines()] == ["2:", "4:"]


def test_real_instruments_need_no_script(capsys, tmp_path, faults):
    code, _, err = ended(capsys, "run", "odmr", "--data", str(tmp_path / "data"), "--faults", faults("faults: []\n"))
    assert (code, err) == (2, "labctl: --faults belongs to the digital twin: add --simulated\n")
