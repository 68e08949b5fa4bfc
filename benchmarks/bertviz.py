"""Regard and BertViz (Vig 2019) on the same attention, in one browser: bytes sent, time until visible, time of a head change.

`python -m benchmarks.bertviz --peer DIR [--tokens 32 128 512] [--runs N] [--limit SECONDS] [--json FILE]`; bertviz.md says how to
make DIR and what is measured. BertViz is not a dependency of Regard: only this script imports it, from DIR.

Both show 12 layers of 12 heads of one encoder of BERT-base's shape with random weights, for the same token ids. BertViz gets
finished attention, as in normal use; Regard runs the model itself. Times are measured inside the page, from the start of the
navigation or the click to the second animation frame after the picture is in the document, so that it has been painted. Every
visit has a fresh browser context with nothing cached.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import torch
from playwright.sync_api import Browser, Error, Page, sync_playwright

import model
from benchmarks.latency import WATCH
from benchmarks.serving import regard, zoo_with
from benchmarks.visits import Traffic, Visit, click_svg, clicked, files, visit
from scripts.browser import FLAGS, find_browser, install_browser
from tests.browser.driving import settled

LAYERS = HEADS = 12
NAME = "bench-12x12"
VOCABULARY = 1000
MARGIN = 48 * 1024**2  # BertViz inlines its data: larger pages are only tried once
CDN = {
    "d3.min.js": "d3/dist/d3.min.js",
    "jquery.min.js": "jquery/dist/jquery.min.js",
    "require.min.js": "requirejs/require.js",
}

DONE = {
    "bertviz": "() => document.querySelector('#vis svg line') !== null",
    "regard model": "(inside) => inside('head_grid', '[data-testid=head-cell-11-11]')"
    " && document.querySelector('.st-key-heatmap .heatmaplayer image') !== null",
    "regard lines": "(inside) => inside('lines_encoder', '[data-testid=attention-key-0] b')",
}


@dataclass(frozen=True)
class Row:
    """One view at one length; medians, None where nothing was seen within the limit."""

    tokens: int
    tool: str
    view: str
    megabytes: float  # all that was sent for the visit
    data_megabytes: float  # of it, what differs from text to text
    visible_s: float | None
    head_ms: float | None
    visits: int


def save_model(folder: Path) -> None:
    """An encoder of BERT-base's shape, its queries and keys large enough for attention to be uneven."""
    import transformers

    torch.manual_seed(0)
    shape = transformers.BertConfig(
        vocab_size=VOCABULARY, num_hidden_layers=LAYERS, num_attention_heads=HEADS, max_position_embeddings=512
    )
    net = transformers.BertModel(shape)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "attention.self" in name and name.endswith(("query.weight", "key.weight")):
                parameter.mul_(3)
    net.save_pretrained(folder)


def ids(tokens: int, seed: int | None = None) -> list[int]:
    """A text for both; another one for each seed."""
    dice = torch.Generator().manual_seed(tokens if seed is None else seed)
    return torch.randint(5, VOCABULARY, (tokens,), generator=dice).tolist()


def write_peer(folder: Path, peer: Path, zoo: Path, tokens: int, view: str) -> Path:
    """BertViz's own HTML for the attention of this run; only the addresses of its libraries are made local."""
    sys.path.append(str(peer / "site"))
    from bertviz import head_view, model_view  # type: ignore[import-not-found]

    trace = model.load(zoo / NAME, device="cpu").run(ids(tokens))
    attention = [trace.attention("encoder", layer).weights()[None] for layer in range(LAYERS)]
    labels = [token.label for token in trace.tokens("encoder")]
    draw = {"model": model_view, "head": head_view}[view]
    html = draw(attention, labels, html_action="return").data
    for name, path in CDN.items():
        (folder / name).write_bytes((peer / "node_modules" / path).read_bytes())
    for library, name in (
        ("require.js/2.3.6/require.min.js", "require.min.js"),
        ("d3/5.7.0/d3.min", "d3.min"),
        ("jquery/2.0.0/jquery.min", "jquery.min"),
    ):
        html = html.replace(f"https://cdnjs.cloudflare.com/ajax/libs/{library}", f"/{name}")
    page = folder / f"{view}-{tokens}.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{html}</body>", encoding="utf-8")
    return page


def change_peer_model(page: Page) -> float:
    """BertViz's model view: a click on the thumbnail of layer 3, head 4 draws it large."""
    return clicked(page, lambda: click_svg(page, 3 * HEADS + 4, "#vis svg rect"))


def change_peer_head(page: Page) -> float:
    """BertViz's head view: a click on the square of head 4 takes it away."""
    return clicked(page, lambda: click_svg(page, 4, "#vis svg rect"))


def change_heatmap(page: Page) -> float:
    """Regard: a click on the thumbnail of layer 3, head 4 until its exact heatmap is there, by way of the server."""
    settled(page)
    page.evaluate(WATCH)
    page.evaluate("() => window.benchWatch('click', 'heatmap')")
    page.get_by_test_id("head-cell-3-4").click()
    return float(page.evaluate("window.benchTook"))


