"""The decoding workbench in a real browser: playing, a long text as it is written, ghosts, branches."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import button, chart, chips, click_point, opened, settled
from tests.browser.endless import address, endless, open_by_path

CAT = "/decoding?text=Le chat noir dort."
COUNT = re.compile(r"^\d+ tokens")


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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return endless(tmp_path_factory.mktemp("endless") / "endless", layers=6, width=384)


def counted(page: Page) -> int:
    """How many tokens the line of a decode that is still writing says there are."""
    return int(page.locator(".st-key-live").get_by_text(COUNT).inner_text().split()[0])


def test_a_long_text_appears_as_it_is_made_stops_by_a_click_and_goes_on(page: Page, folder: Path) -> None:
    open_by_path(page, folder)
    page.goto(address(folder, most="1000"))
    live = page.locator(".st-key-live")
    expect(live.get_by_text(COUNT)).to_be_visible()
    first = counted(page)
    expect(live.get_by_text(re.compile(rf"^(?!{first} )\d+ tokens"))).to_be_visible()
    assert counted(page) > first
    button(page, "stop_writing").click()
    expect(button(page, "go_on")).to_be_visible()
    settled(page)
    expect(live).to_have_count(0)
    stopped = int(re.findall(r"of (\d+)\.", page.get_by_text(re.compile(r"^Step \d+ of")).inner_text())[0])
    assert first <= stopped < 1000
    expect(page.locator(".st-key-model input")).to_have_value(
        re.compile(folder.name)
    )  # drawn while the first run was still writing
    button(page, "go_on").click()
    expect(page.get_by_text(re.compile(r"^Step \d+ of 1000\."))).to_be_visible()


def test_a_switch_draws_ghosts_beside_bars_that_stay(page: Page) -> None:
    opened(page, CAT + "&step=2")
    shares = "chart => JSON.stringify(Array.from(chart._fullData[0].x))"
    drawn = chart(page, "next")
    assert drawn.evaluate("chart => chart.data.length") == 1
    before, text = drawn.evaluate(shares), chips(page, "pieces", 1).all_inner_texts()
    page.get_by_text("Sampling settings").click()
    page.locator(".st-key-on_temperature label").click()
    settled(page)
    assert chart(page, "next").evaluate("chart => chart.data.length") == 3
    assert chart(page, "next").evaluate(shares) == before
    ghosts = chart(page, "next").evaluate("chart => Array.from(chart._fullData[1].x)")
    assert sum(ghosts) == pytest.approx(1.0, abs=1e-3)
    assert max(abs(a - b) for a, b in zip(ghosts, json.loads(before), strict=True)) > 0.01
    assert chips(page, "pieces", 1).all_inner_texts() == text


def test_a_click_on_a_candidate_branches_both_futures_stay_and_the_link_restores_them(page: Page) -> None:
    opened(page, CAT + "&step=1")
    own = chips(page, "pieces", 1).all_inner_texts()
    share = chart(page, "next").evaluate("chart => chart._fullData[0].x[1]")
    click_point(page, "next", share / 2, 1)
    tree = page.locator(".st-key-branch_tree")
    expect(tree.get_by_test_id("token-row-1")).to_be_visible()
    settled(page)
    branch = chips(page, "pieces", 1).all_inner_texts()
    assert branch[0] == own[0]
    assert branch[1] != own[1]
    rows = [chips(page, "branch_tree", row).all_inner_texts() for row in (0, 1)]
    assert rows[0] == own
    assert rows[1] == ["⋯ 1 shared", *branch[1:]]
    opened(page, page.url.removeprefix(page.url.split("/decoding")[0]))
    assert [chips(page, "branch_tree", row).all_inner_texts() for row in (0, 1)] == rows
    assert chips(page, "pieces", 1).all_inner_texts() == branch
    chips(page, "branch_tree", 0).nth(1).click()
    expect(page.get_by_text("your choice (✎)")).to_have_count(0)
    settled(page)
    assert chips(page, "pieces", 1).all_inner_texts() == own
    expect(tree.get_by_test_id("token-row-1")).to_be_visible()


MARK_IS_OVER = """() => {
  const chart = document.querySelector('.st-key-certainty .js-plotly-plot');
  const line = chart.querySelector('[data-testid="chart-mark"]');
  const { xaxis } = chart._fullLayout;
  return xaxis.p2l(line.getBoundingClientRect().left - chart.getBoundingClientRect().left - xaxis._offset);
}"""


def test_a_step_moves_the_mark_over_a_line_that_stays(page: Page) -> None:
    opened(page, CAT)
    chart(page, "certainty").evaluate("chart => { chart.kept = true; }")
    assert page.evaluate(MARK_IS_OVER) == pytest.approx(0, abs=0.1)
    button(page, "go_step").click()
    settled(page)
    button(page, "go_step").click()
    settled(page)
    assert page.evaluate(MARK_IS_OVER) == pytest.approx(2, abs=0.1)
    assert chart(page, "certainty").evaluate("chart => chart.kept"), "the chart was made anew"
