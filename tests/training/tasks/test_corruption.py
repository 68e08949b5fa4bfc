"""What corruption changes, and what it never does."""

from collections import Counter

import numpy as np
import pytest

from training.tasks.denoising.corruption import FEWEST_WORDS, KINDS, SHARES, Corruption, corrupt, corrupt_as, word_spans

SENTENCES = (
    "Once upon a time, there was a little girl named Lily.",
    'He said, "Come on, Andy, don\'t be shy!"',
    "The dog ran, and ran, and ran.",
    "Mum's well-made cake was 3 days old.",
)


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


def gaps(text: str) -> list[str]:
    spans = word_spans(text)
    edges = [0, *(at for span in spans for at in span), len(text)]
    return [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def many(text: str, kind: Corruption, times: int = 60) -> list[str]:
    generator = np.random.default_rng(3)
    return [made for _ in range(times) if (made := corrupt_as(text, kind, "<mask>", generator)) is not None]


def test_the_shares_of_the_kinds_are_one_in_all() -> None:
    assert sum(SHARES) == pytest.approx(1.0)
    assert len(SHARES) == len(KINDS)


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize(("kind", "reach"), [("swapped", 1), ("rotated", 2)])
def test_reordering_keeps_every_word_and_all_punctuation_and_moves_words_a_little(
    text: str, kind: Corruption, reach: int
) -> None:
    made = many(text, kind)
    assert made
    for changed in made:
        assert changed != text
        assert Counter(words(changed)) == Counter(words(text))
        assert gaps(changed) == gaps(text)
        differs = [i for i, (a, b) in enumerate(zip(words(text), words(changed), strict=True)) if a != b]
        assert differs[-1] - differs[0] <= reach


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize(("kind", "width"), [("masked word", 1), ("masked words", 2)])
def test_one_mask_stands_for_the_words_of_its_span(text: str, kind: Corruption, width: int) -> None:
    for changed in many(text, kind):
        before, mask, after = changed.partition("<mask>")
        assert mask
        assert "<mask>" not in after
        assert text.startswith(before)
        assert text.endswith(after)
        assert len(words(text[len(before) : len(text) - len(after)])) == width


def test_every_place_of_a_sentence_is_masked_sooner_or_later() -> None:
    places = {changed.index("<mask>") for changed in many(SENTENCES[0], "masked word", 300)}
    assert places == {start for start, _ in word_spans(SENTENCES[0])}


def test_a_sentence_too_short_to_go_by_is_left() -> None:
    short = " ".join(["word"] * (FEWEST_WORDS - 1)) + "."
    generator = np.random.default_rng(1)
    assert all(corrupt(short, "<mask>", generator) is None for _ in range(40))


def test_the_kinds_come_as_often_as_stated() -> None:
    generator = np.random.default_rng(5)
    made = [corrupt("One two three four five six seven.", "<mask>", generator) for _ in range(4_000)]
    counts = Counter(case.kind for case in made if case is not None)
    for kind, share in zip(KINDS, SHARES, strict=True):
        assert counts[kind] / 4_000 == pytest.approx(share, abs=0.03)
