"""What the browser tests and the benchmarks do to the app from outside: start it, wait for it, watch it."""

from __future__ import annotations

import os
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

from playwright.sync_api import ConsoleMessage, Error, Page, Request

ROOT = Path(__file__).resolve().parents[2]
LOCAL_HOSTS = {"127.0.0.1", "localhost"}
START_SECONDS = 120
QUIET_MS = 400
"""How long nothing may run before a page counts as settled: longer than the text box's 150 ms of debounce."""


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


def settled(page: Page, timeout_s: float = 30) -> None:
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


IS_IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app !== null
    && app.getAttribute('data-test-connection-state') === 'CONNECTED'
    && app.getAttribute('data-test-script-state') === 'notRunning'
    && document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]') === null;
}"""


class Watch:
    """Collects what should not happen in a page: script errors, console errors, requests to other machines."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("pageerror", self._on_page_error)
        page.on("console", self._on_console)
        page.on("request", self._on_request)

    def _on_page_error(self, error: Error) -> None:
        self.errors.append(f"script error: {error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"console error: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOCAL_HOSTS:
            self.errors.append(f"request to another machine: {request.url}")
