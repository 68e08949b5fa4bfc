"""How long a person waits: from a keystroke, a click or a start to the new figure.

`python -m benchmarks.latency [--runs N] [--json FILE]` starts server.py on a free port and drives Chromium, headless and without a
GPU, on the same machine, so both share its cores. Times are measured inside the page: from the browser's own event (`input` for the
last keystroke, `click` for a head and for Step) to the first animation frame with the new figure in the document. A figure is new
when its tick labels, its heatmap image, its bars or their colours differ from those before the event. The time of the driver does
not count.

Texts have 12 tokens with the end token. Each typed text is new to the server, which runs the encoder and the whole decode before
it draws. The text box waits 20 ms after the last keystroke before it sends anything; the first row includes this delay, the
second does not. Heads are selected in the grid of all heads, steps with the Step button. One action of each kind is a warm-up,
and the page is at rest before each action.

A cold start is timed from outside: from the start of the server's process to the first heatmap in a browser context with nothing
cached, opened when the server answers. Files in the operating system's cache stay there.

p95 is the nearest rank: with 20 runs the second slowest.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.browser import FLAGS, find_browser, install_browser
from tests.browser.driving import click_point, running_server, settled

DEBOUNCE_MS = 20
STEMS = ("Le chat noir dort sur le canapé rouge de Marie", "Elle lui a donné un livre et deux lettres hier")
LAST_KEYS = ".?!,;:123sabcdé"
"""Each of them extends a stem of 11 tokens to 12."""
MOST_RUNS = len(STEMS) * len(LAST_KEYS) - 1
ATTENTION = "/attention?part=encoder"
SECOND_ROW = 0.2  # of the axis: beside the bar of a rare candidate; the whole row can be clicked
PATIENCE_MS = 120_000

WATCH = """() => {
  const picture = (key) => {
    const chart = document.querySelector(`.st-key-${key} .js-plotly-plot`);
    const drawn = [...(chart?.querySelectorAll('.heatmaplayer image, .barlayer path') ?? [])];
    if (!drawn.length) return null;
    const ticks = [...chart.querySelectorAll('.xtick text, .ytick text')].map((text) => text.textContent);
    return JSON.stringify([ticks, drawn.map((mark) => mark.getAttribute('href') ?? mark.getAttribute('d') + mark.style.fill)]);
  };
  window.benchDrawn = (key) => picture(key) !== null;
  window.benchWatch = (event, key) => {
    const before = picture(key);
    window.benchTook = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`no new ${key} after ${event}`)), 120000);
      document.addEventListener(event, () => {
        const start = performance.now();
        let changed = true;
        const observer = new MutationObserver(() => { changed = true; });
        observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
        const look = () => {
          const now = changed ? picture(key) : null;
          changed = false;
          if (now === null || now === before) { requestAnimationFrame(look); return; }
          observer.disconnect();
          resolve(performance.now() - start);
        };
        requestAnimationFrame(look);
      }, { capture: true, once: true });
    });
  };
}"""


@dataclass(frozen=True)
class Measure:
    """One kind of wait and how long each took, in milliseconds."""

    name: str
    milliseconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        """The nearest rank."""
        return sorted(self.milliseconds)[math.ceil(0.95 * len(self.milliseconds)) - 1]


def timed(page: Page, event: str, chart: str, act: Callable[[], None]) -> float:
    """Milliseconds from the page's next `event`, which `act` causes, to the frame that shows a new `chart`."""
    page.evaluate("([event, chart]) => window.benchWatch(event, chart)", [event, chart])
    act()
    return float(page.evaluate("() => window.benchTook"))


def rest(page: Page) -> None:
    settled(page, PATIENCE_MS / 1000)


def open_page(page: Page, path: str, chart: str) -> None:
    """Opens a page of the app and waits until its chart is there and the page is at rest."""
    page.goto(path, timeout=PATIENCE_MS)
    page.evaluate(f"({WATCH})()")
    page.wait_for_function("chart => window.benchDrawn(chart)", arg=chart, timeout=PATIENCE_MS)
    rest(page)


