"""AppTest sees the app as the server does: through app.py, and with what its download buttons would hand out."""

from collections.abc import Callable

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import app_test

from tests.pages.copied import folds_open


@pytest.fixture(autouse=True)
def _through_app_py(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest takes a folder pages/ for Streamlit's older kind of app and would run a page without app.py around it;
    server.py tells the real server the same."""

    class Pages(PagesManager):
        """Takes the place of the one that AppTest resets before every run."""

    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)
    monkeypatch.setattr(app_test, "PagesManager", Pages)


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], str]]:
    """What each download button would hand out, by file name; filled as the app runs, as if every fold stood open."""
    folds_open(monkeypatch)
    offered: dict[str, Callable[[], str]] = {}

    def keep(
        manager: MediaFileManager,
        data_callable: Callable[[], str],
        mimetype: str | None,
        coordinates: str,
        file_name: str | None = None,
        *,
        element_id: str = "",
    ) -> str:
        assert file_name is not None
        offered[file_name] = data_callable
        return element_id

    monkeypatch.setattr(MediaFileManager, "add_deferred", keep)
    return offered
