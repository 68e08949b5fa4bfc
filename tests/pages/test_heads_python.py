"""The Python that the heads page hands out makes the figures it stands under."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.pages.driving import CAT, chart, numbers, opened
from ui import figures

CODE = {
    "head_maps": {"part": "cross"},
    "raw": {"part": "cross", "look": "value"},
    "valued": {"part": "decoder", "look": "value"},
    "mean": {"part": "cross", "look": "layer"},
    "valued_layer": {"part": "encoder", "look": "layer"},
    "rollout": {"part": "cross", "look": "through"},
    "written": {"part": "decoder", "look": "tokens", "written_at": "3"},
}


@pytest.mark.parametrize("key", CODE)
def test_the_python_of_a_figure_makes_the_same_figure(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "is_open", lambda box: True)
    app = opened("heads", CAT, layer="1", head="2", **CODE[key])
    code = next(block.value for block in app.code if block.language == "python" and MADE_BY[key] in block.value)
    made: dict[str, go.Figure] = {}
    exec(code, made)
    mine, drawn = json.loads(made["fig"].to_json()), chart(app, key)
    assert len(mine["data"]) == len(drawn["data"])
    for one, other in zip(mine["data"], drawn["data"], strict=True):
        for name in ("x", "y", "z", "customdata"):
            if other.get(name) is not None and other["x"] != [None]:
                np.testing.assert_allclose(
                    numbers(one[name]).astype(float), numbers(other[name]).astype(float), atol=2e-5
                )
    for axis in ("xaxis", "yaxis", "xaxis2"):
        assert mine["layout"].get(axis, {}).get("ticktext") == drawn["layout"].get(axis, {}).get("ticktext")


MADE_BY = {
    "head_maps": "summarise(",
    "raw": ".weights(2)",
    "valued": "value_weighted(",
    "mean": ")[0]",
    "valued_layer": "value_weighted_layer(",
    "rollout": "rollout(",
    "written": "head_writes(",
}
