"""The pieces: nothing unknown, elisions apart, typography folded, spans in the text as typed."""

import unicodedata
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from training.data.translation_tokenizer import END, PAD, START, piece_id, save_tokenizer

SENTENCES = [
    "Je adore l'apprentissage automatique",
    "J'adore l'apprentissage automatique.",
    "Qu'est-ce que c'est ? Aujourd'hui, il n'y a qu'un été.",
    "Salut ! Ça va ? L'œuvre d'Émile.",
    "Don't you think I'm late? It's five o'clock, and the boys' toys aren't here.",
    "“D'accord”, dit-elle (l'air triste) ; 1 234 fois.",
    "안녕하세요 👩‍💻 🎉 مرحبا",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_decoding_gives_back_what_was_encoded(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    """What stands in the text for each piece."""
    return [text[slice(*span)] for span in tokenizer.encode(text).offsets]


def test_an_elided_article_is_a_piece_of_its_own(tokenizer: Tokenizer) -> None:
    assert pieces(tokenizer, "Je adore l'apprentissage")[:4] == ["Je", "adore", "l'", "apprentissage"]
    assert pieces(tokenizer, "J'adore")[:2] == ["J'", "adore"]


def test_a_word_is_cut_alike_after_a_space_and_after_an_elision(tokenizer: Tokenizer) -> None:
    after_space, after_elision = tokenizer.encode("un ordinateur").ids, tokenizer.encode("l'ordinateur").ids
    assert after_space[1:] == after_elision[1:]


def test_english_contractions_and_inner_apostrophes_stay_whole_words_apart(tokenizer: Tokenizer) -> None:
    normal = tokenizer.normalizer.normalize_str("don't aujourd'hui")
    assert [piece for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)] == [
        "Ġdon",
        "'t",
        "Ġaujourd",
        "'hui",
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "J’adore l’apprentissage",
        "Jʼadore lʼapprentissage",
        "  J'adore   l'apprentissage ",
        "J'adore\u00a0l'apprentissage",
        "J'adore\u202fl'apprentissage\n",
    ],
)
def test_typography_does_not_change_the_pieces(tokenizer: Tokenizer, typed: str) -> None:
    assert tokenizer.encode(typed).ids == tokenizer.encode("J'adore l'apprentissage").ids
    assert pieces(tokenizer, typed)[-2] == "apprentissage"


def test_decomposed_accents_read_as_composed_ones(tokenizer: Tokenizer) -> None:
    composed = "Le réseau apprend"
    typed = unicodedata.normalize("NFD", composed)
    assert typed != composed
    assert tokenizer.encode(typed).ids == tokenizer.encode(composed).ids
    assert pieces(tokenizer, typed)[0] == "Le"
    assert typed.endswith(pieces(tokenizer, typed)[-2])


def test_a_no_break_space_before_punctuation_is_a_space(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("Salut\u202f!").ids == tokenizer.encode("Salut !").ids
    assert pieces(tokenizer, "Salut\u00a0!")[-2] == "!"


def test_the_special_pieces_have_the_first_ids_and_the_end_closes_every_text(tokenizer: Tokenizer) -> None:
    assert [piece_id(tokenizer, piece) for piece in (PAD, END, START)] == [0, 1, 2]
    assert tokenizer.encode("").ids == [1]
    assert tokenizer.encode("Salut").ids[-1] == 1


def test_a_piece_that_is_not_there_is_named(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="no piece zzzz"):
        piece_id(tokenizer, "zzzz")


def test_transformers_reads_the_same_ids_from_the_folder(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for text in [*SENTENCES, "", "J’adore\u202f!"]:
        ids = tokenizer.encode(text).ids
        assert theirs(text)["input_ids"] == ids
        assert theirs.decode(ids, skip_special_tokens=True) == tokenizer.decode(ids)
    assert (theirs.pad_token_id, theirs.eos_token_id, theirs.bos_token_id) == (0, 1, 2)
