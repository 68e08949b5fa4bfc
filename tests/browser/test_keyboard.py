"""The workbench without a mouse: every step is Tab, arrows, Enter, Space or Escape, and where one stands can be seen."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import chips, opened, settled

CAT = "text=Le chat noir dort sur le canapé."
MOST_TABS = 60
HERE = """(key) => {
  let at = document.activeElement;
  const around = [];
  while (at) {
    around.push(at.closest(`.st-key-${key}`));
    if (!at.shadowRoot?.activeElement) break;
    at = at.shadowRoot.activeElement;
  }
  if (!around.some(Boolean) || /^Help|^Download|^Zoom|^Pan|^Reset/.test(at.getAttribute('aria-label') ?? '')) return null;
  const style = getComputedStyle(at);
  const inside = at.querySelector('i');
  const ring = (of) => of && (of.boxShadow !== 'none' || (of.outlineStyle !== 'none' && parseFloat(of.outlineWidth) > 0));
  return Boolean(ring(style) || (inside && getComputedStyle(inside).display !== 'none' && ring(getComputedStyle(inside))));
}"""


def tab_to(page: Page, key: str) -> None:
    """Tab until the focus is inside the element of that key; it must be seen there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        seen = page.evaluate(HERE, key)
        if seen is not None:
            page.wait_for_timeout(250)  # a ring may fade in
            assert page.evaluate(HERE, key), f"the focus on {key} cannot be seen"
            return
    raise AssertionError(f"{MOST_TABS} tabs do not lead to {key}")


def press(page: Page, *keys: str) -> None:
    """Keys, one after another; then the page comes to rest."""
    for key in keys:
        page.keyboard.press(key)
    settled(page)


def from_the_text(page: Page) -> None:
    page.locator(".st-key-text textarea").focus()


def test_a_head_a_pair_its_anatomy_a_toggle_and_the_ways_out_are_reached_by_keys(page: Page) -> None:
    opened(page, f"/attention?{CAT}&part=cross&layer=0&head=0")
    heading = page.locator(".st-key-head_heatmap")
    from_the_text(page)
    tab_to(page, "head_grid")
    press(page, "ArrowDown", "ArrowRight", "ArrowRight")
    expect(heading).to_contain_text("layer 1, head 2")
    press(page, "Shift+Enter")
    expect(page.get_by_test_id("head-grid")).to_have_count(0)
    from_the_text(page)
    tab_to(page, "all_heads")
    press(page, "Enter")
    expect(page.get_by_test_id("head-grid")).to_be_visible()
    from_the_text(page)
    tab_to(page, "heatmap")
    press(page, "ArrowDown", "ArrowDown", "ArrowRight", "Enter")
    expect(page.get_by_text("What “·cat” attends to")).to_be_visible()
    page.wait_for_url(re.compile(r"cell=2(:|%3A)1"))
    press(page, "ArrowDown", "Enter")  # the chart was made anew, and the keys stand where they stood
    page.wait_for_url(re.compile(r"cell=3(:|%3A)1"))
    expect(page.locator(".st-key-heatmap .regard-walker [aria-live]")).to_contain_text(re.compile(r"·cat.*·chat"))
    from_the_text(page)
    tab_to(page, "row")
    press(page, "ArrowLeft", "Enter")
    page.wait_for_url(re.compile(r"cell=2(:|%3A)"))
    tab_to(page, "view")
    press(page, "ArrowRight", "ArrowRight", "ArrowRight", "Enter")
    expect(page.get_by_text("Why “·cat” looks at")).to_be_visible()
    tab_to(page, "save_anatomy")
    press(page, "Enter")
    expect(page.get_by_text("Link to this view")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_text("Link to this view")).to_have_count(0)


def test_toggles_and_lines_are_worked_by_keys(page: Page) -> None:
    opened(page, f"/attention?{CAT}&part=cross&layer=1&head=2&view=lines")
    from_the_text(page)
    tab_to(page, "toggles")
    press(page, "Enter")
    tab_to(page, "pick_special")
    press(page, "ArrowRight", "Enter")
    page.wait_for_url(re.compile("special=hidden"))
    press(page, "Escape")
    from_the_text(page)
    tab_to(page, "lines_cross")
    press(page, "Space")
    expect(page.locator(".head[aria-pressed=true]")).to_have_count(2)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(HERE, "lines_cross") is not None and page.locator(".token:focus").count():
            break
    press(page, "ArrowDown", "Enter", "ArrowDown", "Shift+Enter")
    expect(page.locator(".token[aria-selected=true]")).to_have_count(2)
    press(page, "Escape")
    expect(page.locator(".token[aria-selected=true]")).to_have_count(0)


def test_a_map_of_heads_is_walked_and_chooses_by_keys(page: Page) -> None:
    opened(page, f"/heads?{CAT}&part=encoder&layer=0&head=0")
    from_the_text(page)
    tab_to(page, "head_maps")
    press(page, "ArrowDown", *["ArrowRight"] * 9, "Enter")  # past the first map's last head lies the second map
    expect(page.get_by_role("combobox", name="Sort by")).to_have_value("Distance")
    expect(page.get_by_text("L1 H1 ").first).to_be_visible()


def test_a_head_an_edge_and_a_sublayer_are_switched_off_and_restored_by_keys(page: Page) -> None:
    opened(page, "/knock_out?text=Le chat noir dort.&part=cross&layer=1&head=2")
    off = chips(page, "off_chips")
    from_the_text(page)
    tab_to(page, "worth_grid")
    press(page, "ArrowRight", "Enter")
    expect(off).to_have_text(["decoder cross-attention L1 H3"])
    tab_to(page, "sublayers")
    press(page, "ArrowRight", "Enter")
    expect(off).to_have_count(2)
    tab_to(page, "worth_map")
    press(page, "ArrowDown", "Enter")
    expect(off).to_have_count(3)
    press(page, "ArrowRight", "Enter")
    expect(off).to_have_count(4)
    from_the_text(page)
    tab_to(page, "off_chips")
    press(page, "Enter")
    expect(off).to_have_count(3)
    from_the_text(page)
    tab_to(page, "restore_all")
    press(page, "Enter")
    expect(off).to_have_count(0)


def test_the_heads_that_changed_most_are_opened_by_keys(page: Page) -> None:
    opened(page, "/compare?text=Le chat noir dort.&text_b=Le chien noir dort.&part=cross&layer=2&head=0")
    from_the_text(page)
    tab_to(page, "ranking")
    press(page, "ArrowDown", "Enter")
    shown = page.locator(".st-key-ranking .js-plotly-plot").evaluate("chart => chart.layout.yaxis.ticktext[1]")
    assert shown.startswith("<b>▸ L")
