"""The file of faults: what it may say, and what is said about it if it may not."""

from pathlib import Path

import pytest

from simulated_instruments.faults.kinds import KINDS
from simulated_instruments.faults.script import Fault, FaultsError, load_faults


def written(folder: Path, text: str) -> Path:
    file = folder / "faults.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_of_faults(tmp_path: Path) -> None:
    text = """\
    # the microwave source goes deaf, then the magnet's supply falls back to its power-on values
    faults:
      - {kind: lost, instrument: microwave, matching: '^FREQ ', call: 2, times: 3}
      - kind: reset
        instrument: TCPIP0::192.168.10.21::inst0::INSTR
      - {kind: refused, instrument: ni_card, code: -200324}
      - {kind: lost, call: 1200}
    """
    assert load_faults(written(tmp_path, text)) == (
        Fault(kind="lost", instrument="microwave", matching="^FREQ ", call=2, times=3),
        Fault(kind="reset", instrument="main_supply"),
        Fault(kind="refused", instrument="ni_card", code=-200324),
        Fault(kind="lost", call=1200),
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[]", 1, "must have one key, `faults:`"),
        ("", 1, "must have one key, `faults:`"),
        ("faults: []\nmore: 1", 1, "must have one key, `faults:`"),
        ("# nothing\nfaults: lost", 2, "must be a list; start every fault with `- kind:`"),
        ("faults:\n- lost", 2, "must be a mapping; start it with `- kind:`"),
        ("faults:\n- kind: lost\n- {call: 3}", 3, "kind: must be given"),
        ("faults:\n- kind: lots", 2, "there is no fault 'lots'; there are cut_off, disconnect"),
        ("faults:\n- kind: lost\n  instrument: laser", 3, "there is no instrument 'laser'; there are main_supply"),
        ("faults:\n- kind: lost\n  call: 0", 3, "call: Input should be greater than or equal to 1"),
        ("faults:\n- kind: lost\n  calls: 2", 3, "calls: there is no such key; there are kind, instrument, matching"),
        ("faults:\n- kind: lost\n  matching: '*IDN?'", 3, "put a backslash before"),
        ("faults:\n- kind: lost\n  code: -1", 2, "code belongs to refused, not to lost: remove it"),
        ("faults:\n- kind: trip\n  instrument: microwave", 2, "trip cannot befall microwave; it can have lost"),
        ("faults:\n- kind: lost\n  instrument: ni_card", 2, "lost cannot befall ni_card; it can have refused"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(FaultsError) as caught:
        load_faults(file)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert words in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FaultsError) as caught:
        load_faults(written(tmp_path, "faults:\n- kind: lots\n- {kind: lost, times: 0}\n"))
    assert [line.partition(", line ")[2][0] for line in str(caught.value).splitlines()] == ["2", "3"]


@pytest.mark.parametrize(
    "text",
    ["faults: [", "faults: !!python/object/apply:os.system [touch hit]", "faults:\n- &a [*a]", "\x00", "a: b: c"],
)
def test_a_hostile_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FaultsError):
        load_faults(written(tmp_path, text))
    assert not (tmp_path / "hit").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match=r"cannot be read \(No such file"):
        load_faults(tmp_path / "none.yaml")


def test_the_page_about_faults_shows_a_file_that_works_and_names_every_kind(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert len(load_faults(written(tmp_path, example))) == 5
    table = page.partition("| who |")[2].partition("\n\n")[0]
    assert {kind for kind in KINDS if f"`{kind}`" not in table} == set()
