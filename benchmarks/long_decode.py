"""A thousand tokens: time per token and memory as the text grows, and how fast the page reacts while it is generated.

`python -m benchmarks.long_decode [--layers N] [--width N] [--tokens N] [--vocabulary tokenizer.json] [--json FILE]` makes a
random model in GPT-2's layout (12 layers of width 768 are GPT-2 small's shape) with 1,100 positions and no end token. First it
decodes in this process with everything recorded, and gives processor time per token and bytes recorded for each hundred tokens.
Then it starts server.py, opens the folder on the Models page and generates the same text on the Decoding page in Chromium. There
it measures the number of tokens over time, the time from a click on Stop to the page with the text so far, and, after the last
token, the time from a click on Step to the next probabilities.

While tokens are generated, the wheel is turned and the pointer is moved over a bar of the chart. Both are timed inside the page,
from the browser's event to the first frame in which the page has scrolled or the hover text is shown. The time between two frames
is measured as well. Memory is that of the server's process (Linux) and of the page's JavaScript heap.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from playwright.sync_api import Page, expect, sync_playwright

import model
from benchmarks.latency import PATIENCE_MS, WATCH, machine, rest, timed
from benchmarks.serving import Served, regard
from model.loading import checkpoint
from scripts.browser import FLAGS, find_browser, install_browser
from tests.browser.driving import IS_IDLE, PLACE_OF, button, chart, opened
from tests.browser.endless import PROMPT, address, endless, open_by_path

BLOCK = 100  # tokens
STOPPED_AT = 300  # tokens: after so many Stop is pressed once
USES = 8  # of the wheel, and of pointing, while tokens are written
MARGIN = (1264, 450)  # px: beside the rows of tokens, which scroll by themselves
TURN = 120  # px of a turn of the wheel
GLIDES_MS = 300  # how long a turn's movement may take
IDLE_S = 3  # seconds without activity after which a page counts as finished
WRITING = 50  # tokens after decoding continues, until the page is used

REACTS = """([event, seen]) => {
  const looks = {
    scrolled: () => document.querySelector('[data-testid="stMain"]').scrollTop,
    words: () => document.querySelector('.st-key-next .hoverlayer .hovertext')?.textContent ?? null,
  };
  const before = looks[seen]();
  window.benchReacted = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`nothing ${seen} after ${event}`)), 30000);
    document.addEventListener(event, () => {
      const start = performance.now();
      const look = () => {
        const now = looks[seen]();
        if (now === null || now === before) requestAnimationFrame(look);
        else resolve(performance.now() - start);
      };
      requestAnimationFrame(look);
    }, { capture: true, once: true });
  });
}"""
FRAMES = """() => {
  window.benchFrames = [];
  let last = performance.now();
  const next = (now) => {
    window.benchFrames.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""
HEAP = "() => performance.memory.usedJSHeapSize"


@dataclass(frozen=True)
class Block:
    """A hundred tokens of a decode in one process."""

    until: int
    milliseconds: float  # processor time a token
    recorded: int  # bytes of everything kept so far


@dataclass(frozen=True)
class Used:
    """The page used while tokens are written; milliseconds."""

    scroll: tuple[float, ...]  # a turn of the wheel to the frame that has scrolled
    hover: tuple[float, ...]  # pointing at a bar to the frame with its hover text
    frames: tuple[float, ...]  # between two frames
    tokens: tuple[int, int]  # on the line at the start and at the end, 0 where all tokens were there already


@dataclass(frozen=True)
class Written:
    """The same in the browser; milliseconds by the clock."""

    counted: tuple[tuple[int, float], ...]  # (tokens on the line, since the visit)
    stop: float
    step: float
    used: Used
    memory: tuple[int, int]  # bytes of the server's process: before the first token, at the end
    heap: int  # bytes of the page's JavaScript at the end

    def rate(self, first: int, last: int) -> float:
        """Milliseconds a token between two counts, without the time while it was stopped."""
        inside = [(n, at) for n, at in self.counted if first <= n <= last]
        return (
            (inside[-1][1] - inside[0][1]) / max(inside[-1][0] - inside[0][0], 1) if len(inside) > 1 else float("nan")
        )


def alone(folder: Path, tokens: int) -> list[Block]:
    """A decode without the app."""
    lm = model.load(folder, device="cpu")
    blocks, began = list[Block](), time.process_time()
    for step in lm.decode(PROMPT, max_new_tokens=tokens, stop=()):
        if (step.index + 1) % BLOCK == 0:
            now = time.process_time()
            blocks.append(Block(step.index + 1, 1000 * (now - began) / BLOCK, step.recording.bytes))
            began = time.process_time()
    return blocks


def count(page: Page) -> int:
    """Tokens on the line, 0 where it is not on screen."""
    shown = page.evaluate("() => document.querySelector('.st-key-live')?.innerText ?? ''")
    found = [part for part in shown.split() if part.isdecimal()]
    return int(found[0]) if found else 0


def watch(page: Page, until: int, since: float, patience_s: float) -> list[tuple[int, float]]:
    """The counts as they change, until there are so many tokens or the line has gone."""
    seen, begun = list[tuple[int, float]](), time.monotonic()
    deadline = begun + patience_s
    while time.monotonic() < deadline:
        now = count(page)
        if now and (not seen or now != seen[-1][0]):
            seen.append((now, 1000 * (time.monotonic() - since)))
        if now >= until or (seen and not now):
            break
        if not now and time.monotonic() > begun + IDLE_S and page.evaluate(IS_IDLE):
            break  # all tokens were there already
        page.wait_for_timeout(50)
    return seen


def reacted(page: Page, event: str, seen: str, act: Callable[[], None]) -> float:
    """Milliseconds from the page's next `event`, which `act` causes, to the frame that shows it."""
    page.evaluate(REACTS, [event, seen])
    act()
    return float(page.evaluate("() => window.benchReacted"))


def used(page: Page) -> Used:
    """Scrolls and points while the line counts."""
    begun = count(page)
    page.evaluate(FRAMES)
    page.mouse.move(*MARGIN)
    page.mouse.wheel(0, 3 * TURN)  # away from the top, where a turn upwards would move nothing
    page.wait_for_timeout(GLIDES_MS)
    down = list[float]()
    for by in (TURN, -TURN) * (USES // 2):
        down.append(reacted(page, "wheel", "scrolled", partial(page.mouse.wheel, 0, by)))
        page.wait_for_timeout(GLIDES_MS)
    drawn = chart(page, "next")
    drawn.scroll_into_view_if_needed()
    words = list[float]()
    for bar in range(USES):
        page.mouse.move(5, 5)
        page.wait_for_timeout(150)
        left, top = drawn.evaluate(PLACE_OF, [0.0, bar % 4])
        words.append(reacted(page, "mousemove", "words", partial(page.mouse.move, left + 1, top)))
    frames = page.evaluate("() => window.benchFrames")
    return Used(tuple(down), tuple(words), tuple(frames), (begun, count(page)))


def written(page: Page, served: Served, folder: Path, tokens: int, patience_s: float) -> Written:
    """Generates the text in the browser, stops it once, continues to its end while the page is used, and steps."""
    open_by_path(page, folder)
    memory = served.memory()
    since = time.monotonic()
    page.goto(address(folder, most=str(tokens)), timeout=PATIENCE_MS)
    counted = watch(page, STOPPED_AT, since, patience_s)
    if not count(page):
        raise SystemExit(
            "This model has written the text before it could be stopped: take more layers or a larger width."
        )
    pressed = time.monotonic()
    button(page, "stop_writing").click()
    expect(button(page, "go_on")).to_be_visible(timeout=PATIENCE_MS)
    stop = 1000 * (time.monotonic() - pressed)
    rest(page)
    since += time.monotonic() - pressed
    button(page, "go_on").click()
    counted += [(n, at) for n, at in watch(page, counted[-1][0] + WRITING, since, patience_s) if n > counted[-1][0]]
    while_written = used(page)
    counted += [(n, at) for n, at in watch(page, tokens + 1, since, patience_s) if n > counted[-1][0]]
    rest(page)
    opened(page, address(folder, most=str(tokens), step=str(tokens // 2)))
    page.evaluate(f"({WATCH})()")
    steps = list[float]()
    for _ in range(3):
        rest(page)
        steps.append(timed(page, "click", "next", button(page, "go_step").first.click))
    heap, after = int(page.evaluate(HEAP)), served.memory()
    return Written(tuple(counted), stop, sorted(steps)[1], while_written, (memory, after), heap)


def table(blocks: list[Block], found: Written) -> str:
    """The results as text."""
    lines = ["tokens   ms a token (processor)   MB recorded   kB a token"]
    lines += [
        f"{one.until:6d}   {one.milliseconds:23.2f}   {one.recorded / 1e6:11.1f}   {one.recorded / one.until / 1e3:10.1f}"
        for one in blocks
    ]
    half = blocks[-1].until // 2
    lines += [
        f"on the page, by the clock: {found.rate(1, half):.1f} ms a token up to {half}, {found.rate(half, 10**6):.1f} after it",
        f"a click on Stop to what was written: {found.stop:.0f} ms; on Step in the whole text: {found.step:.0f} ms",
        *while_writing(found.used),
        f"memory of the server: {found.memory[0] / 1e6:.0f} MB before, {found.memory[1] / 1e6:.0f} MB at the end; "
        f"of the page's script: {found.heap / 1e6:.0f} MB",
    ]
    return "\n".join(lines)


def while_writing(found: Used) -> list[str]:
    """How fast the page reacted, in words; median and slowest."""
    rows = [("a turn of the wheel to the page scrolled", found.scroll), ("pointing at a bar to its words", found.hover)]
    rows.append(("from frame to frame", found.frames))
    said = [f"{name}: {statistics.median(took):.0f} ms, at most {max(took):.0f}" for name, took in rows]
    until = found.tokens[1] or "the last"
    return [f"while tokens {found.tokens[0]} to {until} were written:", *(f"  {line}" for line in said)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--tokens", type=int, default=1000, choices=(500, 1000))
    parser.add_argument("--vocabulary", type=Path, help="a tokenizer.json; without it the pieces are single bytes")
    parser.add_argument("--patience", type=float, default=1800, help="seconds for one text (1800)")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = endless(Path(place) / "endless", layers=asked.layers, width=asked.width, vocabulary=asked.vocabulary)
        blocks = alone(folder, asked.tokens)
        browser = playwright.chromium.launch(executable_path=find_browser() or install_browser(), args=list(FLAGS))
        with regard(checkpoint.ZOO, Path(place) / "server.log") as served:
            page = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=served.url).new_page()
            page.set_default_timeout(PATIENCE_MS)
            found = written(page, served, folder, asked.tokens, asked.patience)
        browser.close()
    print(table(blocks, found))
    if asked.json:
        report = {"machine": machine(0.0), "alone": [asdict(one) for one in blocks], "page": asdict(found)}
        asked.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