def change_line(page: Page) -> float:
    """Regard's lines: a click on head 4's button adds its lines, in the browser alone."""
    settled(page)
    return clicked(page, lambda: page.get_by_test_id("attention-head-4").click())


def next_text(browser: Browser, url: str, tokens: int, runs: int) -> list[Visit]:
    """Texts that the server never saw, pasted one after another into the open page, until their heatmap is there."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    traffic = Traffic(page)
    page.goto(f"{url}/attention?model={NAME}&text=12&part=encoder&layer=11&head=11")
    settled(page)
    page.evaluate(WATCH)
    found = []
    for seed in range(runs + 1):  # the first is not counted
        text = " ".join(map(str, ids(tokens, seed=7_000 * (seed + 1) + tokens)))
        before = traffic.socket
        page.evaluate("() => window.benchWatch('input', 'heatmap')")
        page.locator(".st-key-text textarea").fill(text)
        took = float(page.evaluate("window.benchTook")) / 1000
        settled(page)
        found.append(Visit(0, traffic.socket - before, took, None))
    context.close()
    return found[1:]


def row(tokens: int, tool: str, view: str, visits: Sequence[Visit], page_bytes: int = 0) -> Row:
    """Medians of several visits."""
    seen = [one.visible_s for one in visits if one.visible_s is not None]
    heads = [one.head_ms for one in visits if one.head_ms is not None]
    sent = statistics.median(one.http + one.socket for one in visits)
    data = page_bytes or statistics.median(one.socket for one in visits)
    found = Row(
        tokens,
        tool,
        view,
        max(sent, page_bytes) / 1e6,
        data / 1e6,
        statistics.median(seen) if seen else None,
        statistics.median(heads) if heads else None,
        len(visits),
    )
    print("  ", found, flush=True)
    return found


def measure_regard(browser: Browser, url: str, tokens: int, runs: int, limit_s: float) -> list[Row]:
    """The page with thumbnails and heatmap, the first time with the model's run and then without, and the lines."""
    text = quote(" ".join(map(str, ids(tokens))))
    address = f"{url}/attention?model={NAME}&text={text}&part=encoder&layer=11&head=11"
    first = visit(browser, address, DONE["regard model"], change_heatmap, limit_s)
    again = [visit(browser, address, DONE["regard model"], change_heatmap, limit_s) for _ in range(runs)]
    lines = [visit(browser, address + "&view=lines", DONE["regard lines"], change_line, limit_s) for _ in range(runs)]
    return [
        row(
            tokens,
            "Regard",
            "a new text in the open page, the model run included",
            next_text(browser, url, tokens, runs),
        ),
        row(tokens, "Regard", "all heads and heatmap, the model run included", [first]),
        row(tokens, "Regard", "all heads and heatmap", again),
        row(tokens, "Regard", "lines", lines),
    ]


def measure_peer(
    browser: Browser, folder: Path, url: str, peer: Path, zoo: Path, tokens: int, runs: int, limit_s: float
) -> list[Row]:
    """BertViz's model view and head view; pages too large to be opened often are opened once."""
    found = []
    for view, change in (("model", change_peer_model), ("head", change_peer_head)):
        page = write_peer(folder, peer, zoo, tokens, view)
        size = page.stat().st_size
        times = runs if size < MARGIN else 1
        visits = [visit(browser, f"{url}/{page.name}", DONE["bertviz"], change, limit_s) for _ in range(times)]
        found.append(row(tokens, "BertViz", f"{view} view", visits, size))
        page.unlink()
    return found


def markdown(rows: Sequence[Row]) -> str:
    """The table of bertviz.md."""
    lines = ["| tokens | | MB sent | data MB | visible s | head change ms |", "|---:|---|---:|---:|---:|---:|"]
    for one in rows:
        seen = "nothing" if one.visible_s is None else f"{one.visible_s:.2f}"
        head = "–" if one.head_ms is None else f"{one.head_ms:,.0f}"
        lines.append(
            f"| {one.tokens} | {one.tool}: {one.view} | {one.megabytes:,.2f} | {one.data_megabytes:,.2f} | {seen} | {head} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, required=True, help="folder with site/bertviz and node_modules")
    parser.add_argument("--tokens", type=int, nargs="+", default=[32, 128, 512])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=150, help="seconds to wait for a picture")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        zoo = folder / "zoo"
        save_model(zoo_with(zoo, NAME))
        browser = playwright.chromium.launch(executable_path=find_browser() or install_browser(), args=list(FLAGS))
        with regard(zoo, folder / "server.log") as served:
            for tokens in asked.tokens:
                rows += measure_regard(browser, served.url, tokens, asked.runs, asked.limit)
        with files(folder) as url:
            for tokens in asked.tokens:
                rows += measure_peer(browser, folder, url, asked.peer, zoo, tokens, asked.runs, asked.limit)
        version = browser.version
        with contextlib.suppress(Error):
            browser.close()
    print(markdown(sorted(rows, key=lambda one: one.tokens)))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Chromium {version}, {time.strftime('%Y-%m-%d')}"
    print(machine)
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine, "rows": [asdict(one) for one in rows]}, indent=1))


if __name__ == "__main__":
    main()
