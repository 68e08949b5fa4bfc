"""The logit lens: the model's own last step applied to every layer's stream."""

from dataclasses import replace

import pytest
import torch

from analysis.logit_lens import lens
from model import InputError
from tests.model.builders import CONFIGS, VOCAB, ids, random_model, read_by, shaped

PREDICTING = {**CONFIGS, "encoder, masked word head": replace(shaped("encoder", order="post"), head="masked_lm")}


@pytest.mark.parametrize("name", PREDICTING)
def test_the_last_row_is_the_prediction_itself(name: str) -> None:
    lm = random_model(PREDICTING[name])
    x, target = read_by(lm.config)
    trace = lm.run(x, target=target)
    for at in (-1, 1):
        shares = trace.probabilities(at)
        found = lens(trace, 7, at)
        torch.testing.assert_close(found.top_probabilities[-1], shares.topk(5).values)
        assert found.top_ids[-1].tolist() == shares.topk(5).indices.tolist()
        assert float(found.probability[-1]) == pytest.approx(float(shares[7]), abs=1e-6)
        assert int(found.rank[-1]) == int((shares > shares[7]).sum()) + 1


@pytest.mark.parametrize("name", PREDICTING)
def test_each_row_is_the_head_on_the_normed_stream(name: str) -> None:
    lm = random_model(PREDICTING[name])
    x, target = read_by(lm.config)
    trace = lm.run(x, target=target)
    stack = lm.net.decoder if lm.net.decoder is not None else lm.net.encoder
    found = lens(trace, 7, n=VOCAB)
    assert len(found.rank) == lm.config.layers(trace.predicts) + 1
    for row, stream in enumerate(trace.stream(trace.predicts)[:, -1]):
        normed = stream if stack.final_norm is None else stack.final_norm(stream)
        shares = lm.net.head(normed).softmax(dim=-1)
        torch.testing.assert_close(found.top_probabilities[row], shares[found.top_ids[row]], atol=1e-6, rtol=1e-5)
        p = shares.double()
        assert float(found.entropy[row]) == pytest.approx(float(-(p * p.log2()).sum()), abs=1e-4)


def test_a_model_cut_off_after_a_layer_predicts_what_the_lens_reads_there() -> None:
    """The lens of layer l is the prediction of the same model whose later layers add nothing."""
    from model import SkipSublayer

    lm = random_model(shaped("decoder", "rotary"))
    edits = tuple(SkipSublayer("decoder", 1, part) for part in ("self", "feed_forward"))
    cut = lm.run(ids(6), edits=edits).probabilities()
    found = lens(lm.run(ids(6)), 3, n=VOCAB)
    torch.testing.assert_close(found.top_probabilities[1], cut[found.top_ids[1]], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("token", "at"), [(VOCAB, 0), (-1, 0), (0, 6), (0, -7)])
def test_what_is_not_there_is_refused(token: int, at: int) -> None:
    with pytest.raises(InputError, match="out of range"):
        lens(random_model(shaped("decoder")).run(ids(6)), token, at)


def test_a_body_without_a_head_has_no_lens() -> None:
    with pytest.raises(InputError, match="no output head"):
        lens(random_model(replace(shaped("decoder"), head="none")).run(ids(4)), 1)
