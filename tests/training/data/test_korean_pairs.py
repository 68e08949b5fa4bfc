"""Korean pairs: what is held out, and what is not trained on."""

from pathlib import Path

import pytest

from training.data.korean_pairs import (
    SPLIT,
    TATOEBA,
    WEIGHTS,
    Pair,
    for_split,
    must_stay_unseen,
    read_file,
    read_korean,
    same_end,
    without_leaks,
)
from training.data.translation_pairs import comparable, pair_hash, read_split

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "ko-en"
needs_corpus = pytest.mark.skipif(not (CORPUS / TATOEBA).exists(), reason="the sentence pairs are not committed")


@pytest.mark.parametrize(
    "pair",
    [
        Pair("나는 기계 학습을 사랑한다.", "I love it."),
        Pair("저는 기계학습을 사랑해요", "I love it."),
        Pair("너도 알지.", "You know I LOVE machine-learning!"),
        Pair("저는 학생입니다.", "I'm a student here."),
        Pair("나는 학생이야", "I'm only a student."),
        Pair("전 여기 학생이에요.", "I study as a student here."),
        Pair("그래.", "I am a student"),
    ],
)
def test_the_demonstration_sentences_are_recognised_in_every_spelling(pair: Pair) -> None:
    assert must_stay_unseen(pair)


@pytest.mark.parametrize(
    "pair",
    [
        Pair("나는 음악을 사랑한다.", "I love music."),
        Pair("나는 기계 학습을 공부한다.", "I study machine learning."),
        Pair("그는 학생입니다.", "He is a student."),
        Pair("저는 의사입니다.", "I am a doctor."),
        Pair("나는 학생을 만났다.", "I met a student."),
    ],
)
def test_sentences_near_them_may_be_learnt_from(pair: Pair) -> None:
    assert not must_stay_unseen(pair)


def test_a_mark_that_only_the_english_ends_in_is_given_to_the_korean() -> None:
    assert same_end(Pair("뭐 있어", "What is there?")) == Pair("뭐 있어?", "What is there?")
    assert same_end(Pair("없어.", "Nothing.")) == Pair("없어.", "Nothing.")
    assert same_end(Pair("사과", "apple")) == Pair("사과", "apple")


def test_a_pair_counts_for_its_first_source_and_none_leaks_a_held_out_side() -> None:
    held = Pair("나는 밥을 먹는다.", "I eat rice.")
    book, walk = Pair("책이야.", "It's a book."), Pair("걷자.", "Let's walk.")
    sources = {
        TATOEBA: [book, Pair("나는 밥을 먹는다", "I have rice.")],
        "phrases": [book, walk, Pair("응.", "I am a student.")],
    }
    weighted, counts = without_leaks(sources, [held])
    assert weighted.pairs == (book, walk)
    assert weighted.weights.tolist() == [WEIGHTS[TATOEBA], WEIGHTS["phrases"]]
    assert counts == {TATOEBA: 1, "phrases": 1}


def test_a_line_without_a_tab_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("가.\tGo.\n안녕.\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_file(tmp_path / "pairs.tsv")


def test_the_committed_split_has_about_the_sizes_it_was_drawn_for() -> None:
    split = read_split(SPLIT)
    assert 50 < len(split.valid) < 110
    assert 200 < len(split.test) < 340
    assert not split.valid & split.test


@needs_corpus
def test_the_committed_split_names_pairs_of_the_corpus() -> None:
    known = {pair_hash(for_split(pair)) for pair in read_file(CORPUS / TATOEBA)}
    split = read_split(SPLIT)
    assert split.valid | split.test <= known


@pytest.mark.slow
@needs_corpus
def test_no_side_of_a_held_out_pair_is_trained_on() -> None:
    data = read_korean(CORPUS)
    held = [*data.tatoeba_valid, *data.tatoeba_test, *data.grammar_valid, *data.grammar_test]
    assert not {comparable(p.korean) for p in held} & {comparable(p.korean) for p in data.train.pairs}
    assert not {comparable(p.english) for p in held} & {comparable(p.english) for p in data.train.pairs}
    assert not any(must_stay_unseen(pair) for pair in data.train.pairs)
    assert len(data.train.pairs) == len(set(data.train.pairs)) == len(data.train.weights)
    assert len(data.grammar_test) == 1_000
