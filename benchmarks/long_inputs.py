"""Long texts on the Attention, Heads, Knock out and Compare pages: waiting time, bytes sent, and memory.

`python -m benchmarks.long_inputs [--tokens 512 2008] [--tokenizer DIR] [--pictures DIR] [--json FILE]`

A decoder of GPT-2 small's shape (12 layers of 12 heads, d_model 768, 2,048 positions) with random weights reads words of one
token each, and then generates as many tokens as the app allows. The tokenizer is that of a shipped model, or of --tokenizer, a
folder in Hugging Face layout. One browser visits the four pages by clicks in an open session; each row is one action, done once.
Times are measured inside the page: from the browser's own event to the first frame with the result, and until the page is at
rest. They depend on other work of the machine; the server's processor time hardly does. Bytes are those of the websocket, which
has all data that differs from text to text.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from playwright.sync_api import Error, Page, sync_playwright

import model
from benchmarks.serving import Served, regard, zoo_with
from benchmarks.visits import Traffic
from model.loading import checkpoint
from scripts.browser import FLAGS, find_browser, install_browser
from tests.browser.driving import IS_IDLE, PLACE_OF, settled

LAYERS = HEADS = 12
POSITIONS = 2048
NAME = "bench-gpt2-small"
SHIPPED = "bart-denoise"  # whose tokenizer is used unless another is named
PATIENCE_MS = 600_000
TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "merges.txt")

CLOCK = """(event) => {
  window.benchFrom = null;
  document.addEventListener(event, () => { window.benchFrom = performance.now(); }, { capture: true, once: true });
}"""
INSIDE = """(key, what) => [...document.querySelectorAll(`.st-key-${key}, .st-key-${key} *`)]
    .some((element) => element.shadowRoot?.querySelector(what))"""
PICTURE = """(key) => [...document.querySelectorAll(`.st-key-${key} .js-plotly-plot .heatmaplayer image`)]
    .map((image) => image.getAttribute('href')).join() || null"""
WORKED = f"""() => {{
  window.benchWorked = false;
  const look = () => {{ if (({IS_IDLE})()) requestAnimationFrame(look); else window.benchWorked = true; }};
  look();
}}"""
SINCE = "window.benchFrom === null ? 0 : performance.now() - window.benchFrom"


@dataclass(frozen=True)
class Row:
    """One action; times in seconds."""

    tokens: int
    action: str
    there: float  # until the result was on the page
    rest: float  # until the page was at rest
    server: float  # processor time of the server's process
    kilobytes: float
    memory_gb: float  # of the server's process, afterwards
    peak_gb: float


def save_model(folder: Path, tokenizer: Path) -> None:
    """A decoder of GPT-2 small's shape, its queries and keys large enough for attention to be uneven."""
    import transformers

    torch.manual_seed(0)
    shape = transformers.GPT2Config(n_positions=POSITIONS, bos_token_id=None, eos_token_id=None)
    net = transformers.GPT2LMHeadModel(shape)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("c_attn.weight"):
                parameter[:, : 2 * shape.n_embd].mul_(6)
    net.save_pretrained(folder)
    for name in TOKENIZER_FILES:
        if (tokenizer / name).is_file():
            shutil.copy(tokenizer / name, folder / name)


def text_of(folder: Path, tokens: int, seed: int) -> str:
    """A text of so many tokens, each a word."""
    lm = model.load(folder, device="cpu")
    assert lm.tokenizer is not None
    dice = random.Random(seed)
    size = min(lm.config.vocab_size, 20_000)
    words = [lm.tokenizer.decode([i]).strip() for i in range(1000, size)]
    known = [word for word in words if word.isascii() and word.isalpha() and word.islower() and len(word) > 2]
    added = len(lm.tokenizer.encode(" the")) - 1  # special tokens that the tokenizer puts around every text
    known = [word for word in known if len(lm.tokenizer.encode(f" {word}")) == 1 + added]
    text = "the " + " ".join(dice.choices(known, k=tokens - len(lm.tokenizer.encode("the"))))
    found = len(lm.tokenizer.encode(text))
    if found != tokens:
        raise RuntimeError(f"the text has {found} tokens, not {tokens}")
    return text


