"""Prompts and answers to begin with, by model, each tested on the model; and what the small models cannot do."""

from dataclasses import dataclass
from typing import Literal

from ui.prompting.draft import Draft, Fields
from ui.runs.examples import DEFAULT_MODEL


@dataclass(frozen=True)
class Claim:
    """Something a preset's text says about the model, which a test checks; prompts count from 0.

    "wins": this answer is the most probable under the prompt. "loses": another is. "rises": its share among the answers
    is larger under the prompt than under `than`. "falls": its probability is smaller.
    """

    answer: str
    says: Literal["wins", "loses", "rises", "falls"] = "wins"
    prompt: int = 0
    than: int = 0


@dataclass(frozen=True)
class Preset:
    """A text for the text box, prompts and answers, and what to look for."""

    name: str
    shows: str
    input: str
    answers: tuple[str, ...]
    prompts: tuple[Fields, ...]
    claims: tuple[Claim, ...]

    @property
    def draft(self) -> Draft:
        return Draft(self.prompts, "\n".join(self.answers))


PLAIN = Fields()
ENGLISH = "Translate French to English:"

TRANSLATING = (
    Preset(
        "A translation and two wrong ones",
        "told what it does anyway, it reads the instruction as French to be translated",
        "Le chat noir dort sur le canapé rouge.",
        (
            "The black cat sleeps on the red couch.",
            "The red cat sleeps on the black couch.",
            "The black dog sleeps on the red couch.",
        ),
        (PLAIN, Fields(ENGLISH)),
        (Claim("The black cat sleeps on the red couch."), Claim("The black cat sleeps on the red couch.", "falls", 1)),
    ),
    Preset(
        "An example before it",
        "it learns nothing from the example and mixes it into its answer",
        "Elle a un chien.",
        ("She has a dog.", "She has a cat."),
        (PLAIN, Fields("", "J'ai un chat. = I have a cat.")),
        (Claim("She has a dog."), Claim("She has a dog.", "falls", 1), Claim("She has a cat.", "wins", 1)),
    ),
    Preset(
        "lui: him or her?",
        "French does not say; the model has a preference all the same",
        "Elle lui a donné un livre hier.",
        ("She gave him a book yesterday.", "She gave her a book yesterday."),
        (PLAIN,),
        (Claim("She gave him a book yesterday."),),
    ),
)

TOLD_BY_TEXT = (
    Preset(
        "Translate, with and without being told to",
        "here the instruction was part of the training, and it is what makes the answer a translation",
        "Le chat noir dort sur le canapé rouge.",
        ("The black cat sleeps on the red couch.", "The black dog sleeps on the red couch."),
        (PLAIN, Fields("translate French to English:"), Fields("Please put this into English:")),
        (
            Claim("The black cat sleeps on the red couch.", "wins", 1),
            Claim("The black cat sleeps on the red couch.", "falls", 0, 1),
        ),
    ),
    Preset(
        "Fill a blank",
        "the other task it knows; the blank itself is the instruction",
        "I <extra_id_0> machine learning.",
        ("<extra_id_0> love <extra_id_1>", "<extra_id_0> chair <extra_id_1>"),
        (PLAIN, Fields("translate French to English:")),
        (Claim("<extra_id_0> love <extra_id_1>"), Claim("<extra_id_0> love <extra_id_1>", "falls", 1)),
    ),
)

HUG = "Tom was sad because he lost his toy. His mom gave him a big"
CONTINUING = (
    Preset(
        "Choose between two endings",
        "the ending that makes sense wins, and still does where the instruction asks for the other",
        HUG,
        ("hug", "rock"),
        (PLAIN, Fields("Finish the story with a word that makes no sense.")),
        (Claim("hug"), Claim("hug", "wins", 1)),
    ),
    Preset(
        "Zero, one and three examples",
        "examples work as a pattern to repeat",
        "Ben was",
        ("happy", "sad"),
        (PLAIN, Fields("", "Tom was sad."), Fields("", "Tom was sad.\nMia was sad.\nSam was sad.")),
        (Claim("sad", "rises", 2), Claim("sad", "wins", 2)),
    ),
    Preset(
        "Continue an opening",
        "a name for a girl; the instruction is one more sentence of a story",
        "Once upon a time, there was a little girl named",
        ("Lily", "Tom"),
        (PLAIN, Fields("Call her Tom.")),
        (Claim("Lily"), Claim("Lily", "wins", 1)),
    ),
    Preset(
        "Opposites: a task it cannot do",
        "two examples make the task plain to a person; the right answer, cold, does not win",
        "The opposite of hot is",
        ("cold", "big", "not", "a"),
        (PLAIN, Fields("", "The opposite of big is small.\nThe opposite of up is down.")),
        (Claim("cold", "loses"), Claim("cold", "loses", 1)),
    ),
)

