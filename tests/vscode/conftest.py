"""One VS Code and one browser for all tests; each test has a folder and windows of its own in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]

from code_server import BED, CHROMIUM, CODE_SERVER, VSIX, CodeServer, chromium  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from playwright.sync_api import BrowserContext  # noqa: E402 - as above
from window import Window  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
from worlds_vscode import (  # noqa: E402 # pyright: ignore[reportMissingImports] - beside this file
    Open,
    configure,
    end_servers,
    new_workspace,
)

FAILED = BED / "failed"
"""Pictures of the windows of tests that failed."""
_IS_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def programs() -> None:
    """VS Code and Chromium are installed by `make test-editors`, which demands these tests."""
    is_there = all(path.exists() for path in (CODE_SERVER, CHROMIUM, VSIX))
    if not is_there and "ORCHESTRATOR_TEST_EDITORS" not in os.environ:
        pytest.skip("VS Code is not installed: make test-editors")


@pytest.fixture(scope="session")
def shared_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the servers of all windows keep their state: VS Code starts once, with one environment."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def state_dir(shared_state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same for the shell and Neovim of a test; the servers end with it."""
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(shared_state))
    yield shared_state
    end_servers(shared_state)


@pytest.fixture(scope="session")
def code(programs: None, shared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """The VS Code of all windows."""
    env = {"ORCHESTRATOR_STATE_DIR": str(shared_state), "ORCHESTRATOR_IDLE_TIMEOUT_S": "20"}
    started = CodeServer(tmp_path_factory.mktemp("home"), env)
    yield started
    started.stop()
    end_servers(shared_state)


@pytest.fixture(scope="session")
def browser(programs: None) -> Iterator[BrowserContext]:
    """The Chromium of all windows."""
    with chromium() as started:
        yield started


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder whose name is the test's own."""
    return new_workspace(tmp_path / tmp_path.name)


@pytest.fixture
def opened(
    code: CodeServer, browser: BrowserContext, workspace: Path, request: pytest.FixtureRequest
) -> Iterator[Open]:
    """Opens windows on a folder, with settings of the extension's, which are closed when the test is over."""
    with ExitStack() as stack:

        @contextmanager
        def window(folder: Path = workspace, **settings: object) -> Iterator[Window]:
            configure(folder, **settings)
            made = Window(code, browser, folder)
            try:
                yield made
            finally:
                if request.node.stash.get(_IS_FAILED, False) and not made.page.is_closed():
                    FAILED.mkdir(exist_ok=True)
                    made.picture(FAILED / f"{request.node.name}.png")
                made.close()

        yield lambda *args, **settings: stack.enter_context(window(*args, **settings))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes for the fixtures whether the test has failed."""
    report = yield
    item.stash[_IS_FAILED] = item.stash.get(_IS_FAILED, False) or report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser takes its time on a busy machine."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(900))