class Driver:
    """A page that is timed."""

    def __init__(self, page: Page, served: Served, tokens: int, pictures: Path | None) -> None:
        self.page, self.served, self.tokens, self.pictures = page, served, tokens, pictures
        self.traffic = Traffic(page)
        self.rows: list[Row] = []

    def does(self, action: str, event: str, act: Callable[[], object], there: str) -> None:
        """Acts, waits for `there` (JavaScript that becomes true) and for rest."""
        page, before, busy = self.page, self.traffic.socket, self.served.busy()
        page.evaluate(CLOCK, event)
        page.evaluate(f"() => {{ window.benchPicture = {PICTURE}; window.benchInside = {INSIDE}; }}")
        page.evaluate("() => { window.benchBefore = window.benchPicture('heatmap'); }")
        page.evaluate(WORKED)
        act()
        wait = f"() => window.benchFrom !== null && ({there}) && ({SINCE})"
        seen = float(page.wait_for_function(wait, polling="raf", timeout=PATIENCE_MS).json_value())
        idle = f"() => ({IS_IDLE})() && ({SINCE})"
        rest = float(page.wait_for_function(idle, polling="raf", timeout=PATIENCE_MS).json_value())
        settled(page, PATIENCE_MS / 1000)
        memory = [self.served.memory(which) / 1e9 for which in ("VmRSS", "VmHWM")]
        worked = self.served.busy() - busy
        row = Row(self.tokens, action, seen / 1000, rest / 1000, worked, (self.traffic.socket - before) / 1000, *memory)
        self.rows.append(row)
        print("  ", row, flush=True)
        if self.pictures:
            name = "-".join("".join(c if c.isalnum() else " " for c in action).split())
            page.screenshot(path=self.pictures / f"{self.tokens}-{len(self.rows):02}-{name}.png", full_page=True)

    def button(self, key: str) -> Callable[[], None]:
        return self.page.locator(f".st-key-{key} button").first.click

    def pill(self, key: str, name: str) -> Callable[[], None]:
        return self.page.locator(f".st-key-{key}").get_by_role("radio", name=name).or_(
            self.page.locator(f".st-key-{key} button", has_text=name)
        ).first.click  # fmt: skip

    def has(self, key: str) -> bool:
        return self.page.locator(f".st-key-{key} button").count() > 0

    def chart(self, key: str) -> str:
        return f"document.querySelector('.st-key-{key} .js-plotly-plot .main-svg') !== null"


NEW_HEATMAP = "window.benchPicture('heatmap') !== null && window.benchPicture('heatmap') !== window.benchBefore"
ALL_HEADS = f"window.benchInside('head_grid', '[data-testid=head-cell-{LAYERS - 1}-{HEADS - 1}]')"
IDLE = f"window.benchWorked && ({IS_IDLE})()"  # at rest again: before the server's answer begins a page is at rest too


def attention(run: Driver, text: str) -> None:
    """The Attention page: the text, all heads, another head, a window and another, the lines."""
    page = run.page
    page.goto(f"{run.served.url}/attention?model={NAME}&text=the&layer=11&head=11")
    settled(page, PATIENCE_MS / 1000)
    box = page.locator(".st-key-text textarea")
    run.does("Attention: a new text, read and written on", "input", lambda: box.fill(text), NEW_HEATMAP)
    if run.has("draw_all"):
        run.does("Attention: all heads", "click", run.button("draw_all"), ALL_HEADS)
    run.does("Attention: another head", "click", page.get_by_test_id("head-cell-3-4").click, NEW_HEATMAP)
    run.does("Attention: one more head", "click", page.get_by_test_id("head-cell-5-6").click, NEW_HEATMAP)
    run.does("Attention: a rectangle dragged, its exact cells", "mousedown", lambda: dragged(page), NEW_HEATMAP)
    there = "window.benchInside('lines_decoder', '[data-testid=attention-key-0]')"
    run.does("Attention: as lines", "click", run.pill("view", "lines"), there)
    there = "document.querySelector('.st-key-anatomy .js-plotly-plot .main-svg') !== null"
    run.does("Attention: one score's anatomy", "click", run.pill("view", "anatomy"), there)