# Phrases are pieces here, and a prompt that ends inside one hides it: after "little girl named" Lily is no likelier than Tom.
CONTINUING_PHRASES = (
    Preset(
        "Choose between two endings",
        "the ending that makes sense wins, and still does where the instruction asks for the other",
        "Tom was sad because he lost his toy. His mom gave him",
        ("a big hug", "a big rock"),
        (PLAIN, Fields("Finish the story with a word that makes no sense.")),
        (Claim("a big hug"), Claim("a big hug", "wins", 1)),
    ),
    CONTINUING[1],
    Preset(
        "Continue an opening",
        "it ends where a piece ends: “little girl named Lily” is one piece, and ending inside it hides the name",
        "Once upon a time, there was a little",
        ("girl named Lily", "girl named Tom"),
        (PLAIN, Fields("Call her Tom.")),
        (Claim("girl named Lily"), Claim("girl named Lily", "wins", 1)),
    ),
    CONTINUING[3],
)

FILLING = (
    Preset(
        "Fill a hidden word",
        "the word that fits wins; an instruction it never saw changes little",
        f"{HUG} [MASK].",
        ("hug", "smile", "rainbow"),
        (PLAIN, Fields("Write a word that makes no sense:")),
        (Claim("hug"), Claim("hug", "wins", 1)),
    ),
    Preset(
        "A sentence before it",
        "it reads to both sides: what stands before the input is used",
        "He played with the [MASK] all day.",
        ("ball", "cake"),
        (PLAIN, Fields("", "Tom had a red ball.")),
        (Claim("ball"), Claim("ball", "rises", 1)),
    ),
    Preset(
        "Being told the answer",
        "it moves a little towards the word, because the word stands there, and does not obey",
        "Once upon a time, there was a little [MASK] named Lily.",
        ("girl", "boy"),
        (PLAIN, Fields("The answer is boy.")),
        (Claim("girl"), Claim("girl", "wins", 1), Claim("boy", "rises", 1)),
    ),
)

RESTORING = (
    Preset(
        "Put words in order",
        "it restores all that it reads: told what to do, it expects the instruction in the answer too",
        "The little dog ran the in park.",
        ("The little dog ran in the park.", "The little dog ran the in park."),
        (PLAIN, Fields("Put the words in order:")),
        (Claim("The little dog ran in the park."), Claim("The little dog ran in the park.", "falls", 1)),
    ),
    Preset(
        "Fill a masked word",
        "the mask says what is wanted",
        "Once upon a time, there was a <mask> girl named Lily.",
        ("Once upon a time, there was a little girl named Lily.", "Once upon a time, there was a big girl named Lily."),
        (PLAIN, Fields("Fill in the gap:")),
        (
            Claim("Once upon a time, there was a little girl named Lily."),
            Claim("Once upon a time, there was a little girl named Lily.", "falls", 1),
        ),
    ),
)

PRESETS: dict[str, tuple[Preset, ...]] = {
    DEFAULT_MODEL: TRANSLATING,
    "t5-fr-en": TOLD_BY_TEXT,
    "bart-denoise": RESTORING,
    "bert-stories": FILLING,
    "gpt-stories": CONTINUING,
    "bloom-stories": CONTINUING,
    "llama-stories": CONTINUING,
    "palm-stories": CONTINUING,
    "jurassic-stories": CONTINUING_PHRASES,
    "lstm-stories": CONTINUING,
}

STORY_LIMITS = (
    "It was trained to continue short stories for children and nothing else. It follows no instruction: one is read as a "
    "sentence of the story. It learns no task from examples: it repeats what they have in common. It knows no facts beyond "
    "such stories, and cannot calculate."
)
LIMITS: dict[str, str] = {
    DEFAULT_MODEL: "It was trained on pairs of sentences and nothing else: whatever it reads is French to be translated, an "
    "instruction or an example too. It cannot be told to do another task, and learns nothing from examples.",
    "t5-fr-en": "It was trained on two tasks, translating after the words “translate French to English: ” and filling blanks. "
    "These words, exactly, are its only instruction; any other is read as part of the text. It learns nothing from examples.",
    "bart-denoise": "It was trained to write its text again with the words in order and the masks filled, and nothing else: an "
    "instruction or an example is more text to be written again.",
    "bert-stories": "It was trained to guess hidden words of children's stories and nothing else. An instruction is one more "
    "sentence beside the gap: the words in it count, what it asks for does not. It knows no facts beyond such stories.",
    **dict.fromkeys([name for name, presets in PRESETS.items() if presets is CONTINUING], STORY_LIMITS),
    "jurassic-stories": f"{STORY_LIMITS} Its pieces are phrases: a prompt that ends inside one hides what the phrase goes on with.",
}

INSTRUCTIONS: dict[str, str] = {
    DEFAULT_MODEL: ENGLISH,
    "t5-fr-en": "Please put this into English:",  # its own prefix stands in its examples already
    "bart-denoise": "Put the words in order:",
    "bert-stories": "Fill in the missing word:",
}
CONTINUE = "Continue the story:"


def presets_for(name: str) -> tuple[Preset, ...]:
    """A model's own presets; none for one that Regard does not ship."""
    return PRESETS.get(name.partition("@")[0], ())


def limits_of(name: str) -> str:
    """What a shipped model cannot do; empty for any other model."""
    return LIMITS.get(name.partition("@")[0], "")


def first_draft(name: str) -> Draft:
    """The draft of a first visit: the input alone, and the input after an instruction."""
    return Draft((PLAIN, Fields(INSTRUCTIONS.get(name.partition("@")[0], CONTINUE))))
