"""Where two futures part, against the definitions written out."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from analysis.parting import parting
from model import Forced, InputError
from model.decoding import Step
from model.trace import AttentionPart
from tests.model.builders import VOCAB, ids, random_model, shaped

PARTS: dict[str, AttentionPart] = {"decoder": "self", "encoder-decoder": "cross"}


def futures(kind: str, at: int) -> tuple[list[Step], list[Step]]:
    lm = random_model(shaped(kind))  # type: ignore[arg-type]
    one = list(lm.decode(ids(5), max_new_tokens=7, stop=()))
    token = next(i for i in range(3, VOCAB) if i != one[at].token.id)
    return one, list(lm.decode(ids(5), strategy=Forced(((at, token),)), max_new_tokens=6, stop=()))


@pytest.mark.parametrize("kind", PARTS)
def test_divergence_and_distance_are_those_of_their_definitions(kind: str) -> None:
    one, other = futures(kind, 2)
    found = parting(one, other, PARTS[kind])
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
    found = parting(*futures(kind, at), PARTS[kind])
    assert found.same == at + 1
    assert float(found.divergence[: at + 1].max()) < 1e-6
    assert float(found.attention[..., : at + 1].max()) < 1e-6
    assert float(found.divergence[at + 1]) > 1e-4
    assert found.divergence.shape == (6,)


def test_two_that_never_part_are_the_same_to_the_end() -> None:
    one, _ = futures("decoder", 1)
    assert parting(one, one, "self").same == len(one)


def test_futures_of_two_texts_are_refused() -> None:
    lm = random_model(shaped("decoder"))
    one, other = (list(lm.decode(ids(5, seed=n), max_new_tokens=2, stop=())) for n in (1, 2))
    with pytest.raises(InputError, match="same text"):
        parting(one, other, "self")
