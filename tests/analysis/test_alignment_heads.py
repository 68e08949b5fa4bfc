"""The heads that align, against the score of every head."""

import numpy as np
import pytest

import model
from analysis.alignment_heads import LEAST, alignment_heads, mean_of
from analysis.head_scores import score_trace
from model.language_model import LanguageModel
from tests.model.builders import ids, random_model, shaped

TEXT = "Le chat noir dort sur le canapé rouge de Marie."


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    return model.load("transformer-fr-en", device="cpu")


def test_they_are_the_heads_whose_alignment_score_is_a_half_or_more(lm: LanguageModel) -> None:
    *_, last = lm.decode(TEXT)
    scores = score_trace(last.trace, "decoder", "cross").mean("alignment")
    expected = [(int(layer), int(head)) for layer, head in np.argwhere(scores >= LEAST)]
    assert alignment_heads(last.trace) == expected
    assert 0 < len(expected) < scores.size


def test_their_mean_is_that_of_the_whole_maps_from_a_query_on(lm: LanguageModel) -> None:
    *_, last = lm.decode(TEXT)
    heads = alignment_heads(last.trace)
    maps = [last.trace.attention("decoder", layer, "cross").weights(head).numpy() for layer, head in heads]
    np.testing.assert_allclose(mean_of(last.trace, heads), np.mean(maps, axis=0), atol=1e-6)
    np.testing.assert_allclose(mean_of(last.trace, heads, 2), np.mean(maps, axis=0)[2:], atol=1e-6)
    with pytest.raises(ValueError, match="no head"):
        mean_of(last.trace, [])


def test_a_text_of_one_pair_and_a_model_that_reads_itself_have_none() -> None:
    lm = random_model(shaped("encoder-decoder"))
    assert alignment_heads(lm.run(ids(1), target=ids(1))) == []
    decoder = random_model(shaped("decoder"))
    assert alignment_heads(decoder.run(ids(5))) == []


def test_a_text_of_two_sides_too_long_to_pair_has_none(monkeypatch: pytest.MonkeyPatch, lm: LanguageModel) -> None:
    *_, last = lm.decode(TEXT)
    monkeypatch.setattr("analysis.alignment_heads.MOST_TOKENS", 3)
    assert alignment_heads(last.trace) == []
