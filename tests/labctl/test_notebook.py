"""A bench in Python: runs with keywords, the same safety as on the command line, and a kernel that is killed."""

import os
import re
import shutil
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

import labctl
from labctl.common.refusals import BenchFault, Refusal
from labctl.notebook.cell_output import Cell
from labctl.run.events import News
from sequences.results import Begin, Progress
from tools.trials import served_bench
from tools.trials.served_bench import until

HOME = Path(__file__).resolve().parents[2]
STATION = HOME / "station.yaml"
PAGE = HOME / "docs" / "notebook.md"
WITHIN_S = 10.0
"""In which a killed kernel leaves the bench dark: 2 s on a machine that has time."""


@contextmanager
def bench(tmp_path, **options):
    with labctl.open_bench(simulated=True, station=STATION, data=tmp_path / "data", **options) as opened:
        yield opened


@pytest.mark.usefixtures("toys")
def test_runs_with_keywords_and_what_becomes_of_them(tmp_path):
    with bench(tmp_path, seed=1) as opened:
        run = opened.run("part", points=3, times_us=[1, 2.5], inner={"green_mw": 5}, quiet=True)
        assert (run.status, run.plan["points"], run.plan["times_us"]) == ("completed", 3, [1.0, 2.5])
        assert run.plan["inner"] == {"green_mw": 5.0}
        assert str(run.result.slope_per_v) == "100 1/V"
        assert run.data["counts"].size == 3
        again = opened.run(like=run.run_id, span_mt=0.5, quiet=True)
        assert again.plan == {**run.plan, "span_mt": 0.5}
        with pytest.raises(labctl.RunFailed, match="toy failed: The counts fell to 3") as failed:
            opened.run("toy", ends="badly", quiet=True)
        assert failed.value.run.status == "failed"
        assert [one.sequence for one in opened.data] == ["part", "part", "toy", "part"]
    with pytest.raises(Refusal, match="The bench is closed"):
        opened.run("part")


@pytest.mark.usefixtures("toys")
def test_what_is_wrong_is_told_before_anything_is_switched_on(tmp_path):
    with pytest.raises(Refusal) as refused:
        labctl.open_bench(seed=1, station=tmp_path / "nowhere.yaml", data=tmp_path / "data")
    assert "--seed belongs to the digital twin" in str(refused.value)
    assert "nowhere.yaml" in str(refused.value)
    with bench(tmp_path) as opened:
        with pytest.raises(Refusal) as refused:
            opened.run("part", pionts=3, span_mt=99)
        assert "did you mean 'points'" in str(refused.value)
        assert "span_mt: must be at most 10, not '99'" in str(refused.value)
        with pytest.raises(Refusal, match="There is no sequence 'prat'"):
            opened.run("prat")
        with pytest.raises(Refusal, match=r"inner\.green_mw"):
            opened.run("part", inner={"green_mw": 900})
        with pytest.raises(BenchFault, match="labctl run align --simulated"):
            opened.run("tomography")
        assert len(opened.data) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process of a console alone")
@pytest.mark.usefixtures("toys")
def test_an_interrupted_cell_keeps_what_was_measured_and_the_bench_goes_on(tmp_path, capsys):
    with bench(tmp_path, pace=50.0) as opened:
        for number in (1, 2):
            before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as a kernel does with every cell
            ctrl_c = threading.Thread(target=lambda: _interrupt(opened.data, number))  # noqa: B023
            ctrl_c.start()
            with pytest.raises(KeyboardInterrupt, match=f"run {number} was stopped; what it measured is kept"):
                opened.run("part", points=10_000, quiet=True)
            ctrl_c.join()
            assert opened.data[number].status == "aborted"
            assert opened.data[number].data["counts"].size > 0
            assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
        assert opened.run("part", points=1, quiet=True).status == "completed"
    assert "stopping before the next play" in capsys.readouterr().out


def _interrupt(data, number):
    until(lambda: len(data) >= number and data[number].data["counts"].size > 1)
    os.kill(os.getpid(), signal.SIGINT)


def test_a_cell_shows_a_line_for_every_run_that_goes_on(monkeypatch):
    shown = []

    class Handle:
        def update(self, bundle, raw):
            assert raw
            shown.append(bundle["text/plain"].split("\n"))

    monkeypatch.setattr("IPython.display.display", lambda *_, **__: Handle())
    monkeypatch.setattr("labctl.notebook.cell_output._PERIOD_S", 0.0)
    cell = Cell()
    cell.heard(News(1, "engine", 0, Begin("engine", None), 0.0))
    cell.heard(News(2, "align", 1, Begin("align", None), 1.0))
    cell.heard(News(2, "align", 1, Progress(0.5, "f- 2731(1) MHz"), 60.0))
    assert shown[-1][0].startswith("engine")
    assert "50%  f- 2731(1) MHz" in shown[-1][1]
    cell.heard(News(3, "rabi", 1, Begin("rabi", None), 61.0))
    assert [line.split()[0] for line in shown[-1]] == ["engine", "rabi"]


# ---- a kernel ------------------------------------------------------------------------------------------------------


class Kernel:
    def __init__(self, folder, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", str(HOME))
        shutil.copy(STATION, folder)
        self.manager, self.client = start_new_kernel(cwd=str(folder))

    def outputs(self, code):
        """All that a cell shows, as plain text; what it tells of itself while it goes on too."""
        texts = []

        def heard(message):
            content = message["content"]
            texts.append(content.get("text") or "\n".join(content.get("traceback") or ()))
            texts.append((content.get("data") or {}).get("text/plain", ""))
            texts.extend(content.get("data") or {})

        self.client.execute_interactive(code, output_hook=heard, timeout=120)
        return "\n".join(texts)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    made = Kernel(tmp_path, monkeypatch)
    yield made
    made.close()


def test_the_page_is_what_a_notebook_does(kernel):
    cells = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(cells) >= 4
    shown = [kernel.outputs(cell) for cell in cells]
    assert "Traceback" not in "".join(shown)
    assert re.search(r"\d+%", shown[0])  # progress, in the cell: not each step of it is shown
    assert "completed" in shown[0]
    assert "field_mt" in shown[0]
    assert "image/png" in "".join(shown)
    wrong = kernel.outputs('labctl.open_data("nowhere")')
    assert wrong.strip().startswith("labctl: There is no folder nowhere.")
    assert "Traceback" not in wrong


def test_a_killed_kernel_leaves_no_laser_on(kernel, tmp_path):
    with served_bench.served(tmp_path, pace=20.0) as (wires, client):
        kernel.outputs(f'import labctl; bench = labctl.open_bench(served="{wires}")')
        kernel.client.execute('bench.run("odmr")')
        until(lambda: any("is high" in what or "emits" in what for what in client.state()["still_on"]))
        kernel.manager.signal_kernel(getattr(signal, "SIGKILL", signal.SIGTERM))
        assert until(lambda: not client.state()["still_on"]) < WITHIN_S
