"""Particles fit the last letter; syllables are divided and joined again."""

import pytest

from training.data.korean.hangul import FINALS, final, vowel, with_final, with_vowel
from training.data.korean.particles import Particle, with_particle


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("책", "topic", "책은"),
        ("사과", "topic", "사과는"),
        ("책", "subject", "책이"),
        ("사과", "subject", "사과가"),
        ("기계 학습", "object", "기계 학습을"),
        ("노래", "object", "노래를"),
        ("친구", "with", "친구와"),
        ("선생님", "with", "선생님과"),
        ("버스", "by", "버스로"),
        ("트럭", "by", "트럭으로"),
        ("지하철", "by", "지하철로"),
        ("서울", "object", "서울을"),
        ("나", "topic", "나는"),
        ("나", "subject", "내가"),
        ("저", "subject", "제가"),
        ("너", "subject", "네가"),
        ("저", "object", "저를"),
    ],
)
def test_the_final_consonant_chooses_the_particle(word: str, particle: Particle, expected: str) -> None:
    assert with_particle(word, particle) == expected


def test_a_word_in_another_script_has_no_final_consonant_to_go_by() -> None:
    with pytest.raises(ValueError, match="does not end in a syllable of Hangul"):
        with_particle("GPT", "topic")


def test_a_syllable_comes_apart_and_together_again() -> None:
    for syllable in "가힣뷁한글꽃":
        assert with_final(with_vowel(syllable, vowel(syllable)), final(syllable)) == syllable
    assert [final(with_final("가", consonant)) for consonant in FINALS] == list(FINALS)
