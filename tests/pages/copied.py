"""The Python that a page hands out, run, and its figure held against the one on screen."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.driving import chart, numbers
from ui import figures
from ui.figures import saving


def folds_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if someone looked into every fold."""
    for place in (figures, saving):
        monkeypatch.setattr(place, "is_open", lambda box: True)


def code_with(app: AppTest, words: str) -> str:
    """The one piece of Python on screen that has these words in it."""
    found = [block.value for block in app.code if block.language == "python" and "import model" in block.value]
    having = [code for code in found if words in code]
    assert len(having) == 1, f"{len(having)} of {len(found)} pieces of code hold {words}"
    return str(having[0])


def executed(code: str) -> dict[str, Any]:
    """What the code comes to."""
    names: dict[str, Any] = {}
    exec(compile(code, "copied", "exec"), names)
    return names


def same_figure(app: AppTest, key: str, code: str) -> None:
    """Runs the code and compares every array and every label of its figure with the one on screen."""
    made, drawn = json.loads(executed(code)["fig"].to_json()), chart(app, key)
    assert len(made["data"]) == len(drawn["data"])
    for mine, theirs in zip(made["data"], drawn["data"], strict=True):
        for name in ("x", "y", "z", "customdata"):
            if theirs.get(name) is not None and theirs["x"] != [None]:
                mine_is, theirs_are = (numbers(one[name]).astype(float) for one in (mine, theirs))
                np.testing.assert_allclose(mine_is, theirs_are, atol=2e-5)
        assert mine.get("text") == theirs.get("text")
    for axis in ("xaxis", "yaxis", "xaxis2", "yaxis2"):
        assert made["layout"].get(axis, {}).get("ticktext") == drawn["layout"].get(axis, {}).get("ticktext")
    assert len(made["layout"].get("shapes", [])) == len(drawn["layout"].get("shapes", []))
