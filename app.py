"""Regard: see what every head of a transformer looks at while it reads and writes."""

from dataclasses import dataclass

import streamlit as st

from ui import figures
from ui.components.theme_watch.theme_watch import theme_watch
from ui.figures import theme
from ui.shell import header, model_picker, page_errors, requirements
from ui.state import address


@dataclass(frozen=True)
class PageRow:
    """A page, and the one question it answers."""

    path: str
    name: str
    question: str
    any_model: bool = False  # also shows something of a model without attention


PAGES = (
    PageRow("pages/overview.py", "Overview", "How does a sentence become another?", any_model=True),
    PageRow("pages/attention.py", "Attention", "Where does each head look?"),
    PageRow("pages/heads.py", "Heads", "What does each head do?"),
    PageRow("pages/decoding.py", "Decoding", "Why this token?", any_model=True),
    PageRow("pages/beam.py", "Beam search", "Would a wider search write something else?", any_model=True),
    PageRow("pages/prompting.py", "Prompting", "What does the prompt change?", any_model=True),
    PageRow("pages/knock_out.py", "Knock out", "What was it worth?"),
    PageRow("pages/compare.py", "Compare", "What changed?"),
    PageRow("pages/embeddings.py", "Embeddings and positions", "What does a token start as?", any_model=True),
    PageRow("pages/logits.py", "Logits", "How sure is the model?", any_model=True),
    PageRow("pages/architectures.py", "Architectures", "Which architecture, and what does it change?", any_model=True),
    PageRow("pages/models.py", "Models", "Which model, and how is it built?", any_model=True),
)


def main() -> None:
    """Sidebar, header, then the page itself."""
    st.set_page_config(page_title="Regard", page_icon="👁️", layout="wide")
    address.take_into_address()
    figures.link_from(address.of_view)
    theme.apply_style()
    st.logo(theme.MARK, size="large")
    entries = [st.Page(row.path, title=row.name, default=row is PAGES[0]) for row in PAGES]
    page = st.navigation(entries)
    with st.sidebar:
        name, device = model_picker.pick_model()
    model_picker.draw_not_opened()
    row = next(row for row in PAGES if row.name == page.title)
    run = header.draw(row.question, name, device)
    if run is not None:
        with st.sidebar:
            header.draw_model_size(run)
    theme_watch(theme.is_dark(), key="theme")
    if run is None or row.any_model or requirements.has_attention(run.lm):
        page_errors.run_page(page.run)
    else:
        requirements.draw_no_attention()


main()
