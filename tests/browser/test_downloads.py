"""What the buttons beside a figure save: numbers, a page that needs no network, a picture."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.driving import Watch, button, chart, opened
from tests.pages.driving import run_of

CAT = "Le chat noir dort."
ADDRESS = f"/attention?text={CAT}&layer=1&head=2&part=cross"
NAME = "attention-cross-layer-1-head-2"


def saved(page: Page, key: str, folder: Path) -> Path:
    """The file that a download button gives."""
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
    with page.expect_download() as event:
        page.locator(".st-key-heatmap_picture").get_by_test_id(f"save-{format}").click()
    path = tmp_path / event.value.suggested_filename
    event.value.save_as(path)
    assert path.name == f"{NAME}.{format}"
    assert path.read_bytes().startswith(start)
