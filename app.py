"""Regard: see what every head of a transformer looks at while it reads and writes."""

from dataclasses import dataclass

import streamlit as st

from ui import header, settings, theme
from ui.components.theme_watch.theme_watch import theme_watch


@dataclass(frozen=True)
class PageRow:
    """A page, and the one question it answers."""

    path: str
    name: str
    question: str


PAGES = (
    PageRow("pages/overview.py", "Overview", "How does a sentence become another?"),
    PageRow("pages/attention.py", "Attention", "Where does each head look?"),
    PageRow("pages/heads.py", "Heads", "What does each head do?"),
    PageRow("pages/decoding.py", "Decoding", "Why this token?"),
    PageRow("pages/knock_out.py", "Knock out", "What was it worth?"),
    PageRow("pages/compare.py", "Compare", "What changed?"),
    PageRow("pages/embeddings.py", "Embeddings and positions", "What does a token start as?"),
    PageRow("pages/logits.py", "Logits", "How sure is the model?"),
    PageRow("pages/models.py", "Models", "Which model, and how is it built?"),
)


def main() -> None:
    """Sidebar, header, then the page itself."""
    st.set_page_config(page_title="Regard", page_icon="👁️", layout="wide")
    settings.take_into_address()
    theme.apply_style()
    st.logo(theme.MARK, size="large")
    entries = [st.Page(row.path, title=row.name, default=row is PAGES[0]) for row in PAGES]
    page = st.navigation(entries)
    with st.sidebar:
        name, device = settings.pick_model()
    settings.say_what_is_not_opened()
    question = next(row.question for row in PAGES if row.name == page.title)
    run = header.draw(question, name, device)
    if run is not None:
        with st.sidebar:
            header.about(run)
    theme_watch(theme.is_dark(), key="theme")
    page.run()


main()
