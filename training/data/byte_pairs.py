"""Byte-level byte-pair encoding: the steps that all our tokenizers share."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers, processors, trainers

WORD_PARTS = (
    r"['-]\p{L}+",  # 't of don't, 'hui of aujourd'hui, -vous of avez-vous
    r" ?\p{N}",  # digits one by one: numbers are copied, not learnt
    r" ?[^\s\p{L}\p{N}]+",
    r"\s+",
)
"""Patterns of everything but words: what follows a hyphen or an apostrophe, digits, punctuation, spaces."""


def typography() -> list[normalizers.Normalizer]:
    """NFC, straight apostrophes, one space for each run of white space, and one before the text."""
    return [
        normalizers.NFC(),
        normalizers.Replace(Regex("[’ʼ]"), "'"),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
        normalizers.Prepend(" "),
    ]


def cut_with(pattern: str) -> pre_tokenizers.PreTokenizer:
    """Cut a text at the matches of a pattern, then write each part as bytes."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def special(tokens: Iterable[str]) -> list[AddedToken]:
    """Tokens that are matched as they are written, before any normalisation."""
    return [AddedToken(token, special=True, normalized=False) for token in tokens]


def learn(tokenizer: Tokenizer, texts: Iterable[str], *, vocab_size: int, specials: Sequence[str]) -> None:
    """Learn the pieces of `texts` (Sennrich et al. 2016). `specials` get the first ids; every byte is a piece."""
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=special(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)


def surround(tokenizer: Tokenizer, tokens: Iterable[str], *, single: str, pair: str, prefix_space: bool) -> None:
    """Let the tokenizer add special tokens to one text or two, by templates as `tokenizers` writes them.

    `prefix_space`: the normaliser puts a space before a text, which its first span leaves out.
    """
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=prefix_space, trim_offsets=prefix_space),
            processors.TemplateProcessing(
                single=single, pair=pair, special_tokens=[(token, tokenizer.token_to_id(token)) for token in tokens]
            ),
        ]
    )


def save(tokenizer: Tokenizer, folder: Path, settings: Mapping[str, object], *, max_positions: int) -> None:
    """Write tokenizer.json, and the tokenizer_config.json that lets `transformers` open it as it is.

    `settings` are further keys of tokenizer_config.json, such as `eos_token`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **settings,
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_positions,
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def tokenizer_of(run: Path, learn_and_save: Callable[[], None]) -> Tokenizer:
    """The tokenizer in a run's folder. If there is none yet, `learn_and_save` is called first."""
    path = run / "tokenizer.json"
    if not path.exists():
        learn_and_save()
    return Tokenizer.from_file(str(path))