def dragged(page: Page) -> None:
    """A rectangle from (60, 60) to (120, 120) of the pooled map's blocks."""
    chart = page.locator(".st-key-heatmap .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    ends = [chart.evaluate(PLACE_OF, [at, at]) for at in (60, 120)]
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move(*ends[1], steps=6)
    page.mouse.up()


def to_page(run: Driver, name: str) -> Callable[[], None]:
    return run.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click


def heads_page(run: Driver) -> None:
    """The Heads page; what is worked out on request is requested."""
    run.does("Heads: opened", "click", to_page(run, "Heads"), IDLE)
    if run.has("work_out"):
        run.does("Heads: every head in numbers", "click", run.button("work_out"), run.chart("head_maps"))
    look = "Mean and max of its layer"
    run.does("Heads: mean and max of a layer", "click", run.pill("look", look), IDLE)
    if run.has("work_out_layer"):
        run.does("Heads: the same, asked for", "click", run.button("work_out_layer"), run.chart("mean"))
    run.does("Heads: rollout", "click", run.pill("look", "Rollout and flow"), IDLE)
    if run.has("work_out_rollout"):
        run.does("Heads: the same, asked for", "click", run.button("work_out_rollout"), run.chart("rollout"))


def knock_out(run: Driver) -> None:
    """The Knock out page: opened, a head off."""
    run.does("Knock out: opened", "click", to_page(run, "Knock out"), IDLE)
    there = "document.querySelector('.st-key-restore_all button') !== null"
    run.does("Knock out: a head switched off", "click", run.button("head_switch"), there)
    for key, action in (
        ("draw_changes", "how the attention of every head changed"),
        ("write_again", "what it writes now"),
        ("read_weight", "every head's sharpness and norm"),
    ):
        if run.has(key):
            run.does(
                f"Knock out: {action}",
                "click",
                run.button(key),
                f"{IDLE} && !document.querySelector('.st-key-{key} button')",
            )
    run.does("Knock out: and on again", "click", run.button("restore_all"), IDLE)


def compare(run: Driver, text: str) -> None:
    """The Compare page: the same text with a word changed."""
    run.does("Compare: opened", "click", to_page(run, "Compare"), IDLE)
    words = text.split(" ")
    words[5] = words[9]
    box = run.page.locator(".st-key-text_b textarea")
    run.does("Compare: a word changed", "input", lambda: box.fill(" ".join(words)), IDLE)
    if run.has("compare_all"):
        run.does("Compare: all heads", "click", run.button("compare_all"), run.chart("ranking"))
    grid = run.page.locator(".st-key-difference_grid").get_by_test_id("head-cell-3-4")
    if grid.count():
        run.does("Compare: another head", "click", grid.click, IDLE)


def markdown(rows: Sequence[Row]) -> str:
    """The table of README.md."""
    lines = [
        "| tokens | | shown after s | at rest s | server's processor s | sent kB | memory GB | at most GB |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for r in rows:
        numbers = (
            f"{r.there:.2f} | {r.rest:.2f} | {r.server:.1f} | {r.kilobytes:,.0f} | {r.memory_gb:.2f} | {r.peak_gb:.2f}"
        )
        lines.append(f"| {r.tokens:,} | {r.action} | {numbers} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[512, 2008])
    parser.add_argument("--tokenizer", type=Path, help="folder whose tokenizer is used; a shipped one's by default")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of the page after every action")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = zoo_with(Path(made) / "zoo", NAME)
        save_model(folder, asked.tokenizer or checkpoint.ZOO / SHIPPED)
        browser = playwright.chromium.launch(executable_path=find_browser() or install_browser(), args=list(FLAGS))
        for tokens in asked.tokens:
            text = text_of(folder, tokens, seed=tokens)
            with regard(folder.parent, Path(made) / "server.log") as served:
                page = browser.new_page(viewport={"width": 1440, "height": 950})
                page.set_default_timeout(PATIENCE_MS)
                run = Driver(page, served, tokens, asked.pictures)
                try:
                    attention(run, text)
                    heads_page(run)
                    knock_out(run)
                    compare(run, text)
                except Error as error:
                    print(f"   ended: {str(error).splitlines()[0]}", flush=True)
                    print(Path(made, "server.log").read_text(errors="replace")[-2000:])
                    if asked.pictures:
                        page.screenshot(path=asked.pictures / f"{tokens}-ended.png")
                rows += run.rows
                page.close()
        version = browser.version
        browser.close()
    print(markdown(rows))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Chromium {version}, {time.strftime('%Y-%m-%d')}"
    print(machine)
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine, "rows": [asdict(one) for one in rows]}, indent=1))


if __name__ == "__main__":
    main()
