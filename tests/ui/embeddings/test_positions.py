"""What the page of positions draws is what the run added, turned or lowered."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.tap import Place, StackName
from tests.model.builders import CONFIGS, byte_tokenizer, random_model, shaped
from tests.pages.driving import chart, fine, numbers, picked
from ui.runs import runner
from ui.runs.store import Run, RunSpec

SPEC = RunSpec("tiny", "cpu", "the lot of them")
Section = Callable[[TransformerConfig, StackName], AppTest]


def of(config: TransformerConfig) -> LanguageModel:
    """A random model with a head for every piece, and room for a prompt and its continuation."""
    tokenizer = byte_tokenizer(end=False)
    most = None if config.max_positions is None else 64
    return random_model(replace(config, vocab_size=len(tokenizer), max_positions=most), tokenizer=tokenizer)


def section(stack: str) -> None:
    import streamlit as st

    from ui.embeddings import positions
    from ui.maps.row_pages import RowPage
    from ui.runs import runner

    run = runner.shown()
    count = len(run.trace.tokens(stack))  # type: ignore[arg-type]
    positions.draw_positions(run, stack, st.session_state["focus"], RowPage(0, count, count))  # type: ignore[arg-type]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Section:
    """The section alone, of a run of a random model."""

    def draw(config: TransformerConfig, stack: StackName) -> AppTest:
        lm = of(config)
        monkeypatch.setattr(runner, "load", lambda name, device: lm)
        runner.store.clear()
        app = AppTest.from_function(section, kwargs={"stack": stack}, default_timeout=60)
        app.session_state["shown"] = SPEC
        app.session_state["focus"] = 6
        return fine(app.run())

    return draw


def ran() -> Run:
    return runner.get(SPEC)


def cells(app: AppTest, key: str) -> NDArray[np.generic]:
    return numbers(chart(app, key)["data"][0]["z"])


def test_sinusoids_are_the_models_own(drawn: Section) -> None:
    app = drawn(shaped("encoder", "sinusoidal"), "encoder")
    position = ran().trace.position("encoder")
    assert position is not None
    waves = chart(app, "waves")["data"]
    for wave in waves:
        dim = int(wave["name"].split()[-1])
        np.testing.assert_array_equal(numbers(wave["y"])[: len(position)], position[:, dim].numpy())


def test_the_rows_of_a_learned_table_are_those_that_were_added(drawn: Section) -> None:
    app = drawn(shaped("decoder", "learned"), "decoder")
    position = ran().trace.position("decoder")
    assert position is not None
    np.testing.assert_array_equal(cells(app, "rows_used"), position.numpy())
    unit = position / position.norm(dim=-1, keepdim=True)
    like = cells(app, "alike_positions")[: len(unit), : len(unit)]
    np.testing.assert_allclose(like, (unit @ unit.T).numpy(), atol=1e-5)


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_alibi_lowers_a_score_by_the_distance_times_the_slope_of_the_head(drawn: Section, stack: StackName) -> None:
    app = drawn(shaped("encoder-decoder", "alibi"), stack)
    slopes = numbers(chart(app, "slopes")["data"][0]["y"])
    shown = cells(picked(app, "head", 4), "bias")
    query, key = np.indices(shown.shape)
    seen = key <= query if stack == "decoder" else key >= 0
    np.testing.assert_array_equal(np.isfinite(shown), seen)
    np.testing.assert_allclose(shown[seen], (-slopes[4] * np.abs(query - key))[seen], atol=1e-6)


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_relative_biases_are_those_of_the_run_encoder_and_decoder_apart(drawn: Section, stack: StackName) -> None:
    app = picked(drawn(shaped("encoder-decoder", "relative"), stack), "head", 3)
    attention = ran().trace.attention(stack, 0)
    bias = attention.bias()
    assert bias is not None
    shown, seen = cells(app, "buckets"), attention.visible.numpy()
    np.testing.assert_array_equal(np.isfinite(shown), seen)
    np.testing.assert_allclose(shown[seen], bias[3].numpy()[seen], atol=1e-6)
    heat = chart(app, "offsets")["data"][0]
    by_offset, offsets = numbers(heat["z"]), numbers(heat["x"]).tolist()
    assert max(offsets) == (-min(offsets) if stack == "encoder" else 0)
    for query, key in ((5, 5), (6, 2), (7, 0)):
        np.testing.assert_allclose(by_offset[:, offsets.index(key - query)], bias[:, query, key].numpy(), atol=1e-6)


@pytest.mark.parametrize("name", ["decoder, rotary", "decoder, window", "decoder, a quarter turned"])
def test_a_query_and_a_key_are_shown_before_and_after_they_turned(drawn: Section, name: str) -> None:
    app = drawn(CONFIGS[name], "decoder")
    for key, choice in (("layer", 1), ("head", 5), ("against", 2)):
        app = picked(app, key, choice)
    run = ran()
    ids = [token.id for token in run.trace.tokens("decoder")]
    kept = run.lm.run(ids, keep="all").kept
    place = Place("decoder", 1, "self")
    tensors = [kept(place, site) for site in ("q_straight", "q", "k_straight", "k")]
    expected = [x[head, at].numpy() for x, head, at in zip(tensors, (5, 5, 2, 2), (6, 6, 2, 2), strict=True)]  # type: ignore[index]
    np.testing.assert_allclose(cells(app, "whole"), np.stack(expected), atol=1e-4)
    assert "share this key" in "\n".join(str(caption.value) for caption in app.caption)


def test_the_score_at_the_distance_of_the_pair_is_the_score_of_the_run(drawn: Section) -> None:
    app = picked(drawn(CONFIGS["decoder, rotary"], "decoder"), "against", 1)
    line, mark = chart(app, "price")["data"]
    score = float(ran().trace.attention("decoder", 0).scores(0)[6, 1])
    assert numbers(line["y"])[5] == pytest.approx(score, abs=1e-4)
    assert (mark["x"], mark["y"]) == ([5], [pytest.approx(score, abs=1e-4)])


def test_angles_are_positions_times_speeds(drawn: Section) -> None:
    app = drawn(CONFIGS["decoder, rotary"], "decoder")
    turned = numbers(chart(app, "angles")["data"][0]["customdata"])
    np.testing.assert_allclose(turned[:, 0], np.arange(len(turned)), atol=1e-5)
    around = numbers(chart(picked(app, "turning", 1), "circle")["data"][1]["customdata"])
    np.testing.assert_allclose(around, turned[:, 1], atol=1e-6)


def test_a_model_without_positions_says_so(drawn: Section) -> None:
    app = drawn(shaped("decoder", "none"), "decoder")
    assert "told nothing about positions" in app.caption[0].value
    assert not app.get("plotly_chart")
