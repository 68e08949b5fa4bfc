"""A component as one file: all of it inside, nothing asked of the network, no text read as markup."""

import base64
import re

import numpy as np
import pytest

from ui.components.attention_lines.attention_lines import HTML as LINES
from ui.components.attention_lines.attention_lines import Lines
from ui.components.head_grid.head_grid import HTML as GRID
from ui.components.head_grid.head_grid import grid_payload
from ui.components.payload import unpack
from ui.components.standalone import standalone_html
from viz.theme import DARK, LIGHT

WEIGHTS = np.full((1, 2, 2), 0.5, dtype=np.float32)
CASES = {
    "attention_lines": (LINES, Lines(WEIGHTS, ["</script>", "<b>"], ["x", "y"]).payload()),
    "head_grid": (GRID, grid_payload(WEIGHTS[None], selected=(0, 0), captions=[["“</script>”"]])),
}


@pytest.mark.parametrize("name", CASES)
def test_the_page_holds_what_was_sent_and_mounts_it(name: str) -> None:
    markup, payload = CASES[name]
    page = standalone_html(name, markup, payload, title="<Je>", said="a & b", theme=DARK)
    sent = re.search(r'atob\("([A-Za-z0-9+/=]+)"\)', page)
    assert sent is not None
    assert unpack(base64.b64decode(sent[1])) == unpack(payload)
    assert "const mount = function" in page
    assert "export default" not in page
    assert "<title>&lt;Je&gt;</title>" in page
    assert "<p>a &amp; b</p>" in page
    assert f"--st-background-color:{DARK.background}" in page


@pytest.mark.parametrize("name", CASES)
def test_the_page_asks_nothing_of_the_network_and_ends_its_script_once(name: str) -> None:
    page = standalone_html(name, *CASES[name], title="t", said="s", theme=LIGHT)
    assert not re.search(r"(src|href)=", page.replace("http://www.w3.org/2000/svg", ""))
    assert page.count("</script>") == 1
