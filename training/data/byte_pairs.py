"""Byte-level byte-pair encoding: the steps that all our tokenizers share."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, pre_tokenizers, trainers


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
