"""The text box in a real browser: what is typed is read at once, whatever it is typed with and whatever it says."""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import chart, chips, opened, settled, text_box
from ui.runs.examples import FRENCH

CAT = "Le chat noir dort"
FIGURES = {
    "Overview": "stage_2",
    "Attention": "heatmap",
    "Decoding": "next",
    "Embeddings and positions": "alike_tokens",
    "Logits": "expected",
}
TRAP = '<img src=x onerror="window.__pwned=1;alert(1)"><script>window.__pwned=1</script><svg onload=alert(2)>'


def test_a_sentence_is_read_and_translated_while_it_is_typed(page: Page) -> None:
    opened(page)
    first = chart(page, "stage_2").evaluate("chart => JSON.stringify(chart.data[0].y)")
    text_box(page).click()
    text_box(page).press("ControlOrMeta+a")
    page.keyboard.type(CAT, delay=40)
    expect(chips(page, "pieces", 0).nth(1)).to_have_text("·chat")
    expect(chips(page, "pieces", 1)).to_contain_text(["·black", "·cat"])
    settled(page)
    expect(text_box(page)).to_have_value(CAT)
    expect(text_box(page)).to_be_focused()
    assert chart(page, "stage_2").evaluate("chart => JSON.stringify(chart.data[0].y)") != first


def test_composed_characters_arrive_whole(page: Page) -> None:
    opened(page, "/attention")
    text_box(page).fill("")
    settled(page)
    expect(page.get_by_text("There is no text to read")).to_be_visible()
    text_box(page).click()
    keyboard = page.context.new_cdp_session(page)
    for composed, written in ((("ㅎ", "하", "한"), "한"), (("ㄱ", "그", "글"), "글")):
        for text in composed:
            keyboard.send(
                "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
            )
            page.wait_for_timeout(250)  # longer than the box waits, so that a run falls into the composition
        keyboard.send("Input.insertText", {"text": written})
    settled(page)
    expect(text_box(page)).to_have_value("한글")
    expect(page.get_by_text("Most pieces here are single bytes")).to_be_visible()
    expect(chips(page, "pieces", 0).last).to_have_text("</s>")


def test_markup_in_a_text_is_text(page: Page) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened(page)
    text_box(page).fill(TRAP)
    settled(page)
    for name, key in FIGURES.items():
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        settled(page)
        chart(page, key).hover()
        assert "<img·src=x·onerror=" in "".join(chips(page, "pieces", 0).all_inner_texts())
        assert page.evaluate("window.__pwned === undefined")
        assert page.locator("img[src='x'], svg[onload]").count() == 0
    assert dialogs == []


def test_a_refused_text_keeps_the_picture_and_the_words(page: Page) -> None:
    opened(page, f"/attention?text={CAT}")
    before = chart(page, "heatmap").evaluate("chart => JSON.stringify(chart.data[0].z)")
    text_box(page).fill("le chat " * 1250)
    settled(page)
    expect(page.get_by_text("shorten it by")).to_be_visible()
    expect(text_box(page)).to_have_value("le chat " * 1250)
    assert chart(page, "heatmap").evaluate("chart => JSON.stringify(chart.data[0].z)") == before
    text_box(page).fill("Le chat dort.")
    settled(page)
    expect(page.get_by_text("shorten it by")).to_have_count(0)


def test_an_example_is_one_click_away_and_the_text_follows_to_every_page(page: Page) -> None:
    opened(page)
    page.get_by_role("button", name=re.compile("Examples")).click()
    page.get_by_role("menuitem", name=re.compile(FRENCH[2].text)).click()
    expect(text_box(page)).to_have_value(FRENCH[2].text)
    settled(page)
    for name in list(FIGURES)[1:]:
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        settled(page)
        expect(text_box(page)).to_have_value(FRENCH[2].text)
        expect(chips(page, "pieces", 0).nth(1)).to_have_text("·chat")


def test_a_line_break_is_typed_read_linked_and_kept(page: Page) -> None:
    opened(page, "/attention?model=gpt-stories")
    text_box(page).click()
    text_box(page).press("ControlOrMeta+a")
    page.keyboard.type("Tom had a", delay=40)
    one_line = text_box(page).bounding_box()
    page.keyboard.press("Enter")
    page.keyboard.type("dog", delay=40)
    expect(chips(page, "pieces", 0)).to_have_text(["<|endoftext|>", "Tom", "·had", "·a", "⏎", "d", "og"])
    settled(page)
    expect(text_box(page)).to_be_focused()
    assert text_box(page).bounding_box()["height"] > one_line["height"]
    assert "text=Tom+had+a%0Adog" in page.url
    page.keyboard.press("Backspace")
    expect(chips(page, "pieces", 0).nth(4)).to_have_text("⏎")
    settled(page)
    page.reload()
    settled(page)
    expect(text_box(page)).to_have_value("Tom had a\ndo")


def test_pasted_lines_stay_lines_and_the_caret_stays_where_it_is(page: Page) -> None:
    opened(page, "/attention?model=gpt-stories&text=a%0Ab")
    expect(text_box(page)).to_have_value("a\nb")
    text_box(page).click()
    text_box(page).press("ControlOrMeta+Home")
    page.keyboard.insert_text("x = 1\nprint(x)\n")
    settled(page)
    page.keyboard.type("# ", delay=40)
    settled(page)
    expect(text_box(page)).to_have_value("x = 1\nprint(x)\n# a\nb")
    assert page.url.endswith("text=x+%3D+1%0Aprint%28x%29%0A%23+a%0Ab")


def test_every_text_box_sends_lines_while_one_types(page: Page) -> None:
    opened(page, "/attention?own_target=true")
    typed_lines(page, "target")
    assert "target=A+dog%0Aruns" in page.url
    expect(chart(page, "heatmap").locator(".ytick")).to_contain_text(["·A", "·dog", "·run"])
    opened(page, "/compare")
    typed_lines(page, "text_b")
    assert "text_b=A+dog%0Aruns" in page.url
    opened(page, "/prompting")
    for key in ("instruction_1", "examples_1", "answers"):
        typed_lines(page, key)
        assert f"{key}=A+dog%0Aruns" in page.url
    opened(page, "/attention?model=bert-stories")
    typed_lines(page, "pair")
    assert "pair=A+dog%0Aruns" in page.url


def typed_lines(page: Page, key: str) -> None:
    """Types two lines into a box, which keeps the focus."""
    box = page.locator(f".st-key-{key} textarea")
    box.click()
    box.press("ControlOrMeta+a")
    page.keyboard.type("A dog\nruns", delay=40)
    page.wait_for_timeout(200)
    settled(page)
    expect(box).to_have_value("A dog\nruns")
    expect(box).to_be_focused()
