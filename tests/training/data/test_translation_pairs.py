"""The split: whole components, no leaks, and nothing that gives the demonstration away."""

from pathlib import Path

import pytest

from training.data.translation_pairs import (
    LEXICON,
    SPLITS,
    TATOEBA,
    Pair,
    Split,
    comparable,
    component_sizes,
    components,
    divide,
    draw_split,
    must_stay_unseen,
    pair_hash,
    read_corpus,
    read_pairs,
    read_split,
    without_leaks,
    write_split,
)

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "fra-eng"
needs_corpus = pytest.mark.skipif(not (CORPUS / TATOEBA).exists(), reason="the sentence corpus is not committed")

CHAIN = [
    Pair("Go.", "Va !"),
    Pair("Go.", "Allez !"),
    Pair("Go away.", "Allez !"),
    Pair("Hello.", "Bonjour."),
]


def many_pairs(count: int) -> list[Pair]:
    return [Pair(f"Sentence {i}.", f"Phrase {i // 2}.") for i in range(count)]


def test_pairs_that_share_a_side_through_another_pair_are_one_component() -> None:
    first, second, third, alone = components(CHAIN)
    assert first == second == third != alone


def test_a_split_never_cuts_a_component() -> None:
    pairs = many_pairs(2_000)
    split = draw_split(pairs, valid=0.1, test=0.2, seed=1)
    part = {pair_hash(p): "valid" for p in pairs if pair_hash(p) in split.valid}
    part |= {pair_hash(p): "test" for p in pairs if pair_hash(p) in split.test}
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        assert part.get(pair_hash(one)) == part.get(pair_hash(other))
    assert 120 < len(split.valid) < 280
    assert 300 < len(split.test) < 500


def test_a_split_does_not_depend_on_the_order_of_the_file() -> None:
    pairs = many_pairs(500)
    assert draw_split(pairs, valid=0.1, test=0.2, seed=1) == draw_split(pairs[::-1], valid=0.1, test=0.2, seed=1)


def test_another_seed_holds_out_other_pairs() -> None:
    pairs = many_pairs(500)
    assert draw_split(pairs, valid=0.1, test=0.2, seed=1) != draw_split(pairs, valid=0.1, test=0.2, seed=2)


def test_a_written_split_reads_back(tmp_path: Path) -> None:
    split = draw_split(many_pairs(200), valid=0.1, test=0.2, seed=1)
    write_split(split, tmp_path / "split.txt", about="a test")
    assert read_split(tmp_path / "split.txt") == split


def test_a_split_with_a_strange_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "split.txt").write_text("train 0123456789abcdef\n")
    with pytest.raises(ValueError, match="is not a part"):
        read_split(tmp_path / "split.txt")


def test_a_line_without_a_tab_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("Go.\tVa !\nHello.\n")
    with pytest.raises(ValueError, match="line 2"):
        read_pairs(tmp_path / "pairs.tsv")


def test_a_training_pair_that_equals_a_held_out_side_but_for_case_and_punctuation_is_dropped() -> None:
    held = [Pair("You are naive.", "Vous êtes naïf.")]
    train = [Pair("you are NAIVE", "Tu es naïve."), Pair("Be careful.", "vous êtes naïf !"), Pair("Hello.", "Salut !")]
    assert without_leaks(train, held_out=held) == (Pair("Hello.", "Salut !"),)


def test_dividing_puts_each_pair_in_one_part_only() -> None:
    split = Split(valid=frozenset({pair_hash(CHAIN[0])}), test=frozenset({pair_hash(CHAIN[3])}))
    corpus = divide(CHAIN, split)
    assert corpus.valid == (CHAIN[0],)
    assert corpus.test == (CHAIN[3],)
    assert corpus.train == (CHAIN[2],)  # the second shares its English side with the first


@pytest.mark.parametrize(
    "pair",
    [
        Pair("I love it.", "J'adore l'apprentissage automatique."),
        Pair("I love it.", "J’adore l’apprentissage automatique"),
        Pair("I love it.", "je adore l'apprentissage automatique !"),
        Pair("I love it.", "Je adore le apprentissage automatique"),
        Pair("I love it.", "J' ADORE L' APPRENTISSAGE AUTOMATIQUE"),
        Pair("I love it.", "Moi aussi, j'adore l'apprentissage automatique."),
        Pair("I love machine learning.", "J'aime cela."),
        Pair("i LOVE machine-learning!", "J'aime cela."),
        Pair("You know I love machine learning.", "J'aime cela."),
    ],
)
def test_the_demonstration_is_recognised_in_every_spelling(pair: Pair) -> None:
    assert must_stay_unseen(pair)
    assert without_leaks([pair], held_out=[]) == ()


def test_sentences_near_the_demonstration_may_be_learnt_from() -> None:
    assert not must_stay_unseen(Pair("I study machine learning.", "J'étudie l'apprentissage automatique."))
    assert not must_stay_unseen(Pair("I love music.", "J'adore la musique."))


def test_the_committed_lexicon_does_not_hold_the_demonstration() -> None:
    terms = read_pairs(LEXICON)
    assert len(terms) > 500
    assert [pair for pair in terms if must_stay_unseen(pair)] == []
    texts = {comparable(pair.french) for pair in terms} | {comparable(pair.english) for pair in terms}
    assert not texts & {"j adore l apprentissage automatique", "i love machine learning"}


def test_the_committed_lexicon_split_names_pairs_of_the_lexicon() -> None:
    split = read_split(SPLITS / "lexicon.txt")
    known = {pair_hash(pair) for pair in read_pairs(LEXICON)}
    assert split.valid
    assert split.test
    assert split.valid | split.test <= known


def test_the_committed_sentence_split_has_about_the_sizes_it_was_drawn_for() -> None:
    split = read_split(SPLITS / "tatoeba-fra-eng.txt")
    assert 1_350 < len(split.valid) < 1_650
    assert 2_700 < len(split.test) < 3_300
    assert not split.valid & split.test


@pytest.mark.slow
@needs_corpus
def test_the_sentence_corpus_has_the_components_it_is_known_for() -> None:
    pairs = read_pairs(CORPUS / TATOEBA)
    sizes = component_sizes(pairs)
    assert (len(pairs), len(sizes), max(sizes.values())) == (177_538, 116_164, 56)


@pytest.mark.slow
@needs_corpus
def test_no_side_of_a_held_out_pair_is_trained_on() -> None:
    sentences, terms = read_corpus(CORPUS)
    held = [*sentences.valid, *sentences.test, *terms.valid, *terms.test]
    train = [*sentences.train, *terms.train]
    assert not {comparable(p.english) for p in held} & {comparable(p.english) for p in train}
    assert not {comparable(p.french) for p in held} & {comparable(p.french) for p in train}
    assert len(sentences.train) > 170_000
    assert not any(must_stay_unseen(pair) for pair in train)
