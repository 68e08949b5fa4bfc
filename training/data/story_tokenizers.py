"""The two tokenizers of the models that continue stories, both byte-level BPE.

The usual one never merges across words, as in GPT-2. In that of Jurassic-1 (Lieber et al. 2021) a piece can span words:
pieces inside words are learnt first, then frequent sequences of whole words, so that "Once upon a time" is one piece.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from training.data.byte_pairs import cut_with, learn, save, special, surround
from training.data.stories import END_OF_STORY

MAX_POSITIONS = 512
_WORDS = r" ?\p{L}+(?:'\p{L}+)?| ?\p{N}| ?[^\s\p{L}\p{N}]+|\n|\s+"
# For Jurassic a text is cut only at punctuation, digits and line ends.
_PHRASES = r" ?\p{L}+(?:[' ]\p{L}+)*| ?\p{N}| ?[^\s\p{L}\p{N}]+|\n|\s+"
LONGEST_PHRASE = 4  # words


def untrained(pattern: str) -> Tokenizer:
    """The whole pipeline, without any learnt pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = cut_with(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train_word_pieces(stories: Iterable[str], *, vocab_size: int, specials: Sequence[str]) -> Tokenizer:
    """Byte-pair encoding inside words. `specials` get the first ids."""
    tokenizer = untrained(_WORDS)
    learn(tokenizer, stories, vocab_size=vocab_size, specials=specials)
    return tokenizer


def word_runs(stories: Iterable[str], pieces: Tokenizer) -> tuple[list[str], np.ndarray]:
    """(the whole words that are one piece each, the text as indices of these words).

    -1 in the text ends a phrase: punctuation, a line end, or a word of several pieces.
    """
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
    """Byte-pair encoding on words instead of bytes: the most frequent pair of neighbours is merged, `count` times.

    A phrase has at most LONGEST_PHRASE words. New phrases are appended to `names`.
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
    """The text with each `a b` replaced by `new`. Where pairs overlap, as in a a a, the first is replaced."""
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
    """Learn `words` pieces inside words, then merge whole words until there are `vocab_size` pieces."""
    pieces = train_word_pieces(stories, vocab_size=words, specials=specials)
    state = json.loads(pieces.to_str())
    vocab: dict[str, int] = state["model"]["vocab"]
    merges: list[tuple[str, str]] = [(a, b) for a, b in state["model"]["merges"]]
    for a, b in phrase_merges(*word_runs(stories, pieces), count=vocab_size - len(vocab)):
        vocab[a + b] = len(vocab)
        merges.append((a, b))
    tokenizer = untrained(_PHRASES)
    tokenizer.model = models.BPE(vocab=vocab, merges=merges)
    tokenizer.add_special_tokens(special(specials))
    return tokenizer


def begin_with(tokenizer: Tokenizer, start: str) -> Tokenizer:
    """Let the tokenizer put the start token before every text."""
    surround(tokenizer, [start], single=f"{start} $A", pair=f"{start} $A $B", prefix_space=False)
    return tokenizer


def save_story_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json. One token starts, ends and pads."""
    roles = dict.fromkeys(("bos_token", "eos_token", "pad_token"), END_OF_STORY)
    save(tokenizer, folder, roles, max_positions=MAX_POSITIONS)
