"""A running server, a browser, and a page that fails its test when anything goes wrong inside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.browser import FLAGS, find_browser, install_browser
from tests.browser.driving import Watch, running_server

REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
    return report


@pytest.fixture(scope="session")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "server.log"


@pytest.fixture(scope="session")
def server(server_log: Path) -> Iterator[str]:
    """The address of the app, served by server.py as `make run` serves it."""
    with running_server(server_log) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_browser() or install_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, server: str, server_log: Path) -> Iterator[Page]:
    """A page of a fresh browser, 1280 x 900, for which `page.goto("/")` opens the app."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)  # for a busy machine; all of this takes a second on a free one
    expect.set_options(timeout=60_000)
    watch = Watch(page)
    logged = server_log.stat().st_size
    yield page
    report = request.node.stash.get(REPORT, None)
    if report is not None and report.failed:
        with server_log.open(errors="replace") as log:
            log.seek(logged)
            print(f"\nserver.py said during this test:\n{log.read() or '(nothing)'}")
    context.close()
    assert not watch.errors, "\n".join(watch.errors)
