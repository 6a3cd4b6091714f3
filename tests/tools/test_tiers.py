"""The tiers of tests are kept apart: what a lower tier may not open is refused, and every module has a tier."""

import multiprocessing
import os
import socket
import subprocess
import sys

import grpc
import pytest
from pyqtgraph.Qt import QtWidgets
from support.tiers import TESTS, Opened, closed

pytest_plugins = ("pytester",)

OPENED = {
    "a socket": (socket.socket, "opens a socket"),
    "a channel of gRPC": (lambda: grpc.insecure_channel("localhost:1"), "opens a socket"),
    "a server of gRPC": (lambda: grpc.server(None), "opens a socket"),
    "a program": (lambda: subprocess.run([sys.executable, "-V"], check=True), "starts a process"),
    "a shell": (lambda: os.system("true"), "starts a process"),
    "a process": (lambda: multiprocessing.get_context("spawn").Process(target=print).start(), "starts a process"),
    "Qt": (lambda: QtWidgets.QApplication([]), "starts Qt"),
}


@pytest.mark.parametrize("what", OPENED)
@pytest.mark.parametrize("tier", ["unit", "twin"])
def test_what_a_lower_tier_may_not_open_is_refused(tier, what):
    act, words = OPENED[what]
    with closed(tier), pytest.raises(Opened, match=f"A test of the tier {tier} {words}: it is of the tier system"):
        act()


def test_afterwards_everything_may_be_opened_again():
    with closed("unit"):
        pass
    socket.socket().close()
    subprocess.run([sys.executable, "-c", ""], check=True)
    grpc.insecure_channel("localhost:1").close()


CONFTEST = """
import support.tiers
from support.tiers import *
import pathlib
support.tiers.TESTS = pathlib.Path(__file__).parent

def pytest_collection_modifyitems(items):
    sort_into_tiers(items, False)
"""


@pytest.fixture
def collected(pytester):
    """What pytest says of a tree of tests with these modules."""

    def collect(**modules):
        pytester.makeconftest(CONFTEST)
        pytester.makeini(f"[pytest]\npythonpath = {TESTS}\nmarkers =\n    unit: u\n    twin: t\n    system: s\n")
        for name, text in modules.items():
            file = pytester.mkdir(name) / f"test_{name}.py"
            file.write_text(text)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "--collect-only", "-q")

    return collect


def test_a_module_without_a_tier_fails_the_collection(collected):
    said = collected(elsewhere="def test_it(): pass\n")
    assert said.ret == pytest.ExitCode.USAGE_ERROR
    said.stderr.fnmatch_lines(["*test_elsewhere.py has no tier: write pytestmark = pytest.mark.unit, twin or system*"])


def test_its_own_mark_or_that_of_its_folder_will_do(collected):
    said = collected(
        elsewhere="import pytest\npytestmark = pytest.mark.unit\ndef test_it(): pass\n", physics="def test_it(): pass\n"
    )
    assert said.ret == pytest.ExitCode.OK


def test_two_tiers_are_one_too_many(collected):
    said = collected(physics="import pytest\npytestmark = pytest.mark.unit\n@pytest.mark.twin\ndef test_it(): pass\n")
    said.stderr.fnmatch_lines(["*has the tiers twin and unit: a test has one*"])


def test_a_window_is_of_the_highest_tier(collected):
    said = collected(physics="def test_it(qtbot): pass\n")
    said.stderr.fnmatch_lines(["*is of the tier unit, but q* starts Qt: it is of system*"])
