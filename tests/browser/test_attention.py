"""The attention page in a real browser: thumbnails, keys, cells and lines."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.browser.driving import chart, click_point, listening, opened, settled
from tests.browser.endless import address, endless, open_by_path
from ui.components.head_grid.head_grid import HTML, grid_payload
from ui.components.standalone import standalone_html
from viz.theme import LIGHT

CAT = "/attention?text=Le chat noir dort sur le canapé.&layer=0&head=0"


def heading(page: Page) -> Locator:
    return page.locator(".st-key-head_heatmap")


def picked(page: Page, key: str) -> Locator:
    """The button of a row that is pressed."""
    return page.locator(f".st-key-{key}").get_by_role("radio", checked=True)


def test_a_click_on_a_thumbnail_opens_that_head(page: Page) -> None:
    opened(page, CAT)
    expect(heading(page)).to_contain_text("layer 0, head 0")
    before = chart(page, "heatmap").evaluate("chart => JSON.stringify(chart.data[0].z)")
    page.get_by_test_id("head-cell-1-5").click()
    expect(heading(page)).to_contain_text("layer 1, head 5")
    settled(page)
    expect(picked(page, "layer")).to_have_text("1")
    expect(picked(page, "head")).to_have_text("5")
    expect(page.get_by_test_id("head-cell-1-5")).to_have_attribute("aria-selected", "true")
    assert chart(page, "heatmap").evaluate("chart => JSON.stringify(chart.data[0].z)") != before


def test_keys_move_between_heads(page: Page) -> None:
    listening(opened(page, CAT), "head_keys")
    for key, place in (
        (".", "layer 0, head 1"),
        ("]", "layer 1, head 1"),
        (",", "layer 1, head 0"),
        ("[", "layer 0, head 0"),
    ):
        page.keyboard.press(key)
        expect(heading(page)).to_contain_text(place)
    for key in ".]].":  # faster than the page answers
        page.keyboard.press(key)
    expect(heading(page)).to_contain_text("layer 2, head 2")
    page.keyboard.press("]")
    expect(heading(page)).to_contain_text("layer 0, head 2")
    page.keyboard.press(",")
    expect(heading(page)).to_contain_text("layer 0, head 1")
    settled(page)
    page.get_by_test_id("head-grid").locator(".board").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(heading(page)).to_contain_text("layer 1, head 2")


def test_another_head_is_marked_and_sends_no_pictures_again(page: Page) -> None:
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    long = "Le chat noir dort sur le canapé rouge. " * 8
    opened(page, f"/attention?text={long}&part=encoder&layer=0&head=0")
    pictures = 24 * 64 * 64  # bytes: a text of 64 tokens or more, three layers of eight heads
    assert max(sizes) > pictures
    sizes.clear()
    page.get_by_test_id("head-cell-2-6").click()
    expect(heading(page)).to_contain_text("layer 2, head 6")
    settled(page)
    expect(page.get_by_test_id("head-cell-2-6")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-testid^=head-cell][aria-selected=true]")).to_have_count(1)
    assert max(sizes) < pictures


def test_keys_typed_into_the_text_stay_in_the_text(page: Page) -> None:
    opened(page, CAT)
    page.locator(".st-key-text textarea").press("End")
    page.keyboard.type(" . , ] [")
    settled(page)
    expect(heading(page)).to_contain_text("layer 0, head 0")


def test_a_click_on_a_cell_opens_its_row(page: Page) -> None:
    opened(page, CAT)
    click_point(page, "heatmap", 1, 2)
    expect(page.get_by_text("What “·cat” attends to")).to_be_visible()
    said = page.get_by_text(re.compile("“·cat” looks at “·chat” with"))
    expect(said).to_be_visible()
    settled(page)
    weight = chart(page, "heatmap").evaluate("chart => chart._fullData[0].z[2][1]")
    share = re.search(r"with ([\d.]+)%", said.inner_text())
    assert share is not None
    assert abs(float(share.group(1)) - 100 * weight) < 0.06


def test_lines_show_the_shares_of_the_token_under_the_pointer(page: Page) -> None:
    opened(page, "/attention?text=Le chat noir dort.&view=lines&layer=1&head=2")
    page.get_by_test_id("attention-query-1").hover()
    shares = page.locator("[data-testid^=attention-key-] small")
    expect(shares.first).to_have_text(re.compile("%"))
    percents = [float(text.strip("<%")) for text in shares.all_inner_texts()]
    assert abs(sum(percents) - 100) < 1.5
    page.get_by_test_id("attention-key-1").hover()
    expect(page.locator("[data-testid^=attention-query-] small").first).to_have_text(re.compile("%"))


def test_a_target_can_be_typed(page: Page) -> None:
    opened(page, CAT)
    page.locator(".st-key-own_target label").click()
    target = page.locator(".st-key-target textarea")
    expect(target).to_have_value(re.compile("cat"))
    target.fill("A dog runs.")
    settled(page)
    labels = chart(page, "heatmap").evaluate("chart => chart._fullLayout.yaxis.ticktext")
    assert [label.partition(" (")[0].strip('"·') for label in labels][:2] == ["A", "dog"]  # rows: the tokens written


def test_a_double_click_isolates_a_head_and_another_brings_the_others_back(page: Page) -> None:
    opened(page, "/attention?text=Le chat noir dort.&view=lines&layer=1&head=2")
    on = page.locator(".head[aria-pressed=true]")
    expect(on).to_have_count(1)
    for head in (0, 5):
        page.get_by_test_id(f"attention-head-{head}").click()
    expect(on).to_have_count(3)
    page.get_by_test_id("attention-head-5").dblclick()
    expect(on).to_have_count(1)
    page.get_by_test_id("attention-head-5").dblclick()
    expect(on).to_have_count(3)
    page.wait_for_url(re.compile(r"lines=70(;|%3B)0\.2\.5"))
    settled(page)
    expect(on).to_have_count(3)


def test_several_tokens_stay_locked_and_a_link_restores_them(page: Page) -> None:
    opened(page, "/attention?text=Le chat noir dort.&view=lines&layer=1&head=2")
    page.get_by_test_id("attention-query-1").click()
    page.get_by_test_id("attention-query-3").click(modifiers=["Shift"])
    locked = page.locator(".token[aria-selected=true]")
    expect(locked).to_have_count(2)
    page.wait_for_url(re.compile("lines=.*q1.q3"))
    opened(page, page.url)
    expect(locked).to_have_count(2)


def test_a_double_click_on_a_thumbnail_shows_its_head_alone(page: Page) -> None:
    opened(page, CAT)
    page.get_by_test_id("head-cell-1-5").dblclick()
    expect(page.get_by_test_id("head-grid")).to_have_count(0)
    expect(heading(page)).to_contain_text("layer 1, head 5")
    page.locator(".st-key-all_heads").get_by_role("button", name="All heads").click()
    expect(page.get_by_test_id("head-cell-1-5")).to_have_attribute("aria-selected", "true")


def test_a_rectangle_dragged_in_a_long_text_opens_exact_cells_and_a_double_click_the_whole(page: Page) -> None:
    opened(page, f"/attention?text={'Le chat noir dort sur le lit. ' * 32}&part=encoder&layer=0&head=0")
    expect(page.get_by_text("more cells than a screen has")).to_be_visible()
    shown = chart(page, "heatmap")
    left, top, right, bottom = shown.evaluate(
        """(chart) => {
          chart.scrollIntoView({ block: 'center' });
          const { xaxis, yaxis } = chart._fullLayout;
          const box = chart.getBoundingClientRect();
          const x = (value) => box.left + xaxis._offset + xaxis.l2p(value);
          const y = (value) => box.top + yaxis._offset + yaxis.l2p(value);
          return [x(20), y(30), x(90), y(100)];
        }"""
    )
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(right, bottom, steps=6)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"Queries \d+ to \d+ of .*exact"))).to_be_visible()
    settled(page)
    rows = chart(page, "heatmap").evaluate("chart => chart._fullData[0].z.length")
    assert 60 < rows < 110
    page.locator(".st-key-whole button").click()
    expect(page.get_by_text("more cells than a screen has")).to_be_visible()


def test_no_line_of_several_heads_lies_under_another(page: Page, tmp_path: Path) -> None:
    opened(page, "/attention?text=Le chat noir dort.&part=cross&view=lines&layer=2&head=2&lines=70;0.1.2.3.4.5.6.7;")
    with page.expect_download() as event:
        page.get_by_test_id("lines-svg").click()
    event.value.save_as(tmp_path / "lines.svg")
    drawn = re.findall(r'<path d="([^"]*)" stroke="([^"]*)"', (tmp_path / "lines.svg").read_text("utf-8"))
    assert len({colour for _, colour in drawn}) == 8
    assert len({curve for curve, _ in drawn}) == len(drawn)


HEBREW = "אני אוהב חתול שחור שישן על הספה"


def test_two_rows_of_tokens_scroll_and_run_from_the_right_where_the_text_does(page: Page, tmp_path: Path) -> None:
    pieces = Tokenizer(models.WordLevel({word: i for i, word in enumerate(["?", *HEBREW.split()])}, unk_token="?"))
    pieces.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    pieces.save(str(tmp_path / "vocabulary.json"))
    folder = endless(tmp_path / "hebrew", layers=1, width=64, vocabulary=tmp_path / "vocabulary.json")
    open_by_path(page, folder)
    opened(page, address(folder, "attention", text=HEBREW, view="lines", transposed="on"))
    stage = page.get_by_test_id("attention-lines").locator(".stage")
    expect(page.get_by_text("Scroll for the rest of the tokens.")).to_be_visible()
    assert stage.evaluate("stage => stage.scrollWidth > stage.clientWidth")
    left = [
        page.get_by_test_id(f"attention-{side}-{i}").bounding_box()["x"] for side in ("query", "key") for i in (0, 1, 2)
    ]
    assert left[:3] == sorted(left[:3], reverse=True)
    assert left[3:] == sorted(left[3:], reverse=True)  # rows and keys have labels of other widths: rows name two tokens
    frame = stage.bounding_box()
    assert frame is not None
    assert frame["x"] < left[0] < frame["x"] + frame["width"]


@pytest.mark.parametrize("heads", [12, 16])
def test_a_grid_of_many_heads_fits_into_its_column_of_a_window_of_1280(
    browser: Browser, tmp_path: Path, heads: int
) -> None:
    pictures = np.zeros((12, heads, 8, 8), dtype=np.uint8)
    grid = grid_payload(pictures, selected=(0, 0))
    (tmp_path / "grid.html").write_text(
        standalone_html("head_grid", HTML, grid, title="Heads", said="", theme=LIGHT), encoding="utf-8"
    )
    page = browser.new_page(viewport={"width": 347 + 48, "height": 900})  # the column, and the margins of the file
    page.goto((tmp_path / "grid.html").as_uri())
    last, scroll = page.get_by_test_id(f"head-cell-0-{heads - 1}"), page.locator(".scroll")
    expect(last).to_be_visible()
    assert scroll.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert last.bounding_box()["x"] + last.bounding_box()["width"] <= 347 + 24
    expect(page.locator(".more")).to_be_hidden()
    page.set_viewport_size({"width": 240, "height": 900})
    expect(page.locator(".more")).to_contain_text(f"to H{heads - 1}")
    page.close()
