"""Prompts in a real browser: typing, a click on a bar, presets, and the address that brings it all back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.driving import button, chart, chips, click_point, opened, settled, text_box


def test_a_preset_an_instruction_and_a_click_survive_a_reload(page: Page) -> None:
    opened(page, "/prompting")
    button(page, "presets").click()
    page.get_by_role("menuitem").filter(has_text="An example before it").click()
    expect(text_box(page)).to_have_value("Elle a un chien.")
    settled(page)
    examples = page.locator(".st-key-examples_2 textarea")
    expect(examples).to_have_value("J'ai un chat. = I have a cat.")
    page.locator(".st-key-instruction_1 textarea").fill("Dis:")  # no key but these: it is sent while one types
    expect(chips(page, "prompt_texts", 0).first).to_contain_text("D")
    settled(page)
    length = chart(page, "among").evaluate("chart => chart._fullData[1].x[1]")
    click_point(page, "among", length / 2, 5)  # the second answer under the second prompt
    expect(page.locator(".st-key-head_surprisal")).to_contain_text("She has a cat.")
    settled(page)
    bars = "chart => JSON.stringify(chart._fullData.map(trace => [...trace.x]))"
    before = chart(page, "absolute").evaluate(bars)
    page.reload()
    settled(page)
    expect(examples).to_have_value("J'ai un chat. = I have a cat.")
    expect(page.locator(".st-key-instruction_1 textarea")).to_have_value("Dis:")
    expect(page.locator(".st-key-head_surprisal")).to_contain_text("She has a cat.")
    assert chart(page, "absolute").evaluate(bars) == before
