"""station.yaml: the given one is right, and whatever is wrong in another is said at once, with its line."""

import pickle
import sys

import pytest
from pydantic import ValidationError
from qcodes.station import Station, ValidationWarning
from support.made_up import STATION

from labctl.common.refusals import Refusal
from labctl.config.station_file import read_station
from sequences.core.station import Guesses, Limits, Paths, Wiring
from sequences.pulses.program import LINES

TEXT = STATION.read_text(encoding="utf-8")


def faults(tmp_path, text):
    file = tmp_path / "station.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refusal:
        read_station(file)
    return [fault.removeprefix(f"{file}:") for fault in refusal.value.faults]


def test_the_default_station_is_right():
    station = read_station(STATION)
    assert station.wiring().lines["gate_reference"] == 7
    assert station.limits().trim_a == 0.2
    assert station.guesses().coil_matrix_mt_per_a[2] == (0.0, 0.0, 110.0)


def test_what_is_built_on_others_comes_after_them():
    order = read_station(STATION).order()
    assert order.index("magnet") > max(order.index(n) for n in ("trim_x", "trim_y", "main_supply"))
    assert order.index("depletion_beam") > max(order.index(n) for n in ("sprout", "aom", "ni_card"))


def test_qcodes_reads_the_file_as_it_stands():
    with pytest.warns(ValidationWarning, match="Additional properties"):
        station = Station(config_file=str(STATION), default=False)
    assert set(station.config["instruments"]) == set(read_station(STATION).instruments)
    assert callable(station.load_main_supply)


def test_what_sequences_get_is_what_was_read():
    station = read_station(STATION)
    model = station.model
    found = (station.limits(), station.paths(), station.guesses(), station.wiring())
    assert all(given is read for given, read in zip(found, _sections(model), strict=True))
    assert [type(one) for one in found[:3]] == [Limits, Paths, Guesses]
    assert isinstance(found[3], Wiring)
    assert list(found[3].lines) == list(LINES)
    assert pickle.loads(pickle.dumps(model)) == model  # a window sends it to its bench process
    for section in found:
        assert type(section)(**section.model_dump()) == section
        with pytest.raises(ValidationError, match="frozen"):
            setattr(section, next(iter(type(section).model_fields)), 1.0)


def _sections(model):
    return model.limits, model.paths, model.guesses, model.wiring


def test_a_file_from_before_the_coils_were_in_it_means_what_it_always_meant(tmp_path):
    (line,) = [line for line in TEXT.splitlines(keepends=True) if line.startswith("  coils: ")]
    file = tmp_path / "station.yaml"
    file.write_text(TEXT.replace(line, ""), encoding="utf-8")
    assert read_station(file).model == read_station(STATION).model
    assert any(
        f.endswith("instruments lacks 'pulsed_supply': add it with its driver's type")
        for f in faults(tmp_path, TEXT.replace(line, "").replace("  pulsed_supply:  ", "  spare:  "))
    )


