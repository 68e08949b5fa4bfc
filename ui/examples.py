"""Texts to begin with, by model."""

from dataclasses import dataclass

DEFAULT_MODEL = "transformer-fr-en"


@dataclass(frozen=True)
class Example:
    text: str
    shows: str  # what to look for


FRENCH = (
    Example("Je adore l'apprentissage automatique", "the sentence of the story"),
    Example("J'adore l'apprentissage automatique.", "as it is really written, with its full stop"),
    Example("Le chat noir dort sur le canapé rouge.", "adjectives change places: watch cross-attention cross over"),
    Example("Je ne sais pas où elle habite.", "ne ... pas becomes one word: two tokens are read for it"),
    Example("Qu'est-ce que tu fais ce soir ?", "a question of six words for four"),
    Example("Elle lui a donné un livre hier.", "lui: him or her? The model has to choose"),
    Example("Il fait très froid aujourd'hui.", "il is no one: it"),
    Example("les ordinateurs apprennent les langues", "unfinished, lower case, no full stop"),
)

EXAMPLES: dict[str, tuple[Example, ...]] = {DEFAULT_MODEL: FRENCH}

READS: dict[str, str] = {DEFAULT_MODEL: "everyday French sentences"}


def examples_for(name: str) -> tuple[Example, ...]:
    """A model's own examples; none for one that Regard does not ship."""
    return EXAMPLES.get(name.partition("@")[0], ())
