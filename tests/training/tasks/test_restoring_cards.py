"""The figures of restoring models: how they are counted, and that a card states them."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from tests.training.story_corpus import write_corpus
from training.data.special_tokenizers import BERT, train_special_tokenizer
from training.data.stories import read_stories
from training.recipes import RECIPES
from training.tasks.denoising.card import denoising_card
from training.tasks.denoising.corruption import Corrupted
from training.tasks.denoising.evaluation import (
    DenoisingResults,
    Restoration,
    RestorationScore,
    common_subsequence,
    held_out_cases,
    right_pieces,
    score,
)
from training.tasks.masked_lm.card import masked_lm_card
from training.tasks.masked_lm.evaluation import (
    GuessScore,
    HiddenWord,
    MaskedLmResults,
    OrderScore,
    pairs_held_out,
    score_guesses,
    whole_word,
)
from training.tasks.masked_lm.sentence_pairs import NO_LABEL

SENTENCE = "Once upon a time, there was a little girl named Lily."


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return read_stories(write_corpus(tmp_path_factory.mktemp("stories"))).train


@pytest.fixture(scope="module")
def tokenizer(stories: tuple[str, ...]) -> Tokenizer:
    return train_special_tokenizer(stories, vocab_size=420, specials=BERT)


def test_common_pieces_are_the_longest_common_subsequence() -> None:
    assert common_subsequence([1, 2, 3, 4], [1, 3, 2, 4]) == 3
    assert common_subsequence([1, 2, 3], []) == 0
    assert common_subsequence([5, 1, 5, 2], [1, 5, 2, 2]) == 3


def test_a_perfect_answer_has_all_pieces_right_and_a_longer_one_pays_for_what_it_adds(tokenizer: Tokenizer) -> None:
    assert right_pieces(tokenizer, [SENTENCE], [SENTENCE]) == 1.0
    pieces = len(tokenizer.encode(SENTENCE, add_special_tokens=False).ids)
    longer = SENTENCE + " " + SENTENCE
    assert right_pieces(tokenizer, [SENTENCE], [longer]) == pytest.approx(
        pieces / len(tokenizer.encode(longer, add_special_tokens=False).ids)
    )


def test_a_case_counts_as_exact_only_letter_by_letter(tokenizer: Tokenizer) -> None:
    case = Corrupted(SENTENCE, SENTENCE.replace("little girl", "girl little"), "swapped")
    found = score(tokenizer, [(case, SENTENCE), (case, SENTENCE.lower())])
    assert found.exact == 0.5
    assert found.copied < 1.0


def test_held_out_cases_are_the_same_every_time_and_none_is_left_as_it_was() -> None:
    cases = held_out_cases([SENTENCE, "Too short.", "Tim saw a big red ball in the park."] * 5)
    assert cases == held_out_cases([SENTENCE, "Too short.", "Tim saw a big red ball in the park."] * 5)
    assert all(case.text != case.original for case in cases)
    assert len(cases) == 10


def test_guesses_are_counted_against_the_most_frequent_ones() -> None:
    wanted = np.array([1, 1, 2, 3, 4, 5, 6, 7])
    found = np.array([[1, 9, 9, 9, 9]] * 4 + [[8, 4, 5, 9, 9]] * 4)
    counted = score_guesses(found, wanted)
    assert counted.first == 2 / 8
    assert counted.among_five == 4 / 8
    assert counted.by_count == 6 / 8


def test_a_whole_word_is_one_piece_from_its_space_to_its_end(tokenizer: Tokenizer) -> None:
    ids = np.array(tokenizer.encode("Tim saw a xylophone, and the ball.").ids)
    pieces = [tokenizer.id_to_token(int(i)) for i in ids]
    whole = {pieces[at] for at in range(1, len(ids) - 1) if whole_word(tokenizer, ids, at)}
    assert {"Ġsaw", "Ġa", "Ġand", "Ġthe", "Ġball"} <= whole
    assert "," not in whole
    assert not any(piece in whole for piece in pieces[pieces.index("Ġa") + 1 : pieces.index(",")])


def test_the_pairs_that_are_measured_all_have_an_order(tokenizer: Tokenizer, stories: tuple[str, ...]) -> None:
    found = pairs_held_out(tokenizer, stories[:40])
    assert found.pairs
    assert all(pair.label != NO_LABEL for pair in found.pairs)
    again = pairs_held_out(tokenizer, stories[:40])
    assert found.pairs == again.pairs


def test_the_card_of_a_masked_model_states_what_was_measured(tmp_path: Path) -> None:
    measured = MaskedLmResults(
        step=9_876,
        epochs=3.2,
        seconds=7_200.0,
        train_stories=1_234,
        test_stories=56,
        pieces=GuessScore(4_321, 0.4, 0.651, 0.2),
        words=GuessScore(2_345, 0.3, 0.612, 0.1),
        order={"one sentence a side": OrderScore(999, 0.777)},
        examples=(HiddenWord("A | [MASK]", "B", "word", ("x", "y"), swapped=True, said_swapped=0.9),),
        examples_every=7,
    )
    measured.write(tmp_path / "evaluation.json")
    assert MaskedLmResults.read(tmp_path / "evaluation.json") == measured
    text = masked_lm_card("bert-stories", RECIPES["bert-stories"], tmp_path, 1_157_378)
    for said in ("9,876", "1,234", "65.1%", "61.2%", "77.7%", "999", "A \\| [MASK]", "swapped (0.90)", "1.16 million"):
        assert said in text


def test_the_card_of_a_denoising_model_states_what_was_measured(tmp_path: Path) -> None:
    figures = RestorationScore(sentences=1_111, exact=0.523, pieces=0.911, copied=0.8)
    measured = DenoisingResults(
        step=9_876,
        epochs=3.2,
        seconds=7_200.0,
        train_stories=1_234,
        test_stories=56,
        overall=figures,
        by_kind={"swapped": figures},
        untouched=0.876,
        examples=(Restoration("A b.", "b A.", "swapped", "A b."),),
        examples_every=7,
    )
    measured.write(tmp_path / "evaluation.json")
    assert DenoisingResults.read(tmp_path / "evaluation.json") == measured
    text = denoising_card("bart-denoise", RECIPES["bart-denoise"], tmp_path, 1_390_080)
    for said in ("9,876", "1,111", "52.3%", "91.1%", "87.6%", "| b A. | A b. | A b. |", "1.39 million"):
        assert said in text
