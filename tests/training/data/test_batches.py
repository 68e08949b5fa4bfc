"""Batches hold each drawn pair once, stay within their size, and come out alike after a resume."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from training.data.batches import Examples, encode_examples, plan_epoch, read_batch
from training.data.translation_pairs import LEXICON, Pair, read_pairs
from training.data.typing_variants import FORMS, in_form, with_je

TERMS = read_pairs(LEXICON)[:40]
SENTENCES = read_pairs(LEXICON)[40:400]
COPIES = 3


@pytest.fixture(scope="module")
def examples(tokenizer: Tokenizer) -> Examples:
    return encode_examples(tokenizer, SENTENCES, TERMS, copies=COPIES)


def test_an_epoch_meets_each_sentence_once_and_each_lexicon_pair_several_times(examples: Examples) -> None:
    plan = np.concatenate(plan_epoch(examples, tokens=500, seed=1, epoch=0), axis=1)
    met = np.bincount(plan[1] % examples.pairs, minlength=examples.pairs)
    assert (met[: len(SENTENCES)] == 1).all()
    assert (met[len(SENTENCES) :] == COPIES).all()


def test_both_sides_of_a_row_are_the_same_pair_in_the_same_form(examples: Examples) -> None:
    french, english = np.concatenate(plan_epoch(examples, tokens=500, seed=1, epoch=0), axis=1)
    assert (french % (len(FORMS) * examples.pairs) == english).all()


def test_no_batch_is_wider_than_asked(examples: Examples, tokenizer: Tokenizer) -> None:
    for rows in plan_epoch(examples, tokens=500, seed=1, epoch=0):
        batch = read_batch(examples, rows, tokenizer)
        assert batch.source.numel() + batch.target_in.numel() <= 500


def test_the_same_seed_and_epoch_give_the_same_plan_and_the_next_epoch_another(examples: Examples) -> None:
    def plan(epoch: int) -> list[list[int]]:
        return [rows.ravel().tolist() for rows in plan_epoch(examples, tokens=500, seed=1, epoch=epoch)]

    assert plan(2) == plan(2)
    assert plan(2) != plan(3)


def test_a_batch_holds_the_pieces_of_its_pairs_between_start_and_end(examples: Examples, tokenizer: Tokenizer) -> None:
    row = 2 * examples.pairs + 7  # pair 7 in lower case
    batch = read_batch(examples, np.array([[row, 0], [row, 0]]), tokenizer)
    expected = in_form(SENTENCES[7], "lower case")
    assert batch.source[0][batch.source_real[0]].tolist() == tokenizer.encode(expected.french).ids
    english = tokenizer.encode(expected.english).ids
    assert batch.target_out[0][batch.target_real[0]].tolist() == english
    assert batch.target_in[0][batch.target_real[0]].tolist() == [2, *english[:-1]]


def test_the_un_elided_rows_follow_the_others(tokenizer: Tokenizer) -> None:
    pair = Pair("I like it.", "J'aime ça.")
    examples = encode_examples(tokenizer, [pair], [], copies=1)
    batch = read_batch(examples, np.array([[len(FORMS)], [0]]), tokenizer)
    assert batch.source[0].tolist() == tokenizer.encode(with_je(pair.french)).ids
