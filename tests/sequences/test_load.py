"""Power x duty, heat and dI/dt of programs, against the limits across instruments."""

from dataclasses import replace

import pytest
from support.everything_on import all_on

from labctl.config.station_file import read_station
from labctl.plans.catalogue import ENTRIES
from labctl.safety.limits import programs_beyond, used
from sequences.calibrate import CalibratePlan
from sequences.cool import CoolPlan
from sequences.core.power_budget import Drive, LimitError, loads, refuse_beyond
from sequences.pulses.program import Program
from sequences.routines.bench.limits import drive
from sequences.routines.bench.measure import measure
from tools.trials.wired import STATION

FILE = read_station(STATION)
LIMITS, PATHS = FILE.limits(), FILE.paths()
EVERYTHING = Drive(100.0, False, 1000.0, 10.0, -0.1, 0.1, 0.05)
HALF = Program("half", 100).then(500, "pump", "depletion", "mw_x", "shift", "gradient").then(500)


def values(program: Program, settings: Drive) -> dict[str, float]:
    return {load.what: load.value for load in loads(program, settings, PATHS, LIMITS)}


def test_loads_are_power_times_duty_behind_what_lies_between() -> None:
    assert values(HALF, EVERYTHING) == pytest.approx(
        {
            "green light at the sample": 100.0 * 0.05 * 0.5,
            "doughnut light at the sample": 1000.0 * 0.5 * 0.5,
            "light of both beams at the sample": 252.5,
            "microwave at the antenna": 5.0,
            "heat in the shift coil": 0.025,
            "dI/dt in the shift coil": 1.0,
            "heat in the gradient coil": 0.05,
            "dI/dt in the gradient coil": 1.0,
            "heat in the compensation coil": 0.0125,
            "dI/dt in the compensation coil": 0.5,
        }
    )


def test_an_open_aom_shines_whatever_its_line_says() -> None:
    dark = Program("dark", 100).then(100)
    assert values(dark, replace(EVERYTHING, green_ungated=True))["green light at the sample"] == pytest.approx(5.0)
    assert values(dark, EVERYTHING)["green light at the sample"] == 0.0


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("sample_green_mw", "green light at the sample"),
        ("sample_doughnut_mw", "doughnut light at the sample"),
        ("sample_light_mw", "light of both beams at the sample"),
        ("antenna_mw", "microwave at the antenna"),
        ("pulsed_w", "heat in the gradient coil"),
        ("pulsed_a_per_us", "dI/dt in the shift coil"),
    ],
)
def test_each_limit_refuses_what_is_beyond_it_and_nothing_that_stands_at_it(limit: str, what: str) -> None:
    value = values(HALF, EVERYTHING)[what]
    refuse_beyond(HALF, EVERYTHING, PATHS, LIMITS.model_copy(update={limit: value}))
    with pytest.raises(LimitError, match=f"{what} would be .* above limits.{limit} = ") as caught:
        refuse_beyond(HALF, EVERYTHING, PATHS, LIMITS.model_copy(update={limit: 0.999 * value}))
    assert caught.value.remedy


@pytest.mark.system
def test_a_play_beyond_a_limit_is_refused_before_it_starts() -> None:
    program = Program("bright", 100).then(1000, "pump", "depletion", "mw_x", "shift", "gradient", "gate_signal")
    with all_on() as (lab, bench):
        found = drive(lab, program)
        assert found.doughnut_mw == pytest.approx(400.0, rel=0.01)
        assert (found.shift_a, found.gradient_a, found.compensation_a) == pytest.approx((-0.05, 0.1, 0.02))
        assert found.carrier_mw == pytest.approx(0.01)
        assert found.green_mw == pytest.approx(lab.limits.green_mw)
        lab = replace(lab, limits=lab.limits.model_copy(update={"sample_green_mw": 4.9}))
        calls = bench.injector.count_of("ni_card")
        with pytest.raises(
            LimitError, match="Program 'bright' was not played: green light at the sample would be 5 mW"
        ):
            measure(lab, program, 10)
        assert bench.injector.count_of("ni_card") == calls


@pytest.mark.parametrize("name", [name for name in ENTRIES if not name.startswith("toy")])
def test_every_experiment_stays_within_the_limits_of_the_default_station(name: str) -> None:
    entry = ENTRIES[name]
    plan = entry.plan()
    programs = entry.programs(plan, FILE.wiring())
    assert programs
    assert programs_beyond([(plan, programs)], LIMITS, PATHS) == []
    found_set = CalibratePlan().doughnut_mw  # by the parts after calibrate
    usual = LIMITS.model_copy(update={"depletion_mw": found_set})
    shares = used([(plan, programs)], usual, PATHS)
    assert shares
    assert max(one.most / one.allowed for one in shares) <= 1.0 + 1e-9


def test_what_a_plan_decides_is_refused_and_what_it_leaves_open_is_told_as_at_most() -> None:
    entry = ENTRIES["locate"]
    plan = entry.plan(fine_mw=600.0)
    programs = entry.programs(plan, FILE.wiring())
    strict = LIMITS.model_copy(update={"sample_doughnut_mw": 250.0})
    (fault,) = programs_beyond([(plan, programs)], strict, PATHS)
    assert "cannot be played: doughnut light at the sample would be 300 mW" in fault
    cool = ENTRIES["cool"].programs(CoolPlan(cooling_us=10_000), FILE.wiring())
    assert programs_beyond([(CoolPlan(cooling_us=10_000), cool)], LIMITS, PATHS) == []
    (doughnut,) = [one for one in used([(CoolPlan(), cool)], LIMITS, PATHS) if one.limit == "sample_doughnut_mw"]
    assert not doughnut.is_known
    assert "at most" in doughnut.words
