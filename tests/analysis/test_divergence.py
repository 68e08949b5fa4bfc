"""Where two futures part, against the definitions written out."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from analysis.divergence import decode_divergence, mask_divergence
from analysis.mask_filling import filled_masks
from model import Forced, InputError
from model.decoding.step import Step
from model.language_model import LanguageModel
from model.pretrained import Source, SpecialIds
from model.trace import AttentionPart
from tests.model.builders import FREE, VOCAB, ids, random_model, random_net, shaped

PARTS: dict[str, AttentionPart] = {"decoder": "self", "encoder-decoder": "cross"}


def futures(kind: str, at: int) -> tuple[list[Step], list[Step]]:
    lm = random_model(shaped(kind))  # type: ignore[arg-type]
    one = list(lm.decode(ids(5), max_new_tokens=7, stop=()))
    token = next(i for i in range(3, VOCAB) if i != one[at].token.id)
    return one, list(lm.decode(ids(5), strategy=Forced(((at, token),)), max_new_tokens=6, stop=()))


@pytest.mark.parametrize("kind", PARTS)
def test_divergence_and_distance_are_those_of_their_definitions(kind: str) -> None:
    one, other = futures(kind, 2)
    found = decode_divergence(one, other, PARTS[kind])
    for n in range(6):
        p, q = (steps[n].probabilities.double().numpy() for steps in (one, other))
        assert float(found.divergence[n]) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-5)
        for layer in range(found.attention.shape[0]):
            a, b = (
                steps[n].trace.attention("decoder", layer, PARTS[kind]).weights()[:, -1].numpy()
                for steps in (one, other)
            )
            np.testing.assert_allclose(found.attention[layer, :, n].numpy(), np.abs(a - b).sum(axis=1) / 2, atol=1e-5)


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("at", [0, 3])
def test_nothing_differs_up_to_the_step_that_chose_differently(kind: str, at: int) -> None:
    found = decode_divergence(*futures(kind, at), PARTS[kind])
    assert found.same == at + 1
    assert float(found.divergence[: at + 1].max()) < 1e-6
    assert float(found.attention[..., : at + 1].max()) < 1e-6
    assert float(found.divergence[at + 1]) > 1e-4
    assert found.divergence.shape == (6,)


def test_two_that_never_part_are_the_same_to_the_end() -> None:
    one, _ = futures("decoder", 1)
    assert decode_divergence(one, one, "self").same == len(one)


def test_futures_of_two_texts_are_refused() -> None:
    lm = random_model(shaped("decoder"))
    one, other = (list(lm.decode(ids(5, seed=n), max_new_tokens=2, stop=())) for n in (1, 2))
    with pytest.raises(InputError, match="same text"):
        decode_divergence(one, other, "self")


def test_two_ways_of_filling_masks_are_compared_at_each_mask_in_the_run_that_filled_it() -> None:
    config = replace(shaped("encoder", order="post"), head="masked_lm")
    lm = LanguageModel(random_net(config), None, Source("tiny", "none", ""), SpecialIds(mask=3), FREE)
    text = [5, 3, 7, 3, 9, 3]
    own = filled_masks(lm, text, order="left")
    token = next(i for i in range(4, VOCAB) if i != own[1].token.id)
    other = filled_masks(lm, text, order="left", said={own[1].at: token})
    found = mask_divergence(*({fill.at: fill.trace for fill in every} for every in (own, other)))
    assert found.same == 2
    assert found.divergence[:2].tolist() == [0, 0]
    assert float(found.divergence[2]) > 0
    p, q = (every[2].logits.double().softmax(-1).numpy() for every in (own, other))
    assert float(found.divergence[2]) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-5)
    a, b = (every[2].trace.attention("encoder", 1).weights()[:, 5].numpy() for every in (own, other))
    np.testing.assert_allclose(found.attention[1, :, 2].numpy(), np.abs(a - b).sum(axis=1) / 2, atol=1e-6)
    assert found.attention[:, :, :2].abs().max() == 0
    for wrong in ({}, {1: own[0].trace}):
        with pytest.raises(InputError, match="the same masks"):
            mask_divergence({fill.at: fill.trace for fill in own}, wrong)
