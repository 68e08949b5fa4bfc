"""The pieces a translation model reads: byte-level byte-pair encoding over both languages.

Typography is folded before the pieces are cut: NFD to NFC, ’ and ʼ to ', no-break spaces to spaces. Spans still point
into the text as typed. An elided article or pronoun is a piece of its own with its apostrophe, and the word after it is
cut as if a space stood between, so that `l'apprentissage` and `apprentissage` share their pieces; decoding takes that
space out again.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

PAD, END, START = "<pad>", "</s>", "<s>"
MAX_POSITIONS = 1_024

_ELIDING = ("[CDJLMNSTcdjlmnst]", "[Qq]u", "[Jj]usqu", "[Ll]orsqu", "[Pp]uisqu", "[Qq]uoiqu", "[Qq]uelqu")
# Words begin after a space (the normaliser has put one in front of the text), a hyphen, a bracket or a quotation mark.
_AFTER_ELISION = "|".join(rf"(?<=[\s\-(\"«“]{word}')" for word in _ELIDING)
_ELISION = "|".join(rf"(?<=[\s\-(\"«“]{word})" for word in _ELIDING)
_PIECES = "|".join(
    [
        r" ?(?:" + "|".join(_ELIDING) + r")'(?!\p{L})",  # l' (the normaliser has made l'apprentissage l' apprentissage)
        r" ?\p{L}+",
        r"['-]\p{L}+",  # 't of don't, 'hui of aujourd'hui, -vous of avez-vous
        r" ?\p{N}",  # digits one by one: numbers are copied, not learnt
        r" ?[^\s\p{L}\p{N}]+",
        r"\s+",
    ]
)


def untrained() -> Tokenizer:
    """A tokenizer with the whole pipeline and no piece learnt yet."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(Regex("[’ʼ]"), "'"),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            normalizers.Prepend(" "),
            normalizers.Replace(Regex(rf"(?:{_ELISION})'(?=\p{{L}})"), "' "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.ByteLevel(),
            decoders.Replace(Regex(rf"(?:{_AFTER_ELISION}) (?=\p{{L}})"), ""),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> Tokenizer:
    """Learn the pieces of `texts`. Every byte is a piece: no text is unknown. Ids 0, 1, 2 are padding, end, start."""
    tokenizer = untrained()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in (PAD, END, START)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=True, trim_offsets=True),
            processors.TemplateProcessing(single=f"$A {END}", pair=f"$A $B {END}", special_tokens=[(END, 1)]),
        ]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and the tokenizer_config.json that lets `transformers` open it as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": START,
        "eos_token": END,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "model_max_length": MAX_POSITIONS,
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def piece_id(tokenizer: Tokenizer, piece: str) -> int:
    """The id of a piece that the vocabulary is known to hold."""
    found = tokenizer.token_to_id(piece)
    if found is None:
        raise ValueError(f"the tokenizer has no piece {piece}")
    return int(found)
