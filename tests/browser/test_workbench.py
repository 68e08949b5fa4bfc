"""The decoding workbench in a real browser: playing and pausing."""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import chips, opened

CAT = "/decoding?text=Le chat noir dort."


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
