"""What the buttons beside a figure save: numbers, a page that needs no network, a picture."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.driving import Watch, button, chart, opened
from tests.pages.driving import run_of

CAT = "Le chat noir dort."
ADDRESS = f"/attention?text={CAT}&layer=1&head=2&part=cross"
NAME = "attention-cross-layer-1-head-2"


def fold(page: Page, key: str) -> None:
    """Opens what a figure can be taken away as."""
    button(page, f"save_{key}").click()
    page.get_by_text("Link to this view").wait_for()


def saved(page: Page, key: str, folder: Path) -> Path:
    """The file that a download button gives."""
    fold(page, key.rsplit("_", 1)[0])
    with page.expect_download() as event:
        button(page, key).click()
    path = folder / event.value.suggested_filename
    event.value.save_as(path)
    return path


def test_the_csv_holds_the_models_own_numbers(page: Page, tmp_path: Path) -> None:
    opened(page, ADDRESS)
    path = saved(page, "heatmap_csv", tmp_path)
    assert path.name == f"{NAME}.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))[1:]
    weights = run_of(CAT).trace.attention("decoder", 1, "cross").weights(2).numpy()
    np.testing.assert_allclose(np.array([row[2:] for row in rows], dtype=np.float32), weights, atol=1e-6)


@pytest.mark.parametrize(
    ("address", "key", "title"),
    [
        (ADDRESS, "heatmap", "Cross-attention, layer 1, head 2"),
        (f"/logits?text={CAT}", "tempered", "After “<s>”, at temperature 1"),
    ],
)
def test_the_html_shows_the_figure_without_a_network(
    page: Page, browser: Browser, tmp_path: Path, address: str, key: str, title: str
) -> None:
    opened(page, address)
    path = saved(page, f"{key}_html", tmp_path)
    context = browser.new_context(offline=True)
    alone = context.new_page()
    watch = Watch(alone)
    alone.goto(path.as_uri())
    alone.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert alone.title() == title
    drawn = "chart => Array.from(chart._fullData[0].z ?? chart._fullData[0].x).map((row) => Array.from(row.length ? row : [row]))"
    here, there = (shown.evaluate(drawn) for shown in (chart(page, key), alone.locator(".js-plotly-plot")))
    assert len(here) > 5
    assert here == there
    context.close()
    assert not watch.errors, "\n".join(watch.errors)


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG\r\n"), ("svg", b"<svg")])
def test_a_picture_is_saved_by_the_browser(page: Page, tmp_path: Path, format: str, start: bytes) -> None:
    opened(page, ADDRESS)
    fold(page, "heatmap")
    with page.expect_download() as event:
        page.locator(".st-key-heatmap_picture").get_by_test_id(f"save-{format}").click()
    path = tmp_path / event.value.suggested_filename
    event.value.save_as(path)
    assert path.name == f"{NAME}.{format}"
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize(("key", "address"), [("lines", f"{ADDRESS}&view=lines&lines=70;2.4;"), ("all", ADDRESS)])
def test_the_html_of_a_component_works_without_a_network(
    page: Page, browser: Browser, tmp_path: Path, key: str, address: str
) -> None:
    opened(page, address)
    path = saved(page, f"{key}_html", tmp_path)
    context = browser.new_context(offline=True)
    alone = context.new_page()
    watch = Watch(alone)
    alone.goto(path.as_uri())
    if key == "lines":
        alone.get_by_test_id("attention-query-1").hover()
        shares = alone.locator("[data-testid^=attention-key-] small")
        expect(shares.first).to_have_text(re.compile("%"))
        expect(alone.get_by_test_id("attention-head-4")).to_have_attribute("aria-pressed", "true")
        alone.get_by_test_id("attention-head-4").dblclick()
        expect(alone.locator(".head[aria-pressed=true]")).to_have_count(1)
        alone.get_by_test_id("attention-head-4").dblclick()
        expect(alone.locator(".head[aria-pressed=true]")).to_have_count(2)
    else:
        alone.get_by_test_id("head-cell-2-5").hover()
        expect(alone.get_by_test_id("head-tip")).to_contain_text("layer 2 · head 5")
    assert pixels(alone) > 100
    context.close()
    assert not watch.errors, "\n".join(watch.errors)


def pixels(page: Page) -> int:
    """How many pixels of the first canvas are drawn on."""
    counted = page.locator("canvas").first.evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length"
    )
    return int(counted)


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG\r\n"), ("svg", b"<svg")])
def test_lines_are_saved_as_a_picture_with_their_tokens(page: Page, tmp_path: Path, format: str, start: bytes) -> None:
    opened(page, f"{ADDRESS}&view=lines")
    with page.expect_download() as event:
        page.get_by_test_id(f"lines-{format}").click()
    path = tmp_path / event.value.suggested_filename
    event.value.save_as(path)
    assert path.name == f"lines-cross-layer-1.{format}"
    content = path.read_bytes()
    assert content.startswith(start)
    if format == "svg":
        drawn = content.decode()
        assert "·chat" in drawn
        assert drawn.count("<path") >= 4
        assert "NaN" not in drawn
