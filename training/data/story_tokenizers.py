"""The pieces that models of the stories read: byte-level BPE, two ways.

The ordinary one cuts at words, as GPT-2 does. Jurassic-1's (Lieber et al. 2021) lets pieces span words: here words are
learnt first, then runs of whole words that are frequent become pieces of their own, so that "Once upon a time" is one.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from training.data.stories import END_OF_STORY

MAX_POSITIONS = 512
WORD_PIECES = 3_072
_WORDS = r" ?\p{L}+(?:'\p{L}+)?| ?\p{N}| ?[^\s\p{L}\p{N}]+|\n|\s+"
# Jurassic's text is cut at punctuation and line ends only: letters, spaces and apostrophes inside words stay together.
_PHRASES = r" ?\p{L}+(?:[' ]\p{L}+)*| ?\p{N}| ?[^\s\p{L}\p{N}]+|\n|\s+"
LONGEST_PHRASE = 4  # words


def untrained(pattern: str) -> Tokenizer:
    """A tokenizer with the whole pipeline and no piece learnt yet."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train_word_pieces(stories: Iterable[str], *, vocab_size: int, specials: Sequence[str]) -> Tokenizer:
    """Byte-pair encoding inside words (Sennrich et al. 2016). Every byte is a piece; `specials` have the first ids."""
    tokenizer = untrained(_WORDS)
    tokenizer.train_from_iterator(
        stories,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=[AddedToken(token, special=True, normalized=False) for token in specials],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def word_runs(stories: Iterable[str], pieces: Tokenizer) -> tuple[list[str], np.ndarray]:
    """The whole words that are one piece each, and the text as their indices; -1 stands wherever no phrase may go on:
    at punctuation, at line ends, and at words of several pieces."""
    stretches = pre_tokenizers.Split(Regex(_PHRASES), behavior="isolated")
    words = pre_tokenizers.Split(Regex(_WORDS), behavior="isolated")
    known: dict[str, int] = {}
    names: list[str] = []
    text: list[int] = []
    for story in stories:
        for stretch, _ in stretches.pre_tokenize_str(story):
            for word, _ in words.pre_tokenize_str(stretch):
                if word not in known:
                    tokens = pieces.encode(word, add_special_tokens=False).tokens
                    known[word] = len(names) if len(tokens) == 1 and any(c.isalpha() for c in word) else -1
                    if known[word] >= 0:
                        names.append(tokens[0])
                text.append(known[word])
            text.append(-1)
    return names, np.array(text, dtype=np.int64)


def phrase_merges(names: list[str], text: np.ndarray, *, count: int) -> list[tuple[str, str]]:
    """Byte-pair encoding one level up: the most frequent neighbours become one, again and again.

    A phrase has LONGEST_PHRASE words at most. `names` grows with what is made.
    """
    lengths = [1] * len(names)
    made: list[tuple[str, str]] = []
    held = set(names)
    most = len(names) + count
    while len(made) < count:
        long = np.array(lengths, dtype=np.int64)
        left, right = text[:-1], text[1:]
        fits = (left >= 0) & (right >= 0)
        fits[fits] = long[left[fits]] + long[right[fits]] <= LONGEST_PHRASE
        pairs, counts = np.unique(left[fits] * most + right[fits], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        best = next(i for i in order if names[pairs[i] // most] + names[pairs[i] % most] not in held)
        a, b = int(pairs[best] // most), int(pairs[best] % most)
        made.append((names[a], names[b]))
        held.add(names[a] + names[b])
        text = joined(text, a, b, len(names))
        names.append(names[a] + names[b])
        lengths.append(lengths[a] + lengths[b])
    return made


def joined(text: np.ndarray, a: int, b: int, new: int) -> np.ndarray:
    """The text with each `a b` as `new`; of overlapping ones, as in a a a, the first."""
    at = np.flatnonzero((text[:-1] == a) & (text[1:] == b))
    if a == b:
        kept: list[int] = []
        for i in at.tolist():
            if not kept or i > kept[-1] + 1:
                kept.append(i)
        at = np.array(kept, dtype=np.int64)
    text = text.copy()
    text[at] = new
    return np.delete(text, at + 1)


def train_phrases(stories: Sequence[str], *, vocab_size: int, words: int, specials: Sequence[str]) -> Tokenizer:
    """Word pieces first, `words` of them, then merges of whole words by count until `vocab_size` pieces stand."""
    pieces = train_word_pieces(stories, vocab_size=words, specials=specials)
    state = json.loads(pieces.to_str())
    vocab: dict[str, int] = state["model"]["vocab"]
    merges: list[tuple[str, str]] = [(a, b) for a, b in state["model"]["merges"]]
    for a, b in phrase_merges(*word_runs(stories, pieces), count=vocab_size - len(vocab)):
        vocab[a + b] = len(vocab)
        merges.append((a, b))
    tokenizer = untrained(_PHRASES)
    tokenizer.model = models.BPE(vocab=vocab, merges=merges)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return tokenizer


def begin_with(tokenizer: Tokenizer, start: str) -> Tokenizer:
    """The tokenizer puts the start token before every text."""
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=False, trim_offsets=False),
            processors.TemplateProcessing(
                single=f"{start} $A", pair=f"{start} $A $B", special_tokens=[(start, tokenizer.token_to_id(start))]
            ),
        ]
    )
    return tokenizer


def save_story_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and the tokenizer_config.json that lets `transformers` open it as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_STORY,
        "eos_token": END_OF_STORY,
        "pad_token": END_OF_STORY,
        "clean_up_tokenization_spaces": False,
        "model_max_length": MAX_POSITIONS,
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
