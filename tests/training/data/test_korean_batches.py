"""Forms, weights and batches of Korean pairs."""

import numpy as np

from tests.training.korean_sample import PAIRS
from training.data.korean_batches import FORMS, draw_by_weight, encode_sides, in_form, plan_epoch
from training.data.korean_pairs import Pair, Weighted
from training.data.korean_tokenizers import train_translation_pieces


def test_a_form_changes_both_sides_alike() -> None:
    pair = Pair("나는 오늘 책을 읽는다.", "I read a book today.")
    assert in_form(pair, "no final punctuation") == Pair("나는 오늘 책을 읽는다", "I read a book today")
    assert in_form(pair, "a space left out") == Pair("나는 오늘책을 읽는다", "I read a book today")
    assert in_form(Pair("...", "..."), "no final punctuation") == Pair("...", "...")


def test_a_weight_says_how_often_an_epoch_meets_a_pair() -> None:
    met = draw_by_weight(np.array([2.0, 0.0, 0.5] * 1_000), np.random.default_rng(0))
    counts = np.bincount(met, minlength=3_000).reshape(1_000, 3)
    assert (counts[:, 0] == 2).all()
    assert (counts[:, 1] == 0).all()
    assert 400 < counts[:, 2].sum() < 600


def test_every_row_of_an_epoch_is_in_one_batch_that_is_not_too_large() -> None:
    tokenizer = train_translation_pieces(PAIRS, vocab_size=400, common=5)
    sides = encode_sides(tokenizer, Weighted(PAIRS, np.ones(len(PAIRS))))
    rows = np.arange(len(FORMS) * len(PAIRS))
    batches = sides.batches(rows, tokens=200)
    assert sorted(np.concatenate(batches).tolist()) == rows.tolist()
    for batch in batches:
        read = sides.batch(batch, tokenizer)
        assert read.source.numel() + read.target_in.numel() <= 200
        assert (read.target_out[read.target_real] >= 0).all()


def test_an_epoch_is_the_same_whenever_it_is_planned() -> None:
    tokenizer = train_translation_pieces(PAIRS, vocab_size=400, common=5)
    sides = encode_sides(tokenizer, Weighted(PAIRS, np.full(len(PAIRS), 1.5)))
    first, again, other = (plan_epoch(sides, tokens=200, seed=1, epoch=epoch) for epoch in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