def test_a_supply_has_any_name_if_the_wiring_says_so(tmp_path):
    file = tmp_path / "station.yaml"
    file.write_text(TEXT.replace("main_supply", "keysight").replace("pulsed_supply", "other"), encoding="utf-8")
    assert read_station(file).coils == {"shift": "keysight.ch2", "gradient": "other.ch1", "compensation": "other.ch2"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("  main_a: 0.98", "  main_b: 0.98", "limits has no key 'main_b'; did you mean 'main_a'?"),
        ("  trim_a: 0.2", "  trim_a: 0.3", "limits.trim_a must be at most 0.2, not 0.3"),
        ("  trim_a: 0.2", "  trim_a: much", "limits.trim_a must be a number, not 'much'"),
        ("  green_mw: 100.0", "  green_mw: .nan", "limits.green_mw must be a finite number"),
        ("pump: 0,", "pump: 1,", "1 is given to both wiring.lines.pump and wiring.lines.depletion"),
        (
            "pump: 0,",
            "pump: 32,",
            "pump must be at most 7, not 32: the pulse_generator drives line0 to line7",
        ),
        ("pump: 0,", "pomp: 0,", "wiring.lines has no key 'pomp'; did you mean 'pump'?"),
        (
            "photons: PFI8",
            "photons: PFI9",
            "'PFI9' is given to both wiring.terminals.photons and wiring.term",
        ),
        ("photons: PFI8", "photons: ctr0", "wiring.terminals.photons must be a terminal from PFI0 to PFI15"),
        ("  terminals: {", "  terminal: {", "wiring lacks 'terminals': add those where the photon_counter listens"),
        ("tick_ns: 100", "tick_ns: 150", "wiring.tick_ns is 150, but the pulse_generator plays ticks of 100 ns"),
        ("91U112234", "91U112233", "'USB0::0x0B21::0x0039::91U112233::INSTR' is the address of both trim_x and trim_y"),
        ("address: ASRL4::INSTR", "address: COM4", "'COM4' is no VISA resource name"),
        ("address: Dev1", "address: /Dev1", "'/Dev1' is no NI device name, like Dev1"),
        (
            "instruments.aom.MPDS",
            "instruments.aom.MPDC",
            "there is no driver instruments.aom.MPDC; did you mean 'MPDS'",
        ),
        ("instruments.aom.MPDS", "instruments.aom2.MPDS", "the driver instruments.aom2.MPDS cannot be loaded"),
        ("instruments.aom.MPDS", "MPDS", "instruments.aom.type must be a driver's dotted name"),
        (
            "main: main_supply.ch1",
            "main: main_suply.ch1",
            "magnet is built on 'main_suply'; did you mean 'main_supply'",
        ),
        ("x: trim_x, y", "y", "magnet: Magnet needs the argument 'x' under init"),
        (
            "current_range_a",
            "current_rang_a",
            "B2962A takes no argument 'current_rang_a'; did you mean",
        ),
        ("  aom:\n", "  aomm:\n", "instruments lacks 'aom'"),
        ("{card: ni_card}", "{card: nicard}", "pulse_generator is built on 'nicard'; did you mean 'ni_card'"),
        ("mode: GSD", "mode: off", "depletion_beam: mode must be 'GSD' or 'STED', not 'off'"),
        ("mode: GSD", "mode: false", "not False. YAML reads true and false as truth values: put quotes around a text"),
        ("steering_nm_per_v: 1000.0", "steering_nm_per_v: fast", "steering_nm_per_v must be a number, not 'fast'"),
        ("steering_nm_per_v: 1000.0", "steering_nm_per_v: true", "steering_nm_per_v must be a number, not True"),
        ("range_a: [1.0, 0.1]", "range_a: [1.0]", "main_supply: current_range_a [1] is missing"),
        ("range_a: [1.0, 0.1]", "range_a: [1.0, 0.5]", "current_range_a [1] must be one of 1e-08, 1e-07"),
        ("voltage_limit_v: [6.0, 6.0]", "voltage_limit_v: [6.0, 600]", "pulsed_supply: voltage_limit_v [1] must be at"),
        ("tick_ns: 100", "tick_ns: 200", "wiring.tick_ns is 200, but the pulse_generator plays ticks of 100 ns"),
        ("tick_ns: 100", "tick_ns: 300", "wiring.tick_ns must be at most 200, not 300"),
        ("    address: ASRL3::INSTR", "    address: TCPIP0::10.0.0.300::INSTR", "10.0.0.300 is no IP address"),
        ("    address: ASRL3::INSTR", "    address: GPIB0::31::INSTR", "GPIB addresses end at 30"),
        (
            "    address: ASRL5::INSTR",
            "    address: ASRL3",
            "'ASRL3' is the address of both green_laser and sprout",
        ),
        ("    address: ASRL3::INSTR", "    port: 3\n    address: ASRL3::INSTR", "Cobolt06 takes no port, not 3"),
        (
            "    address: ASRL3::INSTR",
            "    init: {timeout: soon}\n    address: ASRL3::INSTR",
            "timeout must be a number",
        ),
        (
            "    address: ASRL3::INSTR",
            "    parameters: {powerr: {unit: W}}\n    address: ASRL3::INSTR",
            "Cobolt06 has no parameter 'powerr'",
        ),
        (
            "shift: main_supply.ch2",
            "shift: main_suply.ch2",
            "wiring.coils.shift is fed by 'main_suply'; did you mean 'main_supply'?",
        ),
        (
            "shift: main_supply.ch2",
            "shift: main_supply",
            "wiring.coils.shift must be a channel of a supply, like main_",
        ),
        (
            "shift: main_supply.ch2",
            "shift: main_supply.ch3",
            "'main_supply.ch3' (B2962A) cannot feed the shift coil: it lacks ch3",
        ),
        (
            "shift: main_supply.ch2",
            "shift: main_supply.ch1",
            "'main_supply.ch1' feeds both instruments.magnet.init.main and wiring.coils.shift: each needs its own",
        ),
        (
            "compensation: pulsed_supply.ch2",
            "compensation: pulsed_supply.ch1",
            "'pulsed_supply.ch1' feeds both wiring.coils.gradient and wiring.coils.compensation: each needs its own",
        ),
        ("shift: main_supply.ch2", "shfit: main_supply.ch2", "wiring.coils has no key 'shfit'; did you mean 'shift'?"),
        ("\nguesses:", "\ngueses:", "the station file has no key 'gueses'; did you mean 'guesses'?"),
    ],
)
def test_one_fault(tmp_path, old, new, fault):
    assert old in TEXT
    found = [f for f in faults(tmp_path, TEXT.replace(old, new, 1)) if fault in f]
    assert len(found) == 1
    line = TEXT[: TEXT.index(old)].count("\n") + 1 + (old.startswith("\n"))
    assert found[0].startswith(f"{line}:") or "lacks" in fault


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trim-x", "'trim-x' is no name for an instrument: use letters, digits and _"),
        ("2x", "'2x' is no name for an instrument"),
        ("class", "'class' is no name for an instrument"),
        ("config", "'config' is a name that QCoDeS needs for itself"),
    ],
)
def test_a_name_that_no_instrument_can_have_is_refused(tmp_path, name, words):
    (found,) = faults(tmp_path, TEXT.replace("trim_x", name))
    assert words in found


