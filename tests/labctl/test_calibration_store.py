"""What runs have learned: kept for its bench alone, whole or not at all."""

import json

import numpy as np
import pytest
from support.made_up import Clock

from labctl.common.refusals import Refusal
from labctl.data.calibration import CalibrationStore


@pytest.fixture
def store(tmp_path):
    made = CalibrationStore(tmp_path, "bench station", Clock())
    made.run_id = "7"
    return made


def again(store, clock=None):
    return CalibrationStore(store.file.parent, store.label, clock or Clock())


def test_a_value_outlives_the_process(store):
    store.put("microwave.pi_half_dbm", 1.94, 0.02)
    found = again(store).get("microwave.pi_half_dbm")
    assert (found.value, found.error, found.run_id) == (1.94, 0.02, "7")


def test_what_nobody_measured_is_none(store):
    assert store.get("gates.gate_ns") is None
    assert store.used == {}


def test_age_in_laboratory_time_within_a_process_and_in_wall_time_after_it(store, monkeypatch):
    clock = Clock()
    store = again(store, clock)
    monkeypatch.setattr("time.time", lambda: 1000.0)
    clock.seconds = 50.0
    store.put("a", 1.0, 0.1)
    clock.seconds = 80.0
    assert store.get("a").measured_s == 50.0
    monkeypatch.setattr("time.time", lambda: 4600.0)
    assert again(store, clock).get("a").measured_s == pytest.approx(80.0 - 3600.0)


def test_benches_do_not_share(store):
    store.put("a", 1.0, 0.1)
    other = CalibrationStore(store.file.parent, "simulated default 12345678", Clock())
    assert other.get("a") is None
    store.file.rename(other.file)
    with pytest.raises(Refusal, match="belongs to bench 'bench station'"):
        again(other)


def test_covariance_holds_until_one_of_its_values_is_measured_anew(store):
    for key, error in (("b", 3.0), ("a", 2.0), ("c", 1.0)):
        store.put(key, 1.0, error)
    matrix = np.array([[9.0, 0.5, 0.25], [0.5, 4.0, -0.75], [0.25, -0.75, 1.0]])
    store.put_covariance(["b", "a", "c"], matrix)
    np.testing.assert_array_equal(again(store).covariance(["b", "a", "c"]), matrix)
    np.testing.assert_array_equal(store.covariance(["c", "b"]), [[1.0, 0.25], [0.25, 9.0]])
    store.put("a", 5.0, 2.0)
    np.testing.assert_array_equal(store.covariance(["b", "a", "c"]), [[9, 0, 0.25], [0, 4, 0], [0.25, 0, 1]])


def test_what_is_not_finite_is_not_kept(store):
    with pytest.raises(ValueError, match="must be finite"):
        store.put("a", float("nan"), 1.0)
    assert store.get("a") is None


def test_a_write_that_fails_leaves_the_old_file(store, monkeypatch):
    store.put("a", 1.0, 0.1)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.put("a", 2.0, 0.1)
    assert again(store).get("a").value == 1.0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"bench": "bench station", "entries": {"a": {"value": 1}}}'])
def test_a_broken_file_is_refused_with_what_to_do(store, text):
    store.put("a", 1.0, 0.1)
    store.file.write_text(text)
    with pytest.raises(Refusal, match="labctl run calibrate"):
        again(store)


def test_used_remembers_what_was_asked_for(store):
    store.put("a", 1.0, 0.1)
    store.put("b", 2.0, 0.1)
    store.get("a")
    assert list(store.used) == ["a"]
    assert json.loads(store.file.read_text())["entries"]["b"]["run_id"] == "7"
