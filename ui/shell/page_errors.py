"""What a page says where its model cannot do what it asks for, in place of an error nobody can read."""

from collections.abc import Callable

import streamlit as st

from model.errors import CheckpointError, InputError
from ui.figures.markdown import sentence


def run_page(page: Callable[[], None]) -> None:
    """Runs a page. An error of the model ends it with its sentence; what was drawn before stays."""
    try:
        page()
    except (InputError, CheckpointError) as error:
        st.warning(sentence(str(error)), icon="⚠️")
