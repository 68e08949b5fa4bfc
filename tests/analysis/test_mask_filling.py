"""Masks filled one at a time, against doing it by hand with whole runs."""

from dataclasses import replace

import pytest

from analysis.mask_filling import Order, filled_masks
from model import InputError
from model.language_model import LanguageModel
from model.pretrained import Source, SpecialIds
from tests.model.builders import FREE, ids, random_model, random_net, shaped

MASK = 3
CONFIG = replace(shaped("encoder", order="post"), head="masked_lm")
HIDDEN = (1, 4, 5, 7)


def encoder() -> LanguageModel:
    return LanguageModel(random_net(CONFIG), None, Source("tiny", "none", ""), SpecialIds(mask=MASK), FREE)


def text() -> list[int]:
    plain = [i if i != MASK else 9 for i in ids(9, seed=2)]
    return [MASK if at in HIDDEN else i for at, i in enumerate(plain)]


@pytest.mark.parametrize("order", ["certain", "left"])
def test_each_mask_gets_its_most_probable_token_and_the_next_one_reads_it(order: Order) -> None:
    lm, now = encoder(), text()
    found = filled_masks(lm, now, order=order)
    for fill in found:
        left = [i for i, token in enumerate(now) if token == MASK]
        assert list(fill.left) == left
        shares = {at: lm.run(now).probabilities(at) for at in left}
        for p in shares.values():
            p[MASK] = -1
        best = max(left, key=lambda at: float(shares[at].max())) if order == "certain" else left[0]
        assert fill.at == best
        assert fill.token.id == int(shares[best].argmax())
        assert fill.probability == pytest.approx(float(shares[best].max()), abs=1e-6)
        now[best] = fill.token.id
    assert MASK not in now
    assert sorted(fill.at for fill in found) == list(HIDDEN)


def test_chosen_masks_come_first_in_the_order_in_which_they_were_chosen() -> None:
    found = filled_masks(encoder(), text(), order="left", chosen=(7, 4))
    assert [fill.at for fill in found] == [7, 4, 1, 5]


def test_what_is_said_stands_in_its_turn_with_its_own_probability_and_is_read_by_the_next() -> None:
    lm = encoder()
    own = filled_masks(lm, text(), order="left")
    said = next(id for id in range(4, CONFIG.vocab_size) if id != own[1].token.id)
    found = filled_masks(lm, text(), order="left", said={own[1].at: said, 0: 5})
    assert [fill.at for fill in found] == [fill.at for fill in own]
    assert found[0].token == own[0].token
    assert found[1].token.id == said
    assert found[1].probability == pytest.approx(float(own[1].logits.softmax(-1)[said]), abs=1e-6)
    assert found[2].trace.tokens("encoder")[own[1].at].id == said


def test_a_text_without_masks_has_nothing_to_fill() -> None:
    assert filled_masks(encoder(), [5, 6, 7]) == []


def test_what_cannot_be_filled_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="no mask at position 0"):
        filled_masks(encoder(), text(), chosen=(0,))
    for token in (MASK, -1, CONFIG.vocab_size):
        with pytest.raises(InputError, match=f"token {token} cannot stand at position 4"):
            filled_masks(encoder(), text(), said={4: token})
    with pytest.raises(InputError, match="fills masks"):
        filled_masks(random_model(shaped("decoder")), ids(4))
    with pytest.raises(InputError, match="fills masks"):
        filled_masks(random_model(CONFIG), ids(4))
