"""A made-up lab whose every setting can be read back, a made-up experiment in the catalogue, and the program itself."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.made_up import Clock, Setting

sys.path.insert(0, str(Path(__file__).parent))

from labctl import catalogue
from labctl.__main__ import main


def _coil(log, name):
    current = Setting(0.05, log, f"{name}.current")
    return SimpleNamespace(set_current=current, current=current, output=Setting(True, log, f"{name}.output"))


@pytest.fixture
def lab():
    """A lab on which everything is on; `lab.log` lists what was set."""
    log = []
    aom = {n: SimpleNamespace(output=Setting(True, log, f"aom.{n}")) for n in ("pump", "doughnut")}
    lines = Setting(0xFF, log, "lines")
    currents = Setting((0.1, 0.2, 0.9), log, "magnet")
    return SimpleNamespace(
        log=log,
        clock=Clock(),
        notes=[],
        pulse_generator=SimpleNamespace(hold=lines, levels=lines),
        depletion_beam=SimpleNamespace(power_mw=Setting(300.0, log, "doughnut")),
        green_laser=SimpleNamespace(emission=Setting(True, log, "green")),
        aom=SimpleNamespace(**aom),
        microwave=SimpleNamespace(enable_RF=Setting("ON", log, "microwave")),
        shift_coil=_coil(log, "shift"),
        gradient_coil=_coil(log, "gradient"),
        compensation_coil=_coil(log, "compensation"),
        magnet=SimpleNamespace(ramp_down=lambda: currents((0.0, 0.0, 0.0)), currents=currents),
    )


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A folder of the user's state for each test: locks of real benches are of one user."""
    monkeypatch.setenv("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def toys(monkeypatch):
    """Experiments of the tests, in the catalogue."""
    for name, module in (("toy", "toy"), ("part", "toy"), ("rabi", "toy_rabi"), ("toy_bright", "toy_bright")):
        monkeypatch.setitem(catalogue.ENTRIES, name, catalogue.Entry(name, f"a {name} for tests", module))


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out.splitlines()[-1])


@pytest.fixture
def labctl(capsys, monkeypatch, tmp_path, toys):  # noqa: ARG001  # the experiments of the tests are in the catalogue
    """The program, as if called from a shell, with a data folder of its own: labctl("runs") -> Answer."""
    monkeypatch.setenv("PYVISA_LIBRARY", "none")  # the real bench is not there: no test may search the network for it

    def call(*arguments, data=tmp_path / "data"):
        with pytest.raises(SystemExit) as exit_:
            main([*arguments, "--data", str(data)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(exit_.value.code, captured.out, captured.err)

    return call
