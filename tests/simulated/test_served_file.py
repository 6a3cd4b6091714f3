"""The file that tells where everything of a served bench is."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.serving import SUPPLY, served_in

from simulated_instruments.served.bench import Served
from simulated_instruments.served.wires import WiresError, WiresFile, read_wires


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_in(tmp_path_factory.mktemp("served")) as bench:
        yield bench


def test_the_file_tells_of_the_bench_as_long_as_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    with served_in(tmp_path) as bench:
        assert read_wires(file) == bench.wires
        assert [entry.name for entry in tmp_path.iterdir()] == ["bench.json"]
    assert not file.exists()


def test_the_file_of_another_bench_is_left_alone(tmp_path: Path) -> None:
    with served_in(tmp_path) as first:
        other = first.wires.model_copy(update={"seed": 2})
        other.write(tmp_path / "bench.json")
    assert read_wires(tmp_path / "bench.json") == other


def test_a_second_bench_does_not_take_the_file_of_one_that_is_there(tmp_path: Path) -> None:
    with served_in(tmp_path) as first:
        with pytest.raises(FileExistsError, match="tells of a bench that is running"), served_in(tmp_path):
            pass
        assert read_wires(tmp_path / "bench.json") == first.wires


def test_a_bench_that_cannot_tell_where_it_is_does_not_stay(tmp_path: Path) -> None:
    before = len(threading.enumerate())
    with pytest.raises(OSError, match="No such file"), served_in(tmp_path / "missing"):
        pass
    assert not [thread for thread in threading.enumerate()[before:] if thread.name == "ports"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"control": "192.168.10.5:5000"}, "control"),
        ({"ni_target": "example.org:5000"}, "ni_target"),
        ({"addresses": {SUPPLY: "TCPIP0::192.168.10.21::5025::SOCKET"}}, "addresses"),
        ({"label": "../../elsewhere"}, "label"),
        ({"pace": 0}, "pace"),
        ({"more": 1}, "more"),
    ],
)
def test_a_file_that_leads_elsewhere_is_refused(
    served: Served, tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps(served.wires.model_dump() | change))
    with pytest.raises(WiresError, match=f"{complaint}.*--serve --file"):
        read_wires(file)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"[" * 100_000, b"null", b'{"control": 1}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(content)
    with pytest.raises(WiresError, match="is not the file of a served bench"):
        read_wires(file)
    with pytest.raises(WiresError, match="cannot be read"):
        read_wires(tmp_path / "missing.json")


def test_the_file_is_the_same_after_a_round_trip(served: Served) -> None:
    assert WiresFile.model_validate_json(served.wires.model_dump_json()) == served.wires
