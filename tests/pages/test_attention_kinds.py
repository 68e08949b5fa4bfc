"""The attention page's views on six families of models: an encoder with two sentences, decoders, encoder-decoders."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.copied import code_with, folds_open, same_figure
from tests.pages.driving import chart, numbers, payload, shown
from tests.pages.test_kinds import FAMILIES, SECOND, of, zoo
from ui.maps import attention

__all__ = ["zoo"]  # a fixture


def weights(app: AppTest, layer: int, head: int) -> np.ndarray:
    run = shown(app)
    stack, part = attention.available(run)[-1].place
    return run.trace.attention(stack, layer, part).weights(head).numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_shows_how_a_weight_came_about(family: str) -> None:
    app = of(f"tiny-{family}", "attention", view="anatomy", layer="1", head="1", cell="3:2")
    expected = weights(app, 1, 1)[3]
    above, below = chart(app, "score_row")["data"]
    np.testing.assert_allclose(numbers(below["y"]), expected, atol=1e-6)
    scores = numbers(above["y"]).astype(float)
    shares = np.exp(scores) / np.nansum(np.exp(scores))
    np.testing.assert_allclose(np.nan_to_num(shares), expected, atol=1e-5)
    strips = [trace["name"] for trace in chart(app, "anatomy")["data"] if trace["type"] == "heatmap"]
    assert ("q before turning" in strips) == (family == "llama")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_can_be_read_by_words_without_special_tokens(family: str) -> None:
    address = {"special": "renormalised", "words": "on", "layer": "1", "head": "1"}
    app = of(f"tiny-{family}", "attention", **address)
    cells = numbers(chart(app, "heatmap")["data"][0]["z"])
    sums = np.nansum(cells, axis=1)
    assert np.logical_or(np.isclose(sums, 1, atol=1e-4), sums < 1 + 1e-4).all()
    assert sums.max() == pytest.approx(1, abs=1e-4)
    columns = payload(of(f"tiny-{family}", "attention", view="lines", **address), lines_key(app))["keys"]
    assert "cat" in columns or any("cat" in column for column in columns)
    assert not [column for column in columns if column in ("[CLS]", "[SEP]", "</s>", "<s>")]


def lines_key(app: AppTest) -> str:
    return f"lines_{attention.available(shown(app))[-1].key}"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_python_of_every_family_makes_the_same_figure(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folds_open(monkeypatch)
    app = of(f"tiny-{family}", "attention", layer="1", head="1", words="on", special="hidden")
    same_figure(app, "heatmap", code_with(app, "attention_heatmap("))


@pytest.mark.parametrize(
    "address", [{"pairs": "between"}, {"pairs": "within", "words": "on"}, {"masks": "1,3", "words": "on"}]
)
def test_the_python_of_two_sentences_makes_the_same_figure(
    address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folds_open(monkeypatch)
    app = of("tiny-bert", "attention", pair=SECOND, layer="1", head="1", **address)
    same_figure(app, "heatmap", code_with(app, "attention_heatmap("))
