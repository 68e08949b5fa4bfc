"""The tokenizer of a translation model: byte-level byte-pair encoding over both languages.

Typography is normalised before a text is cut: NFD to NFC, ’ and ʼ to ', no-break spaces to spaces. Spans still point into
the text as typed. An elided article or pronoun and its apostrophe are one piece. The word after it is cut as if there were
a space before it, so that `l'apprentissage` and `apprentissage` share their pieces; decoding removes that space.
"""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers

from training.data.byte_pairs import WORD_PARTS, cut_with, learn, save, surround, typography

PAD, END, START = "<pad>", "</s>", "<s>"
MAX_POSITIONS = 1_024

_ELIDING = ("[CDJLMNSTcdjlmnst]", "[Qq]u", "[Jj]usqu", "[Ll]orsqu", "[Pp]uisqu", "[Qq]uoiqu", "[Qq]uelqu")
# Words begin after a space (the normaliser adds one before the text), a hyphen, a bracket or a quotation mark.
_AFTER_ELISION = "|".join(rf"(?<=[\s\-(\"«“]{word}')" for word in _ELIDING)
_ELISION = "|".join(rf"(?<=[\s\-(\"«“]{word})" for word in _ELIDING)
_PIECES = "|".join(
    [
        r" ?(?:" + "|".join(_ELIDING) + r")'(?!\p{L})",  # l' (the normaliser adds a space after it)
        r" ?\p{L}+",
        *WORD_PARTS,
    ]
)


def untrained() -> Tokenizer:
    """The whole pipeline, without any learnt pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [*typography(), normalizers.Replace(Regex(rf"(?:{_ELISION})'(?=\p{{L}})"), "' ")]
    )
    tokenizer.pre_tokenizer = cut_with(_PIECES)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.ByteLevel(),
            decoders.Replace(Regex(rf"(?:{_AFTER_ELISION}) (?=\p{{L}})"), ""),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> Tokenizer:
    """Learn the pieces of `texts`. Ids 0, 1, 2 are padding, end, start."""
    tokenizer = untrained()
    learn(tokenizer, texts, vocab_size=vocab_size, specials=(PAD, END, START))
    surround(tokenizer, [END], single=f"$A {END}", pair=f"$A $B {END}", prefix_space=True)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json."""
    roles = {"bos_token": START, "eos_token": END, "pad_token": PAD}
    save(tokenizer, folder, roles, max_positions=MAX_POSITIONS)


def piece_id(tokenizer: Tokenizer, piece: str) -> int:
    """The id of a piece. Raises ValueError if the vocabulary does not have it."""
    found = tokenizer.token_to_id(piece)
    if found is None:
        raise ValueError(f"the tokenizer has no piece {piece}")
    return int(found)
