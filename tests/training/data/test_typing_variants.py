"""The forms of unfinished typing: both sides change alike, in the shares the recipe states."""

import numpy as np
import pytest

from training.data.translation_pairs import Pair
from training.data.typing_variants import (
    FORMS,
    SHARES,
    UN_ELIDED_SHARE,
    Form,
    draw_forms,
    in_form,
    starts_elided,
    with_je,
)

PAIR = Pair("I'm Tom!", "Je suis Tom !")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("as is", PAIR),
        ("no final punctuation", Pair("I'm Tom", "Je suis Tom")),
        ("lower case", Pair("i'm tom!", "je suis tom !")),
        ("both", Pair("i'm tom", "je suis tom")),
    ],
)
def test_both_sides_take_the_form(form: Form, expected: Pair) -> None:
    assert in_form(PAIR, form) == expected


def test_a_side_that_is_punctuation_alone_keeps_it() -> None:
    assert in_form(Pair("...", "…"), "both") == Pair("...", "…")


@pytest.mark.parametrize(
    ("elided", "written_out"),
    [("J'aime lire.", "Je aime lire."), ("j’habite ici", "je habite ici"), ("J'étudie.", "Je étudie.")],
)
def test_an_elided_start_is_written_out(elided: str, written_out: str) -> None:
    assert starts_elided(elided)
    assert with_je(elided) == written_out


def test_other_sentences_are_not_written_out() -> None:
    for text in ("Je lis.", "Oui, j'aime lire.", "L'été."):
        assert not starts_elided(text)
        assert with_je(text) == text


def test_forms_are_drawn_in_their_shares_and_repeat_with_the_seed() -> None:
    forms, un_elided = draw_forms(40_000, np.random.default_rng(3))
    again, _ = draw_forms(40_000, np.random.default_rng(3))
    assert (forms == again).all()
    assert np.bincount(forms, minlength=len(FORMS)) / 40_000 == pytest.approx(SHARES, abs=0.01)
    assert un_elided.mean() == pytest.approx(UN_ELIDED_SHARE, abs=0.01)
