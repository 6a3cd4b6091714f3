"""engine composes the whole experiment on a bench that it has never seen, whichever way the pair lies."""

from dataclasses import asdict

import numpy as np
import pytest

from physics.paulis import NAMES, pauli_vector
from sequences.engine import EnginePlan, engine
from sequences.results import Begin, End, Estimate, SequenceError
from tools.trials.wired import is_dark, powered

PARTS = ["wiring", "delays", "locate", "align", "rabi", "delays", "wiring", "relaxometry", "calibrate", "cool"]
SHORT = EnginePlan(
    evolution_us=(9.0, 5.0), regardless=True, hours=4.0, survey_hours=0.5, calibrate_hours=2.0, cool_hours=1.0
)


def followed(stream):
    """Result, the parts with their results, in order, and the run's own estimates; unended parts have no result."""
    begun, ended, estimates = [], [], []
    while True:
        try:
            event = next(stream)
        except StopIteration as stop:
            return stop.value, begun, ended, estimates
        except SequenceError as error:
            return error, begun, ended, estimates
        if isinstance(event, Begin):
            begun.append(event.sequence)
        if isinstance(event, End):
            ended.append(event.result)
        if isinstance(event, Estimate) and len(begun) == len(ended):
            estimates.append(event.values)


def assert_ever_more_is_known(result, estimates):
    """The curve before the first photon, then time after time, and in the end the result."""
    first, survey, last = estimates
    assert first["evolution_us"] == first["concurrence"] == first["populations"] == ()
    assert first["planned_us"] == result.evolution_us
    assert first["planned_concurrence"] == result.predicted_concurrence
    assert first["best_us"] == result.best_us == result.expected_us
    assert first["rho_re"] is None
    for name in ("curve_us", "curve_concurrence", "curve_concurrence_err", "curve_populations", "why", "expected"):
        assert first[name] == getattr(result, name)
    assert np.sum(first["curve_populations"], axis=1) == pytest.approx(1.0)
    assert survey["evolution_us"] == (9.0,)
    assert survey["rho_us"] == 9.0
    assert survey["concurrence"] == result.concurrence[1:]
    assert survey["significance"] is None
    assert {name: last[name] for name in asdict(result)} == asdict(result)


def assert_populations(result, ended):
    """Those of the tomographies, and where the model expects them."""
    parts = {part.evolution_us: part for part in ended if hasattr(part, "paulis")}
    assert result.populations == tuple(parts[time].populations for time in result.evolution_us)
    expected = [
        [np.interp(time, result.curve_us, np.array(result.curve_populations)[:, k]) for k in range(4)]
        for time in result.evolution_us
    ]
    assert np.abs((np.array(result.populations) - expected) / result.populations_err).max() < 5.0


def test_a_pair_that_lies_the_other_way_round_is_named_as_the_lab_sees_it():
    """Turned by half a circle: what the twin calls left, the lab calls right; field and coils differ too."""
    other = {"pair": {"orientation_deg": 200.0, "separation_nm": 12.5}, "residual_field_ut": (-15.0, 12.0, -30.0)}
    bench = powered(71, **other)
    result, begun, ended, estimates = followed(engine(bench.lab, SHORT))
    assert begun == [*PARTS, "tomography", "tomography"]
    assert len(ended) == len(begun)
    assert result.evolution_us == (5.0, 9.0)
    assert result.best_us == 5.0
    assert_ever_more_is_known(result, estimates)
    assert_populations(result, ended)
    assert is_dark(bench)
    true = bench.truth(result)
    located = next(found for found in ended if hasattr(found, "pair_nm"))
    assert np.abs(np.array(located.pair_nm) - true["pair_nm"]).max() < 0.5
    off = np.subtract(result.signed_concurrence, true["signed_concurrence"])
    assert np.all(np.abs(off) < 4 * np.array(result.signed_concurrence_err))
    expected = np.subtract(result.predicted_concurrence, true["signed_concurrence"])
    assert np.all(np.abs(expected) < 4 * np.array(result.predicted_concurrence_err))
    at_best = next(found for found in ended if getattr(found, "evolution_us", None) == result.best_us)
    vector = pauli_vector(np.array(true["rho_re"]) + 1j * np.array(true["rho_im"]))
    pulls = [(at_best.paulis[n][0] - v) / at_best.paulis[n][1] for n, v in zip(NAMES[1:], vector[1:], strict=True)]
    assert np.abs(pulls).max() < 4.5
    assert true["p_right"] - true["p_left"] > 0.8
    calibrated = next(found for found in ended if hasattr(found, "fidelity"))
    off = np.subtract(calibrated.fidelity, true["pump_fidelity"]) / calibrated.fidelity_err
    assert np.abs(off).max() < 4.0


def test_where_nothing_is_expected_the_night_is_not_spent():
    """Pumping to 0.88: said before the tomographies, with what would have to be mended; and it is no failure."""
    bench = powered(73, optics={"pump_fidelity": 0.88})
    plan = EnginePlan(evolution_us=(5.0,), calibrate_hours=4.0, cool_hours=1.0)
    result, begun, ended, estimates = followed(engine(bench.lab, plan))
    assert begun == PARTS
    assert len(ended) == len(begun)
    assert result.expected is False
    assert result.witness is result.witness_err is result.significance is result.rho_re is None
    assert result.evolution_us == result.concurrence == ()
    assert result.expected_signed_concurrence < -3 * result.expected_signed_concurrence_err
    assert "no entanglement is expected at any time" in result.why
    assert "for want of pump fidelity" in result.why
    assert result.why in bench.lab.notes
    assert estimates[-1]["why"] == result.why
    assert result.photons == 0.0
    assert is_dark(bench)


@pytest.mark.parametrize(
    ("other", "words", "last"),
    [
        ({"pulsed_coils": {"gradient_ut_per_nm_per_a": 0.0}}, "The gradient separates the NVs by", "calibrate"),
        ({"microwave": {"rabi_mhz_at_0dbm": 1e-6}}, "The microwave at 2870 MHz", "wiring"),
    ],
)
def test_what_cannot_work_is_refused_where_it_shows_first(other, words, last):
    bench = powered(72, **other)
    error, begun, ended, _ = followed(engine(bench.lab, SHORT))
    assert isinstance(error, SequenceError)
    assert words in error.what
    assert begun[-1] == last
    assert len(ended) == len(begun) - 1
    assert is_dark(bench)
