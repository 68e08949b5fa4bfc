"""The tokenizers of models that read Korean: byte-level byte-pair encoding in which no common syllable is cut in two.

Syllables that were typed as separate letters (NFD) become one character before a text is cut. Words are cut at spaces, and
where Hangul meets another script, so that in `GPT는` the particle is a piece of its own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from training.data.byte_pairs import WORD_PARTS, cut_with, special, surround, typography
from training.data.korean_pairs import Pair
from training.data.translation_tokenizer import END, PAD, START

_PIECES = "|".join([r" ?\p{Hangul}+", r" ?(?:(?!\p{Hangul})\p{L})+", *WORD_PARTS])
COMMON = 20  # a character with this count in the translator's texts is not cut in two


def untrained() -> Tokenizer:
    """The whole pipeline, without any learnt pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(typography())
    tokenizer.pre_tokenizer = cut_with(_PIECES)
    tokenizer.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def train_pieces(texts: Iterable[str], *, vocab_size: int, specials: Sequence[str], common: int) -> Tokenizer:
    """Learn the pieces of `texts`. `specials` get the first ids; every byte is a piece.

    A Korean syllable is three bytes. Merges of bytes by count alone would cut many syllables in two. So the bytes of each
    character that occurs at least `common` times are merged first, and then characters by count (Sennrich et al. 2016).
    """
    tokenizer = untrained()
    words = count_words(texts, tokenizer.normalizer)
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            counts[character] += count
    alphabet = sorted(c for c, count in counts.items() if count >= common)
    vocab = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    merges: list[tuple[str, str]] = []
    add_merges(byte_merges(alphabet), vocab, merges)
    add_merges(
        (
            (in_bytes(left), in_bytes(right))
            for left, right in character_merges(words, alphabet, vocab_size - len(vocab))
        ),
        vocab,
        merges,
    )
    tokenizer.model = models.BPE(vocab={piece: i for i, piece in enumerate(vocab)}, merges=merges)
    tokenizer.add_special_tokens(special(specials))
    return tokenizer


def count_words(texts: Iterable[str], normalizer: normalizers.Normalizer) -> Counter[str]:
    """How often each word is in the texts, where words are what a text is cut into before pieces."""
    cut = pre_tokenizers.Split(Regex(_PIECES), behavior="isolated")
    return Counter(word for text in texts for word, _ in cut.pre_tokenize_str(normalizer.normalize_str(text)))


def add_merges(made: Iterable[tuple[str, str]], vocab: list[str], merges: list[tuple[str, str]]) -> None:
    """Append merges and their pieces, without those whose piece is in the vocabulary already."""
    known = set(vocab)
    for left, right in made:
        if left + right not in known:
            known.add(left + right)
            vocab.append(left + right)
            merges.append((left, right))


def in_bytes(text: str) -> str:
    """The bytes of a text, each as the character that stands for it in a byte-level vocabulary."""
    return str(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)[0][0])


def byte_merges(alphabet: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The merges that make one piece of each character."""
    for spelt in map(in_bytes, alphabet):
        for at in range(1, len(spelt)):
            yield spelt[:at], spelt[at]


def character_merges(words: Counter[str], alphabet: Sequence[str], count: int) -> list[tuple[str, str]]:
    """The first `count` merges of byte-pair encoding on characters instead of bytes."""
    learner = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + count,
        initial_alphabet=list(alphabet),
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    learner.pre_tokenizer = pre_tokenizers.Split("\n", behavior="removed")
    learner.train_from_iterator(("\n".join([word] * times) for word, times in words.items()), trainer)
    return [(left, right) for left, right in json.loads(learner.to_str())["model"]["merges"]]


def train_translation_pieces(pairs: Sequence[Pair], *, vocab_size: int, common: int = COMMON) -> Tokenizer:
    """The pieces that a translator has for both languages. Ids 0, 1, 2 are padding, end, start."""
    texts = (text for pair in pairs for text in (pair.korean, pair.english))
    tokenizer = train_pieces(texts, vocab_size=vocab_size, specials=(PAD, END, START), common=common)
    surround(tokenizer, [END], single=f"$A {END}", pair=f"$A $B {END}", prefix_space=True)
    return tokenizer
