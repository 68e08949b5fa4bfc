"""Find a Chromium for the browser tests and the benchmarks, or install one.

`python -m scripts.browser` prints the path of its executable. The browser tests are never skipped: where no browser can
be had this fails with the command that gives one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""Flags for a browser without a display, run as root, that calls no other machine."""


class BrowserMissingError(RuntimeError):
    """No browser was found and none could be installed; the message says what to run."""


def on_path() -> str | None:
    """The first Chromium-like browser on PATH."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def from_playwright() -> str | None:
    """The Chromium that Playwright downloaded earlier."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_browser() -> str | None:
    """REGARD_BROWSER, a browser on PATH, or Playwright's own; None where there is none."""
    named = os.environ.get("REGARD_BROWSER")
    if named:
        found = shutil.which(named)
        if found is None:
            raise BrowserMissingError(f"REGARD_BROWSER names {named!r}, and there is no such program.")
        return found
    return on_path() or from_playwright()


def install_browser() -> str:
    """Debian's chromium where this process may install it, else the one Playwright downloads."""
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run(["apt-get", "update", "-qq"], environment)
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], environment)
        if found := on_path():
            return found
    _run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))
    if found := from_playwright():
        return found
    raise BrowserMissingError(
        "The browser tests need Chromium and none could be installed. Run one of these and try again:\n"
        "    sudo apt-get install chromium\n"
        f"    {sys.executable} -m playwright install --with-deps chromium\n"
        "or name a browser you have: REGARD_BROWSER=/path/to/chrome make test"
    )


def _run(command: list[str], environment: dict[str, str]) -> None:
    """Run an installer with its output on stderr; after a failure the browser is missing, which the caller notices."""
    print("+", *command, file=sys.stderr, flush=True)
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


def main() -> int:
    try:
        print(find_browser() or install_browser())
    except BrowserMissingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
