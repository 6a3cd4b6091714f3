"""Two threads on one wire: every answer goes to the one who asked, and what is remembered is what was set last."""

import threading
import time
from contextlib import contextmanager

import pytest
from qcodes.instrument import VisaInstrument
from support.made_up import STATION, Clock

from labctl.bench.station import Wires, opened
from labctl.bench.status import condition
from labctl.config.station_file import read_station
from labctl.data.calibration import CalibrationStore
from simulated_instruments.bench import Bench
from simulated_instruments.sample import load_sample

ROUNDS = 10
ANSWER_S = 5e-4


@pytest.fixture
def station(tmp_path):
    """The default station, open, on wires where whoever waits for an answer lets the others speak."""
    with Bench(load_sample(), 1) as bench:
        wires = Wires(bench.visalib, bench.ni_target, bench.clock)
        with opened(read_station(STATION), wires) as there:
            there.lab(CalibrationStore(tmp_path, "bench", Clock())).magnet.switch_on()
            for instrument in there.instruments.values():
                if isinstance(instrument, VisaInstrument):
                    instrument.visa_handle.read = after_a_while(instrument.visa_handle.read)
            yield there


def after_a_while(read):
    def late(*arguments, **named):
        time.sleep(ANSWER_S)
        return read(*arguments, **named)

    return late


@contextmanager
def asked_all_the_time(question):
    """Meanwhile another thread asks this again and again; it must have asked, and never have failed."""
    over, answers, faults = threading.Event(), [], []

    def ask():
        while not over.is_set():
            try:
                answers.append(question())
            except Exception as error:
                faults.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()
    assert answers
    assert faults == []


SETTINGS = {
    "main_supply": ("ch1.source_current", (0.1, 0.2)),
    "trim_x": ("current", (0.01, 0.02)),
    "microwave": ("frequency", (2.8e9, 2.9e9)),
    "green_laser": ("power_mw", (10.0, 20.0)),
    "aom": ("doughnut.power_dbm", (10.0, 20.0)),
    "sprout": ("output_power", (0.1, 0.2)),
}


def _parameter(station, name, path):
    found = station.instruments[name]
    for part in path.split(".")[:-1]:
        found = found.submodules[part]
    return found.parameters[path.split(".")[-1]]


@pytest.mark.parametrize("name", SETTINGS)
def test_answers_to_run_and_watch_are_never_mixed(station, name):
    path, values = SETTINGS[name]
    parameter = _parameter(station, name, path)
    setpoint = station.instruments["sprout"].output_setpoint if name == "sprout" else parameter
    with asked_all_the_time(lambda: condition(station, name)) as seen:
        for k in range(ROUNDS):
            parameter(values[k % 2])
            assert setpoint() == values[k % 2]
    assert {found.verdict for found in seen} <= {"on", "off", "warning"}, [found.words for found in seen][:3]


def test_an_answer_asked_for_before_a_setting_is_not_remembered_after_it(station, monkeypatch):
    frequency, asked = station.instruments["microwave"].frequency, threading.Event()
    frequency(2.8e9)

    def parsed(reply):
        asked.set()
        time.sleep(0.1)
        return float(reply)

    monkeypatch.setattr(frequency, "get_parser", parsed)
    asker = threading.Thread(target=frequency.get)
    asker.start()
    assert asked.wait(5.0)
    frequency(2.9e9)
    asker.join()
    assert frequency.cache() == 2.9e9


def test_two_wires_do_not_wait_for_each_other(station, monkeypatch):
    microwave, sprout = station.instruments["microwave"], station.instruments["sprout"]
    begun, over = threading.Event(), threading.Event()

    def slow(_command):
        begun.set()
        over.wait(10.0)
        return "0"

    monkeypatch.setattr(microwave.visa_handle, "query", slow)
    holder = threading.Thread(target=microwave.enable_RF)
    holder.start()
    assert begun.wait(5.0)
    assert sprout.output_mode() == "off"
    assert holder.is_alive()
    over.set()
    holder.join()
