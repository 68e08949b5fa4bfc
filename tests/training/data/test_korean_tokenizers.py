"""The pieces of Korean: whole syllables, and a border where Hangul meets another script."""

import unicodedata

from tests.training.korean_sample import PAIRS
from training.data.korean_pairs import Pair
from training.data.korean_tokenizers import train_translation_pieces


def test_a_common_syllable_is_never_cut_in_two_and_letters_apart_are_read_as_syllables() -> None:
    tokenizer = train_translation_pieces(PAIRS, vocab_size=400, common=5)
    for pair in PAIRS[:4]:
        encoding = tokenizer.encode(pair.korean)
        assert "�" not in "".join(tokenizer.decode([i]) for i in encoding.ids)
        assert tokenizer.encode(unicodedata.normalize("NFD", pair.korean)).ids == encoding.ids
        assert tokenizer.decode(encoding.ids) == pair.korean
    for text in ("쀍뷁 🙂", "naïve café", "Русский"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_a_piece_ends_where_hangul_meets_another_script() -> None:
    tokenizer = train_translation_pieces(
        [*PAIRS, *[Pair("GPT는 좋다.", "GPT is good.")] * 40], vocab_size=420, common=5
    )
    assert tokenizer.decode([tokenizer.encode("GPT는").ids[-2]]) == "는"
