"""Switching parts off with the mouse and the keyboard, and every head in turn, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.driving import button, chart, chips, click_point, opened, settled


def test_a_click_switches_a_head_off_a_cell_cuts_an_edge_and_the_address_holds_both(page: Page) -> None:
    opened(page, "/knock_out?part=cross&layer=1&head=2")
    page.get_by_test_id("head-cell-2-5").click()
    expect(chips(page, "off_chips")).to_have_text(["decoder cross-attention L2 H5"])
    settled(page)
    page.get_by_test_id("head-grid").get_by_role("listbox").press("ArrowLeft")  # moves, and leaves the head on
    settled(page)
    expect(chips(page, "off_chips")).to_have_count(1)
    click_point(page, "worth_map", 1, 2)
    expect(chips(page, "off_chips")).to_have_count(2)
    settled(page)
    assert "off=d2c5%2Cd2c4.2-1" in page.url
    page.reload()
    settled(page)
    expect(chips(page, "off_chips")).to_have_count(2)
    chips(page, "off_chips").first.click()
    expect(chips(page, "off_chips")).to_have_count(1)
    button(page, "restore_all").click()
    expect(chips(page, "off_chips")).to_have_count(0)
    settled(page)
    assert "off=" not in page.url


def test_every_head_in_turn_ends_by_itself_and_fills_the_last_map(page: Page) -> None:
    opened(page, "/knock_out?part=cross")
    button(page, "sweep_start").click()
    expect(page.get_by_text("All 72 heads were knocked out in turn")).to_be_visible()
    chart(page, "number_knock_out")
    chart(page, "scatter")


def test_differences_open_from_their_pictures_and_bars(page: Page) -> None:
    opened(page, "/compare?text=Le chat noir dort.&text_b=Le chien noir dort.&part=cross&layer=0&head=0")
    page.get_by_test_id("head-cell-1-6").click()
    expect(page.get_by_text("Cross-attention, layer 1, head 6")).to_be_visible()
    settled(page)
    click_point(page, "ranking", chart(page, "ranking").evaluate("chart => chart._fullData[0].x[0] / 2"), 0)
    settled(page)
    first = chart(page, "ranking").evaluate("chart => chart.layout.yaxis.ticktext[0]")
    assert first.startswith("<b>▸ L")
