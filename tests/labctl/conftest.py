"""A made-up lab whose every setting can be read back, a made-up experiment in the catalogue, and the program itself."""

import json
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.made_up import Clock, Setting

sys.path.insert(0, str(Path(__file__).parent))

import toy
import toy_bright
import toy_rabi

from instruments.common.safely import faults_of
from labctl.__main__ import main
from labctl.plans import catalogue


class Fake(SimpleNamespace):
    """An instrument of a role: `make_safe` sets some of its settings and reads them back, each guarded alone."""

    def __init__(self, safe, **settings):
        super().__init__(**settings)
        self.safe = safe

    def make_safe(self):
        return faults_of({name: partial(self._put, name, value) for name, value in self.safe.items()})

    def _put(self, name, value):
        setting = getattr(self, name)
        setting(value)
        return "" if setting() == value else f"it reads {setting()}"


def _coil(log, name):
    current, output = Setting(0.05, log, f"{name}.current"), Setting(True, log, f"{name}.output")
    return Fake({"current": 0.0, "output": False}, current=current, output=output)


@pytest.fixture
def lab():
    """A lab on which everything is on; `lab.log` lists what was set."""
    log = []
    aom = {n: Fake({"output": False}, output=Setting(True, log, f"aom.{n}")) for n in ("pump", "doughnut")}
    lines = Setting(0xFF, log, "lines")
    currents = Setting((0.1, 0.2, 0.9), log, "magnet")
    made = SimpleNamespace(
        log=log,
        clock=Clock(),
        notes=[],
        pulse_generator=Fake({"levels": 0}, hold=lines, levels=lines),
        depletion_beam=Fake({"power_mw": 0.0}, power_mw=Setting(300.0, log, "doughnut")),
        green_laser=Fake({"emission": False}, emission=Setting(True, log, "green")),
        aom=SimpleNamespace(
            **aom, make_safe=lambda: faults_of({name: switch.make_safe for name, switch in aom.items()})
        ),
        microwave=Fake({"enable_RF": "OFF"}, enable_RF=Setting("ON", log, "microwave")),
        shift_coil=_coil(log, "shift"),
        gradient_coil=_coil(log, "gradient"),
        compensation_coil=_coil(log, "compensation"),
        magnet=Fake({"currents": (0.0, 0.0, 0.0)}, currents=currents),
    )

    def within(run):
        """Of one run after the other: this one now."""
        made.run, made.calibration, made.notes = run, run.calibration, run.notes
        return made

    made.within = within
    return made


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A folder of the user's state for each test: locks of real benches are of one user."""
    monkeypatch.setenv("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def toys(monkeypatch):
    """Experiments of the tests, in the catalogue."""
    for one in (toy.EXPERIMENT, toy.PART, toy_rabi.EXPERIMENT, toy_bright.EXPERIMENT):
        monkeypatch.setitem(catalogue.ENTRIES, one.name, one)


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
