"""What the browser tests and the benchmarks do to the app from outside: start it, wait for it, watch it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request, expect

ROOT = Path(__file__).resolve().parents[2]
LOCAL_HOSTS = {"127.0.0.1", "localhost"}
START_SECONDS = 120
HOVER_MS = 100
QUIET_MS = 400
"""How long nothing may run before a page counts as settled: longer than the text boxes wait after a keystroke."""


class ServerFailedError(RuntimeError):
    """The server ended or never answered; the message holds its log."""


@contextmanager
def running_server(log: Path, root: Path = ROOT) -> Iterator[str]:
    """`python server.py` on a free port; yields its address once it answers, and stops it afterwards."""
    port = free_port()
    environment = {**os.environ, "STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "server.py"], cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_health(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_health(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return once the server answers; it answers only after its first example has run."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailedError(f"server.py ended with {process.returncode}:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise ServerFailedError(f"server.py did not answer in {START_SECONDS} s:\n{log.read_text(errors='replace')}")


def settled(page: Page, timeout_s: float = 90) -> None:
    """Wait until Streamlit is connected, runs nothing, shows nothing stale, and has been so for a moment."""
    deadline = time.monotonic() + timeout_s
    quiet_since: float | None = None
    while time.monotonic() < deadline:
        now = time.monotonic()
        if not page.evaluate(IS_IDLE):
            quiet_since = None
        elif quiet_since is None:
            quiet_since = now
        elif (now - quiet_since) * 1000 >= QUIET_MS:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"The page was still busy after {timeout_s} s.")


def opened(page: Page, address: str = "/") -> Page:
    """The page after a visit to an address, at rest."""
    page.goto(address)
    settled(page)
    return page


def listening(page: Page, key: str) -> Page:
    """The page once its keyboard component listens: its script may arrive after the page came to rest."""
    page.locator(f".st-key-{key} [data-listens]").wait_for(state="attached")
    return page


def text_box(page: Page) -> Locator:
    return page.locator(".st-key-text textarea")


def button(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key}").get_by_role("button")


def chips(page: Page, strip: str, row: int = 0) -> Locator:
    """The tokens of a row of a strip."""
    return page.locator(f".st-key-{strip}").get_by_test_id(f"token-row-{row}").locator(".chip b")


def chart(page: Page, key: str) -> Locator:
    """A drawn Plotly chart."""
    drawn = page.locator(f".st-key-{key} .js-plotly-plot .main-svg").first
    expect(drawn).to_be_visible()
    return page.locator(f".st-key-{key} .js-plotly-plot")


def click_point(page: Page, key: str, x: float, y: float) -> None:
    """A click on a place of a chart, in the units of its axes."""
    found = chart(page, key)
    found.scroll_into_view_if_needed()
    left, top = found.evaluate(PLACE_OF, [x, y])
    page.mouse.move(left - 3, top)
    page.mouse.move(left, top)
    page.wait_for_timeout(HOVER_MS)  # Plotly clicks what it last saw under the pointer, and looks 20 times a second
    page.mouse.click(left, top)


PLACE_OF = """(chart, [x, y]) => {
  const { xaxis, yaxis } = chart._fullLayout;
  const box = chart.getBoundingClientRect();
  return [box.left + xaxis._offset + xaxis.l2p(x), box.top + yaxis._offset + yaxis.l2p(y)];
}"""

IS_IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app !== null
    && app.getAttribute('data-test-connection-state') === 'CONNECTED'
    && app.getAttribute('data-test-script-state') === 'notRunning'
    && document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]') === null;
}"""


PROBE = re.compile(r"/\w+/_stcore/(health|host-config)")
"""Streamlit's script looks for its server beside the page it was opened at, is told 404, and finds it at the root."""


class Watch:
    """Collects what should not happen in a page: script errors, console errors, requests to other machines.

    Two console errors are Streamlit's own, on a visit that begins at a page such as /decoding; see PROBE.
    """

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("pageerror", self._on_page_error)
        page.on("console", self._on_console)
        page.on("request", self._on_request)

    def _on_page_error(self, error: Error) -> None:
        self.errors.append(f"script error: {error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        probe = "404" in message.text and PROBE.fullmatch(urlsplit(url).path)
        if message.type == "error" and not probe:
            self.errors.append(f"console error: {message.text} ({url})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOCAL_HOSTS:
            self.errors.append(f"request to another machine: {request.url}")
