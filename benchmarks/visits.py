"""A visit to a page in a fresh browser context: bytes sent, time until visible, time of a change."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

SEEN = """(done) => {
  const inside = (key, what) => [...document.querySelectorAll(`.st-key-${key}, .st-key-${key} *`)]
    .some((element) => element.shadowRoot?.querySelector(what));
  window.benchInside = inside;
  const look = () => {
    if (!done(inside)) { requestAnimationFrame(look); return; }
    requestAnimationFrame(() => requestAnimationFrame(() => { window.benchVisible = performance.now(); }));
  };
  requestAnimationFrame(look);
}"""
PAINTED = """() => {
  window.benchTook = new Promise((resolve) => document.addEventListener('click', () => {
    const start = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
  }, { capture: true, once: true }));
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server without log output."""

    def log_message(self, format: str, *args: object) -> None:
        return


@contextlib.contextmanager
def files(folder: Path) -> Iterator[str]:
    """BertViz's pages and its three libraries from this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


class Traffic:
    """Bytes that reach a page: over HTTP as they are on the wire, and in websocket messages."""

    def __init__(self, page: Page) -> None:
        self.http = self.socket = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._on_finished)
        session.on("Network.webSocketFrameReceived", self._on_frame)

    def _on_finished(self, event: dict[str, float]) -> None:
        self.http += int(event["encodedDataLength"])

    def _on_frame(self, event: dict[str, dict[str, str]]) -> None:
        self.socket += len(event["response"]["payloadData"]) * 3 // 4  # binary frames come as base64


@dataclass(frozen=True)
class Visit:
    """The measurements of one visit."""

    http: int
    socket: int
    visible_s: float | None
    head_ms: float | None


def visit(browser: Browser, url: str, done: str, change: Callable[[Page], float], limit_s: float) -> Visit:
    """Opens a page in a fresh context, waits for the picture, and changes a head."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(limit_s * 1000)
    page.add_init_script(f"({SEEN})({done})")
    traffic = Traffic(page)
    visible = head = None
    try:
        page.goto(url, wait_until="commit")
        page.wait_for_function("() => window.benchVisible", timeout=limit_s * 1000, polling=100)
        visible = float(page.evaluate("window.benchVisible")) / 1000
        page.wait_for_timeout(500)
        head = change(page)
    except Error as error:
        print(f"    {'no change' if visible else 'nothing to see'}: {str(error).splitlines()[0][:120]}", flush=True)
    finally:
        with contextlib.suppress(Error):
            context.close()
    return Visit(traffic.http, traffic.socket, visible, head)


def click_svg(page: Page, index: int, which: str) -> None:
    """A real click in the middle of one of the clickable rectangles of an SVG."""
    x, y = page.evaluate(
        """([which, index]) => {
          const takes = [...document.querySelectorAll(which)]
            .filter((rect) => rect.__on?.some((on) => on.type === 'click'));
          takes[index].scrollIntoView({ block: 'center' });
          const box = takes[index].getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        }""",
        [which, index],
    )
    page.mouse.click(x, y)


def clicked(page: Page, click: Callable[[], None]) -> float:
    """Milliseconds from a click to a painted frame after its handlers ran."""
    page.evaluate(PAINTED)
    click()
    return float(page.evaluate("window.benchTook"))
