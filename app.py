"""Regard: see what every head of a transformer looks at while it reads and writes."""

from dataclasses import dataclass, field

import streamlit as st

from ui import figures
from ui.components.theme_watch.theme_watch import theme_watch
from ui.figures import theme
from ui.runs import purposes
from ui.shell import foot, header, model_picker, page_errors, requirements
from ui.shell.foot import Neighbour
from ui.state import address


@dataclass(frozen=True)
class PageRow:
    """A page, the one question it answers, and other words for it where a kind of model needs them."""

    path: str
    name: str
    question: str
    any_model: bool = False  # also shows something of a model without attention
    question_of: dict[str, str] = field(default_factory=dict)

    @property
    def neighbour(self) -> Neighbour:
        return Neighbour(self.path, self.name, self.question)


WHERE_THE_NEXT_COMES_FROM = "Where does the next word come from?"
OVERVIEW = PageRow(
    "pages/overview.py",
    "Overview",
    "How does a sentence become another?",
    any_model=True,
    question_of={
        "encoder": "What does the model make of each word?",
        "decoder": WHERE_THE_NEXT_COMES_FROM,
        "recurrent": WHERE_THE_NEXT_COMES_FROM,
    },
)
MENU: dict[str, tuple[PageRow, ...]] = {
    "Start": (OVERVIEW,),
    "Look": (
        PageRow("pages/attention.py", "Attention", "Where does each head look?"),
        PageRow("pages/heads.py", "Heads", "What does each head do?"),
        PageRow("pages/embeddings.py", "Embeddings and positions", "What does a token start as?", any_model=True),
        PageRow("pages/logits.py", "Logits", "How sure is the model?", any_model=True),
    ),
    "Write": (
        PageRow("pages/decoding.py", "Decoding", "Why this token?", any_model=True),
        PageRow("pages/beam.py", "Beam search", "Would a wider search write something else?", any_model=True),
        PageRow("pages/prompting.py", "Prompting", "What does the prompt change?", any_model=True),
    ),
    "Intervene": (
        PageRow("pages/knock_out.py", "Knock out", "What happens without this head?"),
        PageRow("pages/compare.py", "Compare", "What changed?"),
    ),
    "Models": (
        PageRow(
            "pages/architectures.py", "Architectures", "Which architecture, and what does it change?", any_model=True
        ),
        PageRow("pages/models.py", "Models", "Which model, and how is it built?", any_model=True),
    ),
}
"""The pages in groups. Their order is the path from the first look to the last experiment."""

PAGES = tuple(row for rows in MENU.values() for row in rows)


def main() -> None:
    """Sidebar, header, the page itself, and the links to its neighbours."""
    st.set_page_config(page_title="Regard", page_icon="👁️", layout="wide")
    address.take_into_address()
    figures.link_from(address.of_view)
    theme.apply_style()
    st.logo(theme.MARK, size="large")
    page = st.navigation(
        {
            group: [st.Page(row.path, title=row.name, default=row is OVERVIEW) for row in rows]
            for group, rows in MENU.items()
        },
        expanded=True,
    )
    address.follow_link(page.title)
    with st.sidebar:
        name, device = model_picker.pick_model()
    model_picker.draw_not_opened()
    row = next(row for row in PAGES if row.name == page.title)
    run = header.draw(row.question_of.get(purposes.kind_of(name), row.question), name, device, first=row is OVERVIEW)
    if run is not None:
        with st.sidebar:
            header.draw_model_size(run)
    theme_watch(theme.is_dark(), key="theme")
    body = st.container(key="body")
    draw_neighbours(row)  # before the page, which may stop the script
    with body:
        if run is None or row.any_model or requirements.has_attention(run.lm):
            page_errors.run_page(page.run)
        else:
            requirements.draw_no_attention()


def draw_neighbours(row: PageRow) -> None:
    """The foot of a page."""
    at = PAGES.index(row)
    foot.draw_foot(PAGES[at - 1].neighbour if at else None, PAGES[at + 1].neighbour if at + 1 < len(PAGES) else None)


main()
