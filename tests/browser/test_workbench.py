"""The decoding workbench in a real browser: playing, stopping a long text, ghosts, branches."""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import button, chart, chips, click_point, opened, settled

CAT = "/decoding?text=Le chat noir dort."
LONG = "/decoding?text=Le chat noir dort.&choose=draw&seed=1&narrow=temperature:3&most=1000"


def test_playing_walks_to_the_end_by_itself_and_pauses_there(page: Page) -> None:
    opened(page, CAT)
    player = page.locator(".st-key-player")
    player.get_by_test_id("pace").select_option("8")
    player.get_by_test_id("play").click()
    expect(page.get_by_text("It wrote its end token.")).to_be_visible(timeout=60_000)
    expect(player.get_by_test_id("play")).to_have_text(re.compile("Play"))
    expect(player.get_by_test_id("play")).to_be_disabled()


def test_a_pause_ends_the_playing(page: Page) -> None:
    opened(page, CAT)
    player = page.locator(".st-key-player")
    player.get_by_test_id("pace").select_option("0.5")
    player.get_by_test_id("play").click()
    expect(chips(page, "written")).to_have_count(3)
    player.get_by_test_id("play").click()
    page.wait_for_timeout(3000)
    expect(chips(page, "written")).to_have_count(3)


def test_a_long_text_appears_as_it_is_made_and_stops_by_a_click(page: Page) -> None:
    page.goto(LONG)
    live = page.locator(".st-key-live")
    expect(live.get_by_text(re.compile(r"^\d+ tokens"))).to_be_visible(timeout=60_000)
    button(page, "stop_writing").click()
    expect(button(page, "go_on")).to_be_visible(timeout=60_000)
    settled(page)
    expect(live).to_have_count(0)
    steps = int(re.search(r"of (\d+)", page.get_by_text(re.compile(r"^Step \d+ of")).inner_text())[1])  # type: ignore[index]
    assert 0 < steps < 999


def test_a_switch_draws_ghosts_and_a_click_on_one_branches(page: Page) -> None:
    opened(page, CAT + "&step=2&narrow=temperature:2")
    assert chart(page, "next").evaluate("chart => chart.data.length") == 3
    share = chart(page, "next").evaluate("chart => chart._fullData[1].x[1]")
    click_point(page, "next", share / 2, 1)
    expect(page.locator(".st-key-branch_tree").get_by_test_id("token-row-1")).to_be_visible(timeout=30_000)
    settled(page)
    page.locator(".st-key-branch_tree").get_by_test_id("token-row-0").locator(".chip").first.click()
    expect(page.get_by_text("your choice (✎)")).to_have_count(0, timeout=30_000)
    expect(page.locator(".st-key-branch_tree").get_by_test_id("token-row-1")).to_be_visible()
