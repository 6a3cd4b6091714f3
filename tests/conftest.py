"""What all tests share, and the tier of each: see support.tiers."""

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

pytest.register_assert_rewrite("support", "tools.trials")

from support.tiers import closed, sort_into_tiers, tier_of  # noqa: E402


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before `-m` chooses among them."""
    sort_into_tiers(items, config.pluginmanager.hasplugin("timeout"))


@pytest.fixture(autouse=True)
def nothing_opens(request: pytest.FixtureRequest) -> Iterator[None]:
    """No socket, process or window in the tiers that have none."""
    tier = tier_of(request.node)
    with nullcontext() if tier in (None, "system") else closed(tier):
        yield


@pytest.fixture(scope="session", autouse=True)
def no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever runs the tests is told of no run in them.

    Not by the fixture `monkeypatch`: that of each test is to be undone before what the test patched is closed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABCTL_SETTINGS", str(tmp_path_factory.getbasetemp() / "no-settings.yaml"))
        yield


@pytest.fixture
def calls() -> Callable[[Callable[[], object]], int]:
    """How many functions, of Python and of C, something calls: what it costs, whatever else the machine does.

    Threads that it starts count as well.
    """

    def counted(act: Callable[[], object]) -> int:
        count = itertools.count()

        def called(_frame: object, what: str, _argument: object) -> None:
            if what in ("call", "c_call"):
                next(count)  # in one step, for there may be several threads

        threading.setprofile(called)
        sys.setprofile(called)
        try:
            act()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return next(count)

    return counted