def typing(page: Page, runs: int) -> tuple[list[float], list[int]]:
    """From the last keystroke of a text to its heatmap; and the number of tokens of each text."""
    open_page(page, ATTENTION, "heatmap")
    box = page.locator(".st-key-text textarea")
    chips = page.locator('.st-key-pieces [data-testid="token-row-0"] [data-testid="token-chip"]')
    took, tokens = [], []
    for run in range(runs + 1):
        box.fill(STEMS[run % len(STEMS)])
        page.wait_for_timeout(2 * DEBOUNCE_MS)
        rest(page)
        last_key = LAST_KEYS[run // len(STEMS)]
        took.append(timed(page, "input", "heatmap", lambda key=last_key: page.keyboard.type(key)))  # type: ignore[misc]
        rest(page)
        tokens.append(chips.count())
    return took[1:], tokens[1:]


def choosing_heads(page: Page, runs: int) -> list[float]:
    """From a click in the grid of all heads to that head's heatmap."""
    open_page(page, ATTENTION, "heatmap")
    cells = page.locator('.st-key-head_grid [data-testid^="head-cell-"]')
    count = cells.count()
    stride = next(step for step in (7, 5, 3, 2, 1) if math.gcd(step, count) == 1)
    took = []
    for run in range(runs + 1):
        took.append(timed(page, "click", "heatmap", cells.nth((run + 1) * stride % count).click))
        rest(page)
    return took[1:]


def stepping(page: Page, runs: int) -> list[float]:
    """From a click on Step to the next token's probabilities; at the end it restarts, which is not measured."""
    open_page(page, "/decoding", "next")
    step = page.locator(".st-key-go_step button:visible").first
    took: list[float] = []
    while len(took) < runs + 1:
        if step.is_disabled():
            page.locator(".st-key-go_restart button:visible").first.click()
            rest(page)
        took.append(timed(page, "click", "next", step.click))
        rest(page)
    return took[1:]


def branching(page: Page, runs: int) -> list[float]:
    """From a click on the second candidate to the chart that marks it as the chosen token, with the new branch decoded."""
    took = []
    for run in range(runs + 1):
        text = STEMS[run % len(STEMS)] + LAST_KEYS[run // len(STEMS)]
        open_page(page, f"/decoding?step={1 + run % 3}&text={quote(text)}", "next")
        took.append(timed(page, "click", "next", lambda: click_point(page, "next", SECOND_ROW, 1)))
        rest(page)
    return took[1:]


def cold_start(browser: Browser, log: Path) -> float:
    """Milliseconds from the start of the process to the first heatmap in a fresh browser context."""
    started = time.monotonic()
    with running_server(log) as url:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=url)
        page = context.new_page()
        page.goto(ATTENTION, timeout=PATIENCE_MS)
        page.wait_for_selector(".st-key-heatmap .heatmaplayer image", state="visible", timeout=PATIENCE_MS)
        took = (time.monotonic() - started) * 1000
        context.close()
    return took


def measure(browser: Browser, runs: int, cold_runs: int, log: Path) -> tuple[list[Measure], list[int]]:
    """All waits, and the number of tokens of the typed texts."""
    cold = [cold_start(browser, log) for _ in range(cold_runs)]
    with running_server(log) as url:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=url)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        typed, tokens = typing(page, runs)
        heads = choosing_heads(page, runs)
        steps = stepping(page, runs)
        branches = branching(page, runs)
        context.close()
    measures = [
        Measure("last keystroke to the new text's heatmap", tuple(typed)),
        Measure(f"the same without the {DEBOUNCE_MS} ms it waits", tuple(value - DEBOUNCE_MS for value in typed)),
        Measure("click on a head to its heatmap", tuple(heads)),
        Measure("click on Step to the next probabilities", tuple(steps)),
        Measure("click on a candidate to its chart, branch decoded", tuple(branches)),
        Measure("process start to the first heatmap", tuple(cold)),
    ]
    return measures, tokens


def machine(load_before: float) -> dict[str, object]:
    """The machine and the versions that the numbers depend on."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": round(load_before, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }


def table(measures: list[Measure]) -> str:
    """Medians and p95 as text."""
    width = max(len(one.name) for one in measures)
    lines = [f"{'milliseconds':{width}}  {'median':>8}  {'p95':>8}  {'runs':>5}"]
    lines += [f"{one.name:{width}}  {one.median:8.0f}  {one.p95:8.0f}  {len(one.milliseconds):5d}" for one in measures]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.latency", description="How long a person waits for Regard.")
    parser.add_argument("--runs", type=int, default=20, help=f"actions of each kind, 1 to {MOST_RUNS} (20)")
    parser.add_argument("--cold-runs", type=int, default=3, help="cold starts, at least 1 (3)")
    parser.add_argument("--json", type=Path, help="also write every single time to this file")
    asked = parser.parse_args()
    if not 1 <= asked.runs <= MOST_RUNS or asked.cold_runs < 1:
        parser.error(f"--runs goes from 1 to {MOST_RUNS}, --cold-runs from 1")
    load_before = os.getloadavg()[0]
    executable = find_browser() or install_browser()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        measures, tokens = measure(browser, asked.runs, asked.cold_runs, Path(folder) / "server.log")
        browser.close()
    ran_on = machine(load_before)
    print(table(measures))
    counts = " or ".join(str(count) for count in sorted(set(tokens)))
    print(f"texts of {counts} tokens; {ran_on['cores']} cores, load {ran_on['load_before']} before")
    if asked.json:
        rows = [{**asdict(one), "median": one.median, "p95": one.p95} for one in measures]
        report = {"machine": ran_on, "tokens": tokens, "measures": rows}
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
