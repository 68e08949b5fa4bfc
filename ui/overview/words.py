"""The words of the overview: what a piece, a dot or a special token is, and what each figure shows."""

from model.config import TransformerConfig
from model.tokenizers.visible import SPACE
from ui.figures import markdown
from ui.runs.store import Run
from ui.shell.masks import predicted_at
from viz.percent import format_percent

POSITIONS = {
    "sinusoidal": "A fixed wave for each position is added, so that equal words in different places differ.",
    "learned": "A learned vector for each position is added, so that equal words in different places differ.",
    "rotary": "Nothing is added here: queries and keys will be turned by their position inside attention.",
    "alibi": "Nothing is added here: attention will be lowered with distance.",
    "relative": "Nothing is added here: attention gets a learned bias for each distance.",
    "none": "This model knows no positions.",
}
VECTORS = (
    "A row a token, a column for each of the numbers of its vector: orange above zero, blue below, the paler the nearer to zero. "
    "The exact number is shown where the pointer is."
)
HELP = {
    "pieces": "A piece is an entry of the model's vocabulary; a piece as it stands in a text is called a token. The number below "
    "each is its id, its line in the vocabulary: all that the model is given.",
    "embedding": f"{VECTORS} The vector is looked up by the id alone, so equal tokens have equal rows.",
    "position": f"{VECTORS} This is what enters layer 0.",
    "output": f"{VECTORS} This is what leaves the last layer.",
    "attention": "A row a query, the token that attends; a column a key, the token attended to. The darker the cell, the larger "
    "the weight; each row adds up to 100%. The mean of the heads hides what each does: the link opens one.",
    "norms": "A column a token, a row a place on its way through the layers. L2 norm: the square root of the sum of the squares of "
    "a vector's numbers. The colours are logarithmic where one vector is far longer than the others.",
    "logits": "Left the logits, right what the softmax makes of them, for the most probable pieces: e to the power of the logit, "
    "divided by the sum of that over the whole vocabulary.",
    "written": "Each token written, with the probability that the model gave it.",
}
"""The help of each figure, by what it shows."""
QKV = "Each token has three vectors: a query that asks, a key that queries are compared with, and a value that is handed over."


def about_labels(run: Run) -> str:
    """What is not plain text in the labels of this text: the dot, special tokens, single bytes. Safe where markup is read."""
    said = []
    if any(token.label.startswith(SPACE) for token in run.source):
        said.append(f"The dot {SPACE} is the space before a word.")
    special = list(dict.fromkeys(token.label for token in run.source if token.special))
    if special:
        names = ", ".join(markdown.plain(name) for name in special)
        said.append(f"{names}: {'a special token' if len(special) == 1 else 'special tokens'}, which no one typed"
                    f"{end_of(run, special)}.")  # fmt: skip
    tokenizer = run.lm.tokenizer
    part = next((token for token in run.source if tokenizer is not None and tokenizer.is_partial(token.id)), None)
    if part is not None:
        said.append(f"{markdown.plain(part.label)} is a part of a character, byte by byte in hexadecimal.")
    return " ".join(said)


def end_of(run: Run, special: list[str]) -> str:
    """Which of the special tokens ends the text, where there is one that does."""
    last = run.source[-1]
    if not last.special:
        return ""
    return "; it marks the end" if len(special) == 1 else f"; {markdown.plain(last.label)} marks the end"


def scaled(config: TransformerConfig) -> str:
    """Why an embedding is multiplied by a number."""
    if config.embed_scale == 1:
        return ""
    root = f" (the root of {config.d_model})" if abs(config.embed_scale**2 - config.d_model) < 0.01 else ""
    return f", multiplied by {config.embed_scale:g}{root} so that it is not drowned by what is added to it"


def at_one_place(run: Run) -> str:
    """A sentence about the position at which an encoder's prediction is shown."""
    place = predicted_at(run)
    return (
        "Each vector is compared with every piece of the vocabulary (logits); softmax makes the scores into shares. Here at "
        f"position {place}, counted from 0: “{markdown.plain(run.source[place].label)}”. Mask a token on the Logits page to see it "
        "guessed."
    )


def first_token(run: Run) -> str:
    """A sentence about the first token written."""
    text = (
        "The last vector is compared with every piece of the vocabulary (logits); softmax makes the scores into shares."
    )
    if not run.steps:
        return text
    token = run.steps[0].token
    share = format_percent(float(run.steps[0].probabilities[token.id]))
    return f"{text} First to be written: “{markdown.plain(token.label)}” with {share}."


def in_blocks(run: Run, most: int) -> str:
    """A note for a text of more tokens than a figure has cells."""
    longest = max(len(run.trace.tokens(stack)) for stack in run.stacks)
    if longest <= most:
        return ""
    return (
        f"{longest:,} tokens are more than a figure has cells: each cell below stands for a block of tokens and shows its largest "
        "value. What is exported holds every number."
    )
