"""Pieces of every kind of tokenizer become the words of the text."""

import pytest
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from analysis.words import Word, alone, words
from model.tokenizers.tokens import Token, Tokenizer

SENTENCES = {
    "the cat sat": ["the", "cat", "sat"],
    "don't stop, l'eau": ["don't", "stop", ",", "l'eau"],
    "pi is 3.14, e 2,7.": ["pi", "is", "3.14", ",", "e", "2,7", "."],
    "나는 학습을": ["나는", "학습을"],
    "我喜欢 学习。": ["我", "喜", "欢", "学", "习", "。"],
    "e\u0301te\u0301 नमस्ते": ["e\u0301te\u0301", "नमस्ते"],
    "👨\u200d👩\u200d👧 👍🏽!": ["👨\u200d👩\u200d👧", "👍🏽", "!"],
    "אני אוהב": ["אני", "אוהב"],
    "snake_case 'quoted'": ["snake_case", "'", "quoted", "'"],
}


def byte_level() -> Tokenizer:
    """Every byte a piece, with its space in front."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pipeline = tokenizers.Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(alphabet)}, merges=[]))
    pipeline.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pipeline.decoder = decoders.ByteLevel()
    return Tokenizer(pipeline)


def sentencepiece() -> Tokenizer:
    """Characters, with bytes for those that are not in the vocabulary."""
    characters = ["<unk>", "▁", *"thecasodnlpqué'", *(f"<0x{byte:02X}>" for byte in range(256))]
    pipeline = tokenizers.Tokenizer(
        models.BPE(
            vocab={piece: i for i, piece in enumerate(characters)}, merges=[], byte_fallback=True, unk_token="<unk>"
        )
    )
    pipeline.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    pipeline.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return Tokenizer(pipeline)


def word_piece(text: str) -> Tokenizer:
    """BERT's: words cut to single characters, which continue with ##."""
    characters = sorted(set(text) - {" "})
    vocabulary = ["[UNK]", *characters, *(f"##{character}" for character in characters)]
    pipeline = tokenizers.Tokenizer(
        models.WordPiece(vocab={piece: i for i, piece in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    pipeline.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pipeline.decoder = decoders.WordPiece()
    return Tokenizer(pipeline)


def labels(tokens: list[Token], **how: bool) -> list[str]:
    return [word.label for word in words(tokens, **how)]


def spanless(tokens: list[Token]) -> list[Token]:
    """The same pieces as a model would have written them."""
    return [Token(token.id, token.text, token.label, token.special) for token in tokens]


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("kind", [byte_level, sentencepiece])
def test_byte_level_and_sentencepiece_pieces_become_words_typed_or_written(kind: type, text: str) -> None:
    tokens, _ = kind().tokens(text)
    assert labels(tokens) == SENTENCES[text]
    assert labels(spanless(tokens)) == SENTENCES[text]


@pytest.mark.parametrize("text", [text for text in SENTENCES if "'" not in text])
def test_word_pieces_become_words(text: str) -> None:
    tokens, _ = word_piece(text).tokens(text)
    assert "[UNK]" not in [token.label for token in tokens]
    assert labels(tokens, word_pieces=True) == SENTENCES[text]


def test_word_pieces_that_were_written_begin_a_word_where_they_do_not_continue_one() -> None:
    tokens, _ = word_piece("the cat").tokens("the cat")
    assert labels(spanless(tokens), word_pieces=True) == ["the", "cat"]


def test_the_apostrophe_of_a_word_keeps_word_pieces_together_by_their_spans() -> None:
    tokens, _ = word_piece("don't").tokens("don't")
    assert labels(tokens, word_pieces=True) == ["don't"]


def test_a_special_token_is_a_word_and_keeps_its_neighbours_apart() -> None:
    tokens = [
        Token(0, "[CLS]", "[CLS]", True),
        Token(5, "on", "on"),
        Token(1, "[MASK]", "[MASK]", True),
        Token(6, "ly", "ly"),
    ]
    assert labels(tokens) == ["[CLS]", "on", "[MASK]", "ly"]


def test_words_cover_every_piece_once_in_order() -> None:
    tokens, _ = byte_level().tokens("나는  the cat's\n\n3.5 !?")
    found = words(tokens)
    assert [i for word in found for i in range(word.first, word.after)] == list(range(len(tokens)))
    assert all(word.label.strip() for word in found)


def test_pieces_by_themselves_keep_their_labels() -> None:
    tokens, _ = byte_level().tokens("a b")
    assert alone(tokens) == (Word("a", 0, 1), Word("·", 1, 2), Word("b", 2, 3))


def test_no_pieces_are_no_words() -> None:
    assert words([]) == ()
