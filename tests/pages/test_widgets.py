"""No widget of the app has both a default and a value that was written for it, of which Streamlit would warn in the log."""

import logging

import pytest
from streamlit.elements.lib import policies

from tests.pages.driving import fine, link, picked
from ui.models import permission


def test_a_link_to_a_model_that_is_not_open_warns_of_no_widget(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(permission.SWITCH, "yes")
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(policies._LOGGER, "propagate", True)
    with caplog.at_level(logging.WARNING):
        app = fine(link("models", "Le chat dort.", models="open", model="someone/elsewhere").run())
        assert app.text_input(key="open_where_hub").value == "someone/elsewhere"
        picked(app, "open_place", "folder")
    assert "created with a default value" not in caplog.text
