"""The real experiments with wrong usage or hostile files: exit code 2, what is wrong, and no bench is ever opened."""

from pathlib import Path

import pytest

STATION = Path(__file__).parents[2] / "station.yaml"

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Nine lists of nine lists of ...: 387 million values in half a kilobyte."""


@pytest.fixture
def toys():
    """None: only the real experiments."""


@pytest.fixture(autouse=True)
def no_bench(monkeypatch):
    """Whoever opens a bench fails the test."""

    def opened(*_):
        pytest.fail("a bench was opened")

    monkeypatch.setattr("labctl.bench.connect.bench", opened)


@pytest.fixture
def refused(labctl, tmp_path):
    """What the program says when it refuses; nothing is left behind."""

    def call(*arguments):
        answer = labctl(*arguments, "--json")
        assert answer.code == 2
        assert answer.out == ""
        assert not (tmp_path / "data").exists()
        lines = answer.err.splitlines()
        assert all(line.startswith("labctl: ") for line in lines)
        return lines

    return call


@pytest.mark.parametrize(
    ("sequence", "setting", "words"),
    [
        ("engine", "hours=0", "--set hours: must be at least 0.02, not"),
        ("engine", "hours=nan", "hours"),
        ("engine", "evolution_us=0", "--set evolution_us: must be at least 0.1, not 0"),
        ("engine", f"evolution_us={','.join(['3'] * 41)}", "--set evolution_us: must have at most 40 values, not 41"),
        ("engine", "hold=perhaps", "--set hold: must be true or false or auto, not 'perhaps'"),
        ("engine", "doughnut_mw=1e9", "--set doughnut_mw: must be at most"),
        ("engine", "houurs=3", "has no key 'houurs'; did you mean 'hours'"),
        ("tomography", "evolution_us=1e9", "--set evolution_us: must be at most 1000"),
        (
            "tomography",
            "evolution_us=0.14",
            "--set evolution_us = 0.14 is not a whole number of the pulse source's 100 ns ticks",
        ),
        ("calibrate", "gradient_a=0.2", "--set gradient_a: must be at most 0.1"),
        ("cool", "heating_steps=2.5", "--set heating_steps"),
        ("wiring", "stage=some", "--set stage"),
        ("rabi", "pi_half_ns", "pi_half_ns"),
    ],
)
def test_a_wrong_setting_is_refused(refused, sequence, setting, words):
    (line,) = refused("run", sequence, "--simulated", "--set", setting)
    assert words in line


def test_a_setting_beyond_the_stations_limits_is_refused(refused, tmp_path):
    station = tmp_path / "station.yaml"
    station.write_text(STATION.read_text().replace("depletion_mw: 1200.0", "depletion_mw: 50.0"))
    (line,) = refused("run", "calibrate", "--simulated", "--station", str(station))
    assert "doughnut_mw = 1000 is beyond the station's limits.depletion_mw = 50" in line


def test_several_faults_are_told_at_once(refused, tmp_path):
    sample = tmp_path / "sample.yaml"
    sample.write_text("seed: -1\n")
    lines = refused("run", "engine", "--simulated", "--sample", str(sample), "--set", "hours=0", "--pace", "0")
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("optics: {doughnut_null: 0.08\nseed: 3\n", "not a YAML file: while parsing a flow mapping"),
        ("optics:\n\tdoughnut_null: 0.1\n", "not a YAML file"),
        ("", "must be a mapping like sample.yaml"),
        ("- 1\n", "must be a mapping like sample.yaml"),
        ("seed: 1\nseed: 2\n", "duplicate key"),
        ("seed: 1\n---\nseed: 2\n", "single document"),
        ('seed: !!python/object/apply:os.system ["exit"]\n', "could not determine a constructor"),
        (LAUGHS + "seed: *i\n", "seed: Input should be a valid integer"),
        ("[" * 5000, "not a YAML file: more than 50 brackets within one another"),
        ("seed: " + "9" * 5000 + "\n", "not a YAML file: Exceeds the limit"),
        ("optics: {doughnut_nul: 0.08}\n", "optics.doughnut_nul: Extra inputs are not permitted"),
        ("optics: dark\n", "optics: Input should be"),
        ("optics: {doughnut_null: .nan}\n", "optics.doughnut_null"),
        ("optics: {saturated_cps: 1.0e+30}\n", "optics.saturated_cps"),
        ("optics: {pump_per_s: 1.0e+300}\n", "optics.pump_per_s"),
        ("pair: {separation_nm: .inf}\n", "pair.separation_nm"),
        ("bath: {spins: 1.0e-300}\n", "bath.spins"),
        ("c13_percent: 101\n", "c13_percent"),
        ("coil_matrix_mt_per_a: [[1, 2], [3]]\n", "coil_matrix_mt_per_a.0.2"),
        ("1: 2\n", "Keys should be strings"),
    ],
)
def test_a_hostile_sample_is_refused(refused, tmp_path, content, words):
    sample = tmp_path / "sample.yaml"
    sample.write_text(content)
    (line,) = refused("run", "engine", "--simulated", "--sample", str(sample))
    assert line.startswith(f"labctl: {sample}: ")
    assert words in line
    assert len(line) < 2_000


@pytest.mark.parametrize("content", [b"\xff\xfes\x00e\x00e\x00d\x00", bytes(range(256))])
def test_what_is_no_text_is_no_sample(refused, tmp_path, content):
    sample = tmp_path / "sample.yaml"
    sample.write_bytes(content)
    (line,) = refused("run", "engine", "--simulated", "--sample", str(sample))
    assert "not a YAML file" in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("limits: {main_a: 1\nwiring: 2\n", ":2: malformed YAML"),
        ("[" * 5000, "malformed YAML"),
        ("limits: {main_a: " + "9" * 5000 + "}\n", "malformed YAML"),
        (LAUGHS + "limits: *i\n", "its aliases (*) unfold to more than 10000 values"),
        ("", "must be a mapping with the sections"),
    ],
)
def test_a_hostile_station_is_refused(refused, tmp_path, content, words):
    station = tmp_path / "station.yaml"
    station.write_text(content)
    (line,) = refused("run", "engine", "--simulated", "--station", str(station))
    assert words in line


@pytest.mark.parametrize("option", ["--sample", "--station"])
def test_a_folder_is_no_file(refused, tmp_path, option):
    (line,) = refused("run", "engine", "--simulated", option, str(tmp_path))
    assert f"{tmp_path}: cannot be read" in line


@pytest.mark.parametrize("sign", ["\\x1b[2J", "\\x9b1m", "\\0", "\\u202e"])
def test_a_file_cannot_speak_to_the_terminal(refused, tmp_path, sign):
    """Control sequences and reversed writing in a key or a name are told, not sent."""
    station = tmp_path / "station.yaml"
    station.write_text(f'{STATION.read_text()}\n"{sign}": 7\n', encoding="utf-8")
    sample = tmp_path / "sample.yaml"
    sample.write_text(f'"{sign}": 7\n', encoding="utf-8")
    for option, file in (("--station", station), ("--sample", sample)):
        said = refused("run", "odmr", "--simulated", option, str(file))
        assert all(line.isprintable() for line in said)
