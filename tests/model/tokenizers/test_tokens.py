"""Pieces as a person reads them, and where they stand in the text as typed."""

from pathlib import Path

import pytest
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from model import CheckpointError, InputError
from model.tokenizers.tokens import Tokenizer, byte_alphabet, from_bytes
from model.tokenizers.visible import visible
from tests.model.builders import END, byte_tokenizer

BYTES = byte_tokenizer()


def labels(text: str) -> list[str]:
    return [token.label for token in BYTES.tokens(text)[0]]


def test_spaces_and_line_ends_are_visible() -> None:
    assert labels("lo the\n\tx") == ["lo", "·the", "⏎", "⇥", "x", "</s>"]
    assert visible(" a\r\n") == "·a⏎⏎"


def test_what_has_no_shape_is_named() -> None:
    assert [visible(c) for c in ("\u200b", "\u00a0", "\u200d", "\u2028", "\ufeff")] == [
        "‹U+200B›",
        "‹U+00A0›",
        "‹U+200D›",
        "‹U+2028›",
        "‹U+FEFF›",
    ]
    assert visible("a\u200bb") == "a‹U+200B›b"
    family = "\U0001f468\u200d\U0001f469"
    assert visible(family) == family


IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF), (0x2800, 0x2800),
)  # fmt: skip
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and the blank of Braille."""


def test_no_label_of_characters_without_a_shape_looks_empty() -> None:
    for c in (chr(code) for first, last in IGNORABLE for code in range(first, last + 1)):
        assert visible(c) == f"‹U+{ord(c):04X}›"
        assert visible(" " + c) == f"·‹U+{ord(c):04X}›"
        assert visible(c + c).startswith("‹U+")


def test_what_belongs_to_an_emoji_stays_with_it() -> None:
    for emoji in ("❤️", "1️⃣", "🏴󠁧󠁢󠁿", "🏳️‍🌈"):
        assert visible(emoji) == emoji


def with_word(word: str, special: bool = False) -> Tokenizer:
    pipeline = byte_tokenizer().pipeline
    pipeline.add_tokens([tokenizers.AddedToken(word, special=special, normalized=False)])
    return Tokenizer(pipeline)


@pytest.mark.parametrize("word", ["café", "Ä", "¿qué?", "naïve ñu", "lo"])
def test_an_added_word_with_accents_is_labelled_by_its_letters(word: str) -> None:
    tokens = with_word(word)
    read, _ = tokens.tokens(word, special=False)
    assert [token.text for token in read] == [word]
    assert [token.label for token in read] == [visible(word)]
    assert not tokens.is_partial(read[0].id)


def test_a_special_token_without_a_shape_is_named_too() -> None:
    tokens = with_word("⠀", special=True)
    assert tokens.tokens("⠀", special=False)[0][0].label == "‹U+2800›"


def test_the_bytes_of_a_split_character_show_in_hexadecimal() -> None:
    assert labels("é") == ["‹C3›", "‹A9›", "</s>"]
    tokens, _ = BYTES.tokens("é")
    assert [token.text for token in tokens[:2]] == ["\ufffd", "\ufffd"]
    assert [BYTES.is_partial(token.id) for token in tokens] == [True, True, False]


def test_whole_characters_beside_a_broken_one_are_kept() -> None:
    assert from_bytes("né".encode()) == ("né", "né")
    assert from_bytes(b" a\xc3") == (" a\ufffd", "·a‹C3›")
    assert from_bytes(b"\xa9b") == ("\ufffdb", "‹A9›b")
    assert from_bytes("안".encode()[1:] + "é".encode())[1] == "‹95›‹88›é"


def test_spans_point_into_the_text_as_typed() -> None:
    text = "lo  the’é x"
    tokens, _ = BYTES.tokens(text)
    assert all(token.span is not None for token in tokens[:-1])
    assert tokens[-1].span is None  # nobody typed the end token
    at = [token.span for token in tokens[:-1] if token.span is not None]
    assert text[slice(*at[0])] == "lo"
    apostrophe = next(token for token in tokens if token.text == "'")
    assert apostrophe.span is not None
    assert text[slice(*apostrophe.span)] == "’"
    accents = [token.span for token in tokens if "\ufffd" in token.text]
    assert accents == [(8, 9), (8, 9)]  # both bytes stand for the one character
    assert max(end for _, end in at) == len(text)


def test_spans_hold_the_combining_accents_that_normalisation_joined_to_a_character() -> None:
    tokens, _ = BYTES.tokens("e\u0301x")  # e and a combining accent become one character
    assert [token.span for token in tokens[:-1]] == [(0, 2), (0, 2), (2, 3)]


def test_half_of_a_character_is_refused_by_every_way_in() -> None:
    with pytest.raises(InputError, match="half of a character"):
        BYTES.encode("a\ud800")
    with pytest.raises(InputError, match="half of a character"):
        BYTES.tokens("a", "\udfff")


def test_special_tokens_typed_as_text_are_read_as_such() -> None:
    tokens, _ = BYTES.tokens("lo</s>the")
    assert [token.id for token in tokens].count(END) == 2
    typed = tokens[1]
    assert (typed.special, typed.label, typed.span) == (True, "</s>", (2, 6))
    assert BYTES.decode([token.id for token in tokens]) == "lothe"
    assert BYTES.decode([token.id for token in tokens], skip_special_tokens=False) == "lo</s>the</s>"


@pytest.mark.parametrize("text", ["the lo", "안녕 🙂", "naïve café", "\x00\x1b", "שלום"])
def test_any_text_round_trips(text: str) -> None:
    assert BYTES.decode(BYTES.encode(text)) == text
    raw = "".join(
        chr(byte)
        for token in BYTES.tokens(text, special=False)[0]
        for byte in [byte_alphabet()[c] for c in BYTES.pipeline.id_to_token(token.id) or ""]
    )
    assert raw.encode("latin-1").decode("utf-8") == text


def test_the_byte_alphabet_is_that_of_byte_level_bpe() -> None:
    assert set(byte_alphabet()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(byte_alphabet().values()) == list(range(256))


def test_without_special_tokens_nothing_is_added() -> None:
    assert [token.label for token in BYTES.tokens("the", special=False)[0]] == ["the"]
    assert BYTES.tokens("the", "lo")[1] == [0, 0, 1, 1]


def test_ids_past_the_vocabulary_have_a_label_of_their_own() -> None:
    token = BYTES.token(len(BYTES) + 5)
    assert (token.text, token.label) == ("", f"[{len(BYTES) + 5}]")


def test_pieces_with_a_lower_one_eighth_block_show_their_space() -> None:
    pipeline = tokenizers.Tokenizer(
        models.Unigram([("<unk>", 0.0), ("▁the", -1.0), ("<0xC3>", -9.0), ("▁", -3.0), ("x", -4.0)], 0, True)
    )
    pipeline.normalizer = normalizers.Prepend("▁")
    pipeline.decoder = decoders.Metaspace()
    tokens = Tokenizer(pipeline)
    assert [(tokens.token(i).text, tokens.token(i).label) for i in (1, 2, 4)] == [
        (" the", "·the"),
        ("\ufffd", "‹C3›"),
        ("x", "x"),
    ]


def test_a_piece_that_only_looks_like_a_byte_is_read_as_it_stands() -> None:
    pieces = ["<unk>", "<0xyz>", "<0x4>", "<0x123>", "<0x41>", "<0xa9>"]
    tokens = Tokenizer(tokenizers.Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], 0, True)))
    assert [tokens.token(i).label for i in range(1, 6)] == ["<0xyz>", "<0x4>", "<0x123>", "A", "‹A9›"]


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text('{"version": "1.0"}', encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json cannot be read as a tokenizer"):
        Tokenizer.from_file(path)


def test_a_tokenizer_read_back_from_its_file_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    BYTES.pipeline.save(str(path))
    assert Tokenizer.from_file(path).tokens("lo the é") == BYTES.tokens("lo the é")


def test_a_files_own_padding_and_truncation_never_act(tmp_path: Path) -> None:
    pipeline = byte_tokenizer().pipeline
    pipeline.enable_truncation(3)
    pipeline.enable_padding(length=20)
    path = tmp_path / "tokenizer.json"
    pipeline.save(str(path))
    assert len(Tokenizer.from_file(path).encode("lo lo lo")) == len(BYTES.encode("lo lo lo"))
