"""A thousand tokens: time per token and memory as the text grows, and how soon the page answers while it is written.

`python -m benchmarks.long_decode [--layers N] [--width N] [--tokens N] [--vocabulary tokenizer.json] [--json FILE]` makes a
random model in GPT-2's layout (12 layers of 768 are GPT-2 small's shape) with room for 1,100 tokens and no end token. First
it decodes in this process, everything recorded, and gives processor time per token and bytes recorded, hundred by
hundred. Then it starts server.py, opens the folder on the Models page and has the same text written on the Decoding page in
Chromium: how many tokens the line above the page counts by when, how long Stop takes from the click to a page at rest that
shows what was written, and, once the text is whole, a click on Step to the next probabilities.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from playwright.sync_api import Page, expect, sync_playwright

import model
from benchmarks.latency import PATIENCE_MS, WATCH, machine, rest, timed
from scripts.browser import FLAGS, find_browser, install_browser
from tests.browser.driving import button, opened, running_server
from tests.browser.endless import PROMPT, address, endless, open_by_path

BLOCK = 100  # tokens
STOPPED_AT = 300  # tokens: after so many Stop is pressed once


@dataclass(frozen=True)
class Block:
    """A hundred tokens of a decode in one process."""

    until: int
    milliseconds: float  # processor time a token
    recorded: int  # bytes of everything kept so far


@dataclass(frozen=True)
class Written:
    """The same in the browser; milliseconds by the clock."""

    counted: tuple[tuple[int, float], ...]  # (tokens on the line, since the visit)
    stop: float
    step: float

    def rate(self, first: int, last: int) -> float:
        """Milliseconds a token between two counts, the time in which it stood stopped left out."""
        inside = [(n, at) for n, at in self.counted if first <= n <= last]
        return (
            (inside[-1][1] - inside[0][1]) / max(inside[-1][0] - inside[0][0], 1) if len(inside) > 1 else float("nan")
        )


def alone(folder: Path, tokens: int) -> list[Block]:
    """A decode without an app around it."""
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
    """Counts as they change, until there are so many or the line has gone."""
    seen, deadline = list[tuple[int, float]](), time.monotonic() + patience_s
    while time.monotonic() < deadline:
        now = count(page)
        if now and (not seen or now != seen[-1][0]):
            seen.append((now, 1000 * (time.monotonic() - since)))
        if now >= until or (seen and not now):
            break
        page.wait_for_timeout(50)
    return seen


def written(page: Page, folder: Path, tokens: int, patience_s: float) -> Written:
    """Writes the text in the browser, stops it once, goes on to its end, and steps."""
    open_by_path(page, folder)
    since = time.monotonic()
    page.goto(address(folder, most=str(tokens)), timeout=PATIENCE_MS)
    counted = watch(page, STOPPED_AT, since, patience_s)
    pressed = time.monotonic()
    button(page, "stop_writing").click()
    expect(button(page, "go_on")).to_be_visible(timeout=PATIENCE_MS)
    stop = 1000 * (time.monotonic() - pressed)
    rest(page)
    since += time.monotonic() - pressed
    button(page, "go_on").click()
    counted += [(n, at) for n, at in watch(page, tokens + 1, since, patience_s) if n > counted[-1][0]]
    rest(page)
    opened(page, address(folder, most=str(tokens), step=str(tokens // 2)))
    page.evaluate(f"({WATCH})()")
    steps = [timed(page, "click", "next", button(page, "go_step").first.click) for _ in range(3) if rest(page) is None]
    return Written(tuple(counted), stop, sorted(steps)[1])


def table(blocks: list[Block], found: Written) -> str:
    """For people."""
    lines = ["tokens   ms a token (processor)   MB recorded   kB a token"]
    lines += [
        f"{one.until:6d}   {one.milliseconds:23.2f}   {one.recorded / 1e6:11.1f}   {one.recorded / one.until / 1e3:10.1f}"
        for one in blocks
    ]
    half = blocks[-1].until // 2
    lines += [
        f"on the page, by the clock: {found.rate(1, half):.1f} ms a token up to {half}, {found.rate(half, 10**6):.1f} after it",
        f"a click on Stop to what was written: {found.stop:.0f} ms; on Step in the whole text: {found.step:.0f} ms",
    ]
    return "\n".join(lines)


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
        with running_server(Path(place) / "server.log") as url:
            page = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=url).new_page()
            page.set_default_timeout(PATIENCE_MS)
            found = written(page, folder, asked.tokens, asked.patience)
        browser.close()
    print(table(blocks, found))
    if asked.json:
        report = {"machine": machine(0.0), "alone": [asdict(one) for one in blocks], "page": asdict(found)}
        asked.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
