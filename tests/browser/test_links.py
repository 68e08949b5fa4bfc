"""A copied address opens the same view in another browser, also as the first visit of a server."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.driving import Watch, button, chart, chips, click_point, opened, running_server, settled, text_box


def elsewhere(browser: Browser, page: Page) -> Page:
    """Another person's browser at the address this page shows."""
    other = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    other.set_default_timeout(60_000)
    return opened(other, page.url)


def test_a_link_restores_text_layer_and_head(page: Page, browser: Browser) -> None:
    opened(page, "/attention")
    text_box(page).fill("Le chat noir dort.")
    settled(page)
    page.get_by_test_id("head-cell-2-3").click()
    expect(page.locator(".st-key-head_heatmap")).to_contain_text("layer 2, head 3")
    settled(page)
    other = elsewhere(browser, page)
    expect(text_box(other)).to_have_value("Le chat noir dort.")
    expect(other.locator(".st-key-head_heatmap")).to_contain_text("layer 2, head 3")
    numbers = "chart => JSON.stringify(chart.data[0].z)"
    assert chart(other, "heatmap").evaluate(numbers) == chart(page, "heatmap").evaluate(numbers)
    other.context.close()


def test_a_link_restores_step_and_choices(page: Page, browser: Browser) -> None:
    opened(page, "/decoding?text=Le chat noir dort.&step=1")
    share = chart(page, "next").evaluate("chart => chart._fullData[0].x[1]")
    click_point(page, "next", share / 2, 1)
    expect(page.get_by_text("your choice (✎)")).to_be_visible()
    button(page, "go_step").click()
    expect(chips(page, "written")).to_have_count(4)
    settled(page)
    other = elsewhere(browser, page)
    assert chips(other, "written").all_inner_texts() == chips(page, "written").all_inner_texts()
    expect(other.get_by_text("your choice (✎)")).to_be_visible()
    other.context.close()


def test_a_new_text_takes_step_and_choices_out_of_the_address(page: Page) -> None:
    opened(page, "/decoding?text=Le chat noir dort.&step=1")
    share = chart(page, "next").evaluate("chart => chart._fullData[0].x[1]")
    click_point(page, "next", share / 2, 1)
    expect(page.get_by_text("your choice (✎)")).to_be_visible()
    settled(page)
    for text in ("Le chien.", "Il fait froid et il pleut."):  # shorter, then longer: other numbers of steps
        text_box(page).fill(text)
        expect(chips(page, "written")).to_have_count(2)
        settled(page)
        assert parse_qs(urlsplit(page.url).query) == {"text": [text]}
        button(page, "go_step").click()
        expect(chips(page, "written")).to_have_count(3)
        settled(page)
        assert parse_qs(urlsplit(page.url).query) == {"text": [text], "step": ["1"]}


def test_the_first_visit_of_a_server_may_be_to_any_page(browser: Browser, tmp_path: Path) -> None:
    with running_server(tmp_path / "server.log") as url:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        watch = Watch(page)
        opened(page, f"{url}/decoding?step=2")
        expect(page.get_by_role("heading", name="Why this token?")).to_be_visible()
        expect(text_box(page)).to_have_value("Je adore l'apprentissage automatique")
        expect(chips(page, "written")).to_have_count(4)
        page.close()
    assert not watch.errors, "\n".join(watch.errors)


def test_a_text_put_into_the_box_by_a_button_stands_in_the_address(page: Page) -> None:
    opened(page, "/attention?text=Le chat noir dort.")
    page.locator(".st-key-ids label").first.click()
    expect(text_box(page)).to_have_value(re.compile(r"^[\d ]+$"))
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert query == {"ids": ["true"], "text": [text_box(page).input_value()]}
    page.locator(".st-key-ids label").first.click()
    expect(text_box(page)).to_have_value("Le chat noir dort.")
    settled(page)
    assert parse_qs(urlsplit(page.url).query) == {"text": ["Le chat noir dort."]}
