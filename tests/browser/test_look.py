"""Light and dark, wide and narrow, as a browser shows them."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.driving import Watch, chart, opened
from viz.theme import DARK, LIGHT, Theme

PAPER = 718  # px of A4 within its margins
PAGES = {
    "/": "stage_2",
    "/attention": "heatmap",
    "/decoding": "next",
    "/embeddings": "alike_tokens",
    "/logits": "expected",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_wear_the_theme_of_the_browser(browser: Browser, server: str, scheme: str) -> None:
    theme: Theme = DARK if scheme == "dark" else LIGHT
    page = browser.new_context(base_url=server, color_scheme="dark" if scheme == "dark" else "light").new_page()
    page.set_default_timeout(60_000)
    watch = Watch(page)
    opened(page, "/attention")
    colour, ground = chart(page, "heatmap").evaluate(
        "chart => [chart._fullLayout.font.color, getComputedStyle(document.querySelector('.stApp')).backgroundColor]"
    )
    assert colour.lower() == theme.text.lower()
    assert tuple(int(x) for x in ground[4:-1].split(",")[:3]) == tuple(bytes.fromhex(theme.background[1:]))
    first = chart(page, "heatmap").evaluate("chart => chart._fullData[0].colorscale[0][1]")
    assert first.lower() in (theme.background.lower(), ground)
    page.context.close()
    assert not watch.errors, "\n".join(watch.errors)


def test_a_narrow_window_scrolls_down_and_never_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 900})
    for address in (*PAGES, "/models"):
        opened(page, address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if address in PAGES:
            chart(page, PAGES[address])
        wide = page.evaluate(
            """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
                 .map((element) => element.scrollWidth - element.clientWidth)"""
        )
        assert max(wide) <= 0, f"{address} is {max(wide)} px too wide"


PRINTED = """() => {
  const main = document.querySelector("[data-testid='stMainBlockContainer']").getBoundingClientRect();
  const drawn = [...document.querySelectorAll(".stMain .main-svg, .stMain canvas"), ...inside("canvas, svg")];
  function inside(what) {
    return [...document.querySelectorAll(".stMain *")].flatMap((at) => at.shadowRoot
      ? [...at.shadowRoot.querySelectorAll(what)] : []);
  }
  const ends = drawn.map((one) => one.getBoundingClientRect()).filter((box) => box.width).map((box) => box.right);
  const seen = (what) => [...document.querySelectorAll(what)].some((one) => one.getClientRects().length);
  return {
    width: main.width,
    beyond: Math.max(0, ...ends.map((end) => end - main.right)),
    controls: ["[data-testid='stSidebar']", ".stMain [data-testid='stButton'] button", ".stMain [data-testid='stPopover']",
               "[data-testid='stHeader']", ".modebar-container"].filter(seen),
  };
}"""


@pytest.mark.parametrize("width", [1280, 420])
def test_on_paper_nothing_is_cut_and_no_control_is_left(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/attention", "/decoding", "/models") if width == 1280 else ("/decoding",):
        opened(page, address)
        page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        found = page.evaluate(PRINTED)
        assert found["width"] <= PAPER + 1, f"{address} is {found['width']} px wide on paper"
        assert found["beyond"] <= 1, f"{address} is cut by {found['beyond']} px"
        assert found["controls"] == [], address
        page.emulate_media(media="screen")


def test_a_charts_buttons_lie_beside_its_data(page: Page) -> None:
    opened(page, "/decoding?beside=inside")
    pushed = chart(page, "pushed")
    pushed.scroll_into_view_if_needed()
    pushed.hover()
    buttons = pushed.locator(".modebar-group").first
    expect(buttons).to_be_visible()
    lowest = buttons.evaluate("group => group.getBoundingClientRect().bottom")
    assert lowest <= pushed.evaluate("chart => chart.getBoundingClientRect().top + chart._fullLayout._size.t")
    buttons.locator(".modebar-btn").last.click(trial=True)  # nothing lies over them either