def test_a_slower_card_with_a_longer_tick_is_right(tmp_path):
    file = tmp_path / "station.yaml"
    slow = TEXT.replace("tick_ns: 100", "tick_ns: 200")
    file.write_text(slow.replace("init: {card: ni_card}", "init: {card: ni_card, rate_hz: 5.0e+6}", 1))
    assert read_station(file).wiring().tick_ns == 200


def test_all_faults_at_once_in_the_order_of_the_file(tmp_path):
    text = (
        TEXT.replace("  trim_a: 0.2\n", "").replace("bath_spins: 20.0", "bath_spins: -1").replace("mw_x: 2", "mw_x: 3")
    )
    found = faults(tmp_path, text.replace("type: instruments.aom.MPDS", "type: instruments.aom.Nothing"))
    assert len(found) == 4
    lines = [int(fault.split(":")[0]) for fault in found]
    assert lines == sorted(lines)


def test_a_circle_is_named(tmp_path):
    text = TEXT.replace(
        "x: trim_x, y: trim_y, main: main_supply.ch1", "x: depletion_beam, y: trim_y, main: main_supply.ch1"
    )
    text = text.replace("laser: sprout", "laser: magnet")
    assert any(
        "magnet, depletion_beam are built on each other in a circle" in fault for fault in faults(tmp_path, text)
    )


def test_malformed_yaml_says_where(tmp_path):
    assert faults(tmp_path, "limits: {main_a: 1\nwiring: 2\n")[0].startswith("2: malformed YAML")


def test_a_key_twice_is_malformed(tmp_path):
    assert "duplicate key" in faults(tmp_path, TEXT + "\nlimits: {}\n")[0]


def test_yaml_tags_build_nothing(tmp_path):
    made = tmp_path / "made"
    found = faults(tmp_path, TEXT + f"\nextra: !!python/object/apply:pathlib.Path.touch ['{made}']\n")
    assert any("has no key 'extra'" in fault for fault in found)
    assert not made.exists()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("instruments.aom.MPDS", "this.s", "the driver this.s cannot be loaded (drivers are in instruments, qcodes."),
        ("instruments.aom.MPDS", "instruments.ni_card.Device", "there is no driver instruments.ni_card.Device"),
        ("init: {card: ni_card}", "init: {card: ni_card, visalib: evil.so@ivi}", "'visalib' is not for a station file"),
        (
            "address: ASRL3::INSTR",
            "address: ASRL3::INSTR\n    parameters: {emission: {initial_value: true}}",
            "emission has an initial_value: remove it",
        ),
        ("pump: 0,", "pump: !!set {a, b},", "wiring.lines.pump must be a whole number"),
    ],
)
def test_a_hostile_file_runs_nothing_and_lights_nothing(tmp_path, old, new, fault):
    assert any(fault in found for found in faults(tmp_path, TEXT.replace(old, new, 1)))
    assert "this" not in sys.modules


def test_a_missing_file_and_a_list_are_refused(tmp_path):
    with pytest.raises(Refusal, match="cannot be read"):
        read_station(tmp_path / "none.yaml")
    assert "must be a mapping" in faults(tmp_path, "- 1\n- 2\n")[0]
