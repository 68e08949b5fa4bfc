"""The decoding page in a real browser: stepping by button and key, and writing another token by a click."""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import button, chart, chips, click_point, listening, opened, settled

CAT = "/decoding?text=Le chat noir dort."


def bars(page: Page) -> str:
    return str(chart(page, "next").evaluate("chart => JSON.stringify(chart.data[0].x)"))


def test_the_writing_steps_on_and_back_and_says_why_it_ended(page: Page) -> None:
    opened(page, CAT)
    written = chips(page, "written")
    expect(written).to_have_count(2)
    first = bars(page)
    button(page, "go_step").click()
    expect(written).to_have_count(3)
    settled(page)
    assert bars(page) != first
    button(page, "go_back").click()
    expect(written).to_have_count(2)
    settled(page)
    assert bars(page) == first
    button(page, "go_end").click()
    expect(page.get_by_text("It wrote its end token.")).to_be_visible()
    expect(written.last).to_have_text("</s>")
    button(page, "go_restart").click()
    expect(written).to_have_count(2)


def test_arrow_keys_step(page: Page) -> None:
    listening(opened(page, CAT), "step_keys")
    written = chips(page, "written")
    for key, count in (("ArrowRight", 3), ("ArrowRight", 4), ("ArrowLeft", 3), ("Home", 2)):
        page.keyboard.press(key)
        expect(written).to_have_count(count)
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):  # faster than the page answers
        page.keyboard.press(key)
    expect(written).to_have_count(4)
    settled(page)
    expect(written).to_have_count(4)
    page.keyboard.press("End")
    expect(page.get_by_text("It wrote its end token.")).to_be_visible()


def test_a_click_on_a_bar_writes_that_token(page: Page) -> None:
    opened(page, CAT + "&step=1")
    written = chips(page, "written")
    own = written.all_inner_texts()
    share, label = chart(page, "next").evaluate(
        "chart => [chart._fullData[0].x[1], chart._fullData[0].hovertext[1].slice(1, -1)]"
    )
    click_point(page, "next", share / 2, 1)
    expect(page.get_by_text("your choice (✎)")).to_be_visible()
    settled(page)
    assert written.all_inner_texts() == [*own[:2], label]
    marks = page.locator(".st-key-written").get_by_test_id("token-row-0").locator(".chip small")
    expect(marks.last).to_have_text(re.compile("✎"))
    rare = chart(page, "next").evaluate("chart => chart._fullData[0].hovertext[6].slice(1, -1)")
    click_point(page, "next", -0.1, 6)  # its label
    expect(written.last).to_have_text(rare)
    settled(page)
    button(page, "unforce").click()
    expect(page.get_by_text("your choice (✎)")).to_have_count(0)
    settled(page)
    assert written.all_inner_texts() == own


def test_what_was_clicked_stays_where_it_is_while_branches_appear_above_it(page: Page) -> None:
    opened(page, CAT + "&step=1")
    chart(page, "next").scroll_into_view_if_needed()
    top = "chart => chart.getBoundingClientRect().top"
    before = chart(page, "next").evaluate(top)
    click_point(page, "next", 0.2, 1)
    expect(page.get_by_text("your choice (✎)")).to_be_visible()
    settled(page)
    assert abs(chart(page, "next").evaluate(top) - before) < 2
    page.mouse.wheel(0, -100)
    page.wait_for_function(
        "before => document.querySelector('.st-key-next .js-plotly-plot').getBoundingClientRect().top > before + 50",
        arg=before,
    )
