"""Every command of docs/data.md and of README.md works: it is run, in the order of the page."""

import re
import shlex
import shutil
from contextlib import closing

from support.made_up import STATION

from labctl.data.reader import one_run
from labctl.data.remarks import add_tag, set_star
from labctl.data.serialise import serialisable
from labctl.data.writing.run_writer import Store
from sequences.odmr import COLUMNS, OdmrPlan

PAGE = STATION.parent / "docs" / "data.md"
README = STATION.parent / "README.md"
RESULT = {"field_mt": 4.5, "field_mt_err": 0.1}


def commands(page=PAGE, run="3"):
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line.replace("RUN", run) for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_works(labctl, tmp_path, monkeypatch):
    with closing(Store(tmp_path / "data", "a bench")) as store:
        for _ in range(8):
            run = store.begin("odmr", COLUMNS, {"plan": serialisable(OdmrPlan())})
            for k in range(5):
                run.add({"frequency_hz": 2.8e9 + k, "signal": 1.0, "signal_err": 0.1})
            run.end({"status": "completed", "message": "", "result": RESULT})
    add_tag(tmp_path / "data", one_run(tmp_path / "data", 1), "night")
    set_star(tmp_path / "data", one_run(tmp_path / "data", 1), True)
    shutil.copy(STATION, tmp_path)
    monkeypatch.chdir(tmp_path)
    named = set()
    for command in commands():
        program, *arguments = shlex.split(command)
        assert program == "labctl"
        answer = labctl(*arguments)
        assert answer.code == 0, f"{command}\n{answer.err}"
        named.add(arguments[0])
    assert named >= {"runs", "note", "tag", "star", "run", "compare", "explain", "report", "bug-report"}
    assert {file.name for file in tmp_path.iterdir()} >= {"compared.png", "night.html", "bug.zip"}


def test_every_command_of_the_readme_works(labctl, tmp_path, monkeypatch):
    shutil.copy(STATION, tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = []
    for command in commands(README, "1"):
        program, *arguments = shlex.split(command)
        assert program == "labctl"
        if arguments[:2] != ["run", "engine"]:  # which test_engine_run.py runs
            answer = labctl(*arguments)
            assert answer.code == 0, f"{command}\n{answer.err}"
            ran.append(arguments[0])
    assert ran == ["run", "run", "runs", "show", "export"]
    assert {file.name for file in tmp_path.iterdir()} >= {"spectrum.png", "data.nc"}
