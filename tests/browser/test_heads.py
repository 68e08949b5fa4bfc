"""The heads page in a real browser: a click on a small map chooses its head, and a link leads to where it looks."""

from playwright.sync_api import Page, expect

from tests.browser.driving import chart, opened, settled

PAGE = "/heads?text=Le chat noir dort sur le canapé.&part=Encoder&layer=0&head=0"
CELL_OF = """(chart, [map, layer, head]) => {
  const { [`xaxis${map}`]: x, [`yaxis${map}`]: y } = chart._fullLayout;
  const box = chart.getBoundingClientRect();
  return [box.left + x._offset + x.l2p(head), box.top + y._offset + y.l2p(layer)];
}"""


def click_map(page: Page, map: int, layer: int, head: int) -> None:
    """A click on a head in the map with that number, from 2 up as Plotly counts axes."""
    found = chart(page, "head_maps")
    found.scroll_into_view_if_needed()
    left, top = found.evaluate(CELL_OF, [map, layer, head])
    page.mouse.move(left - 2, top)
    page.mouse.move(left, top)
    page.mouse.click(left, top)


def test_a_click_on_a_small_map_chooses_the_head_and_the_link_leads_to_it(page: Page) -> None:
    opened(page, PAGE)
    click_map(page, 4, 1, 5)
    expect(page.get_by_text("L1 H5 ").first).to_be_visible()
    settled(page)
    expect(page.get_by_role("combobox", name="Sort by")).to_have_value("Next token")
    page.get_by_role("link", name="See what layer 1, head 5 attends to").click()
    expect(page.locator(".st-key-head_heatmap")).to_contain_text("Encoder self-attention, layer 1, head 5")
    settled(page)
    expect(page.locator(".st-key-text textarea")).to_have_value("Le chat noir dort sur le canapé.")
