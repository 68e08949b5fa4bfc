"""The example texts of each model."""

from dataclasses import dataclass

DEFAULT_MODEL = "transformer-fr-en"


@dataclass(frozen=True)
class Example:
    text: str
    shows: str  # what to watch in it
    pair: str = ""  # the second sentence, for a model that reads two


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

TEXT_TO_TEXT = (
    Example("translate French to English: Je adore l'apprentissage automatique", "the task is told by the text itself"),
    Example("translate French to English: Le chat noir dort sur le canapé rouge.", "adjectives change places"),
    Example("I <extra_id_0> machine learning.", "a blank: the answer names it, then fills it"),
    Example("Do you <extra_id_0> to go to the <extra_id_1> with me?", "two blanks"),
    Example("Je ne <extra_id_0> pas où elle habite.", "a blank in French"),
)

STORIES = (
    Example("Once upon a time, there was a little girl named", "which name, and does the story keep it?"),
    Example(
        "Once upon a time, there was a little girl named Lily. One day, Lily",
        "the name came before: who looks back at it?",
    ),
    Example(
        "Tom and Sam went to the park. Tom saw a red ball. Tom and", "induction: what followed “Tom and” the last time?"
    ),
    Example("The cat sat on the mat. The dog sat on the", "a pattern begun twice"),
    Example('"I am sorry," said the bear. "I did not mean to', "speech, and how it ends"),
    Example("One day, a boy named Tim found a big box. He wanted to open it, but his mom said", "who is he?"),
)

HIDDEN_WORDS = (
    Example("Once upon a time, there was a little [MASK] named Lily.", "a word hidden in an opening every story has"),
    Example("Tom was sad because he lost his toy. His mom gave him a big [MASK].", "the sentence before tells which"),
    Example(
        "Lily saw a cat. The [MASK] was black and very small.", "the hidden word stands earlier: which head finds it?"
    ),
    Example("The sun was [MASK] and the sky was blue.", "guessed from both sides at once"),
    Example(
        "One day, Ben saw a big cat in the park.",
        "and a second sentence: in order, or swapped?",
        pair="The cat ran up a tree and Ben laughed.",
    ),
    Example("Ben and Mia went to the park. They played with a red ball.", "nothing hidden: hide a word yourself"),
)

CORRUPTED = (
    Example("The little dog ran the in park.", "two words swapped: watch cross-attention cross over"),
    Example("Once upon a time, there was a <mask> girl named Lily.", "one word masked"),
    Example("Tim wanted play to with his new ball.", "word order is put right, every word copied"),
    Example("She put the toys <mask> box and went home.", "one mask for two words: the answer is longer than the text"),
    Example("They very were all happy and played all day.", "three words rotated"),
    Example("The sun was shining and the sky was blue.", "nothing to restore: does it leave well alone?"),
)

EXAMPLES: dict[str, tuple[Example, ...]] = {
    DEFAULT_MODEL: FRENCH,
    "t5-fr-en": TEXT_TO_TEXT,
    "bart-denoise": CORRUPTED,
    "bert-stories": HIDDEN_WORDS,
    "gpt-stories": STORIES,
    "bloom-stories": STORIES,
    "llama-stories": STORIES,
    "palm-stories": STORIES,
    "jurassic-stories": STORIES,
    "lstm-stories": STORIES,
}

CHILDRENS_STORIES = "short English stories for small children"
READS: dict[str, str] = {
    DEFAULT_MODEL: "everyday French sentences",
    "t5-fr-en": "everyday French and English sentences",
    "bart-denoise": "sentences of children's stories, words swapped or masked",
    "bert-stories": CHILDRENS_STORIES,
    "gpt-stories": CHILDRENS_STORIES,
    "bloom-stories": CHILDRENS_STORIES,
    "llama-stories": CHILDRENS_STORIES,
    "palm-stories": CHILDRENS_STORIES,
    "jurassic-stories": CHILDRENS_STORIES,
    "lstm-stories": CHILDRENS_STORIES,
}


def examples_for(name: str) -> tuple[Example, ...]:
    """A model's own examples; none for one that Regard does not ship."""
    return EXAMPLES.get(name.partition("@")[0], ())
