"""Particles, whose form depends on the final consonant of the word before them."""

from typing import Literal

from training.data.korean.hangul import final

Particle = Literal["topic", "subject", "object", "with", "by"]

FORMS: dict[Particle, tuple[str, str]] = {
    "topic": ("은", "는"),
    "subject": ("이", "가"),
    "object": ("을", "를"),
    "with": ("과", "와"),
    "by": ("으로", "로"),
}
"""The form after a consonant, and after a vowel."""

CONTRACTED = {("나", "subject"): "내가", ("저", "subject"): "제가", ("너", "subject"): "네가"}


def with_particle(word: str, particle: Particle) -> str:
    """The word with its particle: 책은 but 사과는. ㄹ counts as a vowel before (으)로: 지하철로."""
    if contracted := CONTRACTED.get((word, particle)):
        return contracted
    consonant = final(word)
    after_consonant, after_vowel = FORMS[particle]
    open_ended = consonant == "" or (particle == "by" and consonant == "ㄹ")
    return word + (after_vowel if open_ended else after_consonant)
