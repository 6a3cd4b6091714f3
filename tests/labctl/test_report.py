"""`labctl report`: one page that needs nothing else and says all of a run; `labctl bug-report` keeps addresses back."""

import json
import re
import zipfile
from contextlib import closing
from html.parser import HTMLParser

import pytest

from labctl.data.reader import one_run
from labctl.data.remarks import add_note, add_tag
from labctl.data.serialise import plain
from labctl.data.writing.run_writer import Store
from labctl.report.bug_report import without_addresses
from sequences.align import AlignPlan
from sequences.cool import CoolPlan
from sequences.odmr import COLUMNS, OdmrPlan

STATION = "instruments:\n  laser: {type: a.B, address: COM3}\n  card:\n    address: Dev1/x  # ours\n"
TIME = "2026-11-24T10:00:00+00:00"
KNOWN = {
    "field.x_a": {"value": 0.0123, "error": 0.0002, "run_id": "7", "time": TIME},
    "gates.gate_ns": {"value": 800.0, "error": 2.0, "run_id": "7", "time": TIME},
}
ENDS = {"img", "meta", "br"}
"""Tags that have no end."""


class Page(HTMLParser):
    """What a page holds; a tag that is not closed in its turn fails."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.sources = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ENDS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def folder(tmp_path):
    """1 odmr that completed, 2 engine with the parts 3 align and 4 cool, 5 odmr that failed."""
    with closing(Store(tmp_path / "data", "a <bench>")) as store:

        def begun(sequence, plan, parent=None, columns=()):
            kept = {
                "bench": "a <bench>",
                "plan": plan,
                "calibration": KNOWN,
                "seed": 5,
                "station_file": STATION,
                "options": {"simulated": ""},
            }
            return store.begin(sequence, columns, kept, parent=parent)

        used = {"calibration_used": KNOWN, "notes": ["the null walked"], "photons": 1e6, "lab_time_s": 7200.0}
        odmr = begun("odmr", plain(OdmrPlan(step_mhz=0.5)), columns=COLUMNS)
        for k in range(20):
            odmr.add({"frequency_hz": 2.8e9 + 1e5 * k, "signal": 1.0 - 0.01 * k, "signal_err": 0.003})
        result = {"field_mt": 4.5123, "field_mt_err": 0.0021, "tilt_deg": 1.0, "tilt_deg_err": 0.1}
        odmr.end({"status": "completed", "message": "", "result": result, **used})
        engine = begun("engine", {})
        aligned = {"field_mt": 51.2, "field_mt_err": 0.001, "detuning_khz": 0.4, "detuning_khz_err": 0.3}
        begun("align", plain(AlignPlan()), engine).end({"status": "completed", "result": aligned})
        cooled = {
            "polarisation_right": 0.5,
            "polarisation_right_err": 0.1,
            "believed": {"gamma1": 0.25, "balance": 0.5},
        }
        begun("cool", plain(CoolPlan()), engine).end({"status": "completed", "result": cooled})
        concurrence = {"concurrence": [0.1, 0.2, 0.3], "concurrence_err": [0.03, 0.03, 0.03]}
        concurrence["concurrence_ci95"] = [[0.04, 0.16], [0.14, 0.26], [0.24, 0.36]]
        model = {"predicted_concurrence": [0.1, 0.25, 0.3], "predicted_concurrence_err": [0.04, 0.04, None]}
        times = {"evolution_us": [1.0, 2.0, 3.0], "best_us": 2.0}
        engine.end({"status": "completed", "message": "", "result": {**times, **concurrence, **model}, **used})
        begun("odmr", plain(OdmrPlan())).end({"status": "failed", "message": "No <b>dip</b>", "result": None})
    add_note(tmp_path / "data", one_run(tmp_path / "data", 1), "the laser was <cold>")
    add_tag(tmp_path / "data", one_run(tmp_path / "data", 1), "night")
    return tmp_path / "data"


@pytest.fixture
def reported(labctl, folder, tmp_path):  # noqa: ARG001  # the runs are there
    def made(*arguments):
        to = tmp_path / "report.html"
        assert labctl("report", *arguments, "--to", str(to), "--overwrite").code == 0
        return Page(to.read_text(encoding="utf-8"))

    return made


def test_a_page_needs_nothing_else(reported):
    page = reported("1")
    assert page.sources
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    assert "script" not in page.text


def test_a_run_says_what_was_asked_what_came_out_and_how_to_repeat_it(reported, folder):
    text = reported("1").text
    assert "Plan: step_mhz = 0.5" in text
    assert "Find both lines, scan them" in text
    assert "field_mt 4.5123 ± 0.0021 mT Magnitude of the field." in text
    assert "the laser was <cold>" in text
    assert "#night" in text
    assert "Alignment value ± 1 sigma measured by run at field.x_a 0.01230 ± 0.00020 7 2026-11-24" in text
    assert "Calibration value ± 1 sigma measured by run at gates.gate_ns 800.0 ± 2.0 7 2026-11-24" in text
    assert "bench a <bench>" in text
    assert "the null walked" in text
    assert "2 h 00 min of laboratory time" in text
    assert f"labctl run odmr --set step_mhz=0.5 --simulated --data {folder}" in text


def test_an_engine_is_held_against_the_model_and_says_what_was_believed(reported):
    text = reported("2").text
    assert "concurrence[1] 0.200 ± 0.030 0.250 ± 0.040 -1.0" in text
    assert "concurrence[2] 0.300 ± 0.030 0.3 -" in text  # a model without an error has no pull
    assert "0.14 … 0.26" in text
    believed = text[text.index("What was believed") :]
    assert "run 4, cool balance 50 % run 4, cool gamma1 25 %" in believed
    aligned = text[text.index("Alignment") : text.index("Calibration")]
    assert "field_mt 51.2000 ± 0.0010 mT" in aligned
    assert "run 3: align, completed" in text


def test_runs_are_chosen_by_time_or_tag_and_refused_ones_say_why(reported):
    page = reported("--since", "yesterday")
    assert [source for source in page.sources if source.startswith("#")] == ["#run-1", "#run-2", "#run-5"]
    assert "No <b>dip</b>" in page.text
    assert "Runs 1, 2, 5" in page.text
    assert "Run 1" in reported("--tag", "night").text


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_reported_is_refused_with_what_to_do(labctl, tmp_path):
    to = tmp_path / "report.html"
    assert "Name runs, or say since when" in labctl("report", "--to", str(to)).err
    assert labctl("report", "1", "--since", "today", "--to", str(to)).code == 2
    assert "There is no run 9" in labctl("report", "9", "--to", str(to)).err
    assert "use .html" in labctl("report", "1", "--to", "report.pdf").err
    assert not to.exists()
    to.write_text("mine")
    assert "add --overwrite" in labctl("report", "1", "--to", str(to)).err
    assert to.read_text() == "mine"
    assert "cannot be written" in labctl("report", "1", "--to", str(tmp_path / "no" / "r.html")).err


def test_a_bug_report_holds_no_address(labctl, folder, tmp_path):
    station, to = tmp_path / "mine.yaml", tmp_path / "bug.zip"
    station.write_text("instruments:\n  mw:\n    address: TCPIP0::192.168.10.23::inst0::INSTR\n", encoding="utf-8")
    log = "asked TCPIP0::192.168.10.23::inst0::INSTR and COM3\n" * 500
    (folder / "labctl.log").write_text(log, encoding="utf-8")
    done = labctl("bug-report", "--station", str(station), "--to", str(to))
    assert done.code == 0
    assert "look through it before you send it" in done.out
    with zipfile.ZipFile(to) as made:
        contents = {name: made.read(name).decode() for name in made.namelist()}
    assert contents.keys() == {"versions.json", "station.yaml", "log.txt", "last_run.json"}
    assert not re.search(r"192\.168|COM3|Dev1", "".join(contents.values()))
    assert contents["log.txt"].count("\n") == 400
    last = json.loads(contents["last_run.json"])
    assert (last["run_id"], last["status"], last["record"]["sequence"]) == (5, "failed", "odmr")
    assert "address: (address)" in last["record"]["station_file"]
    assert "numpy" in json.loads(contents["versions.json"])["versions"]
    assert "is there already" in labctl("bug-report", "--to", str(to)).err


def test_a_bug_report_is_written_where_nothing_is(labctl, tmp_path):
    to = tmp_path / "bug.zip"
    assert labctl("bug-report", "--station", str(tmp_path / "no.yaml"), "--to", str(to)).code == 0
    with zipfile.ZipFile(to) as made:
        assert "cannot be read" in made.read("station.yaml").decode()
        assert "nothing was stored" in made.read("last_run.json").decode()


@pytest.mark.parametrize(
    "text",
    [
        "  address: GPIB0::7::INSTR # left",
        "a: {address: /dev/ttyUSB0, b: 1}",
        "VISA error at ASRL3::INSTR",
        "10.0.0.7:5025",
    ],
)
def test_addresses_are_hidden_wherever_they_stand(text):
    hidden = without_addresses(text)
    assert "(address)" in hidden
    assert not re.search(r"GPIB|ttyUSB|ASRL|10\.0", hidden)
