"""The card of a model that predicts masked words and the order of two texts."""

from pathlib import Path

from training.recipe import Recipe
from training.tasks.masked_lm.evaluation import HIDDEN_SHARE, HiddenWord, MaskedLmResults
from training.tasks.masked_lm.sentence_pairs import HALVES_SHARE, JOINED_SHARE, SIZE_SHARES
from training.tasks.masked_lm.task import ANYWHERE_EPOCH, LEAST_HIDDEN, MOST_HIDDEN, ORDER_WEIGHT, WINDOWS
from training.tasks.model_card import fill, table
from training.tasks.results import EVALUATION

TEMPLATE = Path(__file__).with_name("card.md")


def masked_lm_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, without the section about heads. `parameters` is the number of trained weights."""
    results = MaskedLmResults.read(run / EVALUATION)
    single, double, triple = SIZE_SHARES
    words = (("all pieces", results.pieces), ("whole words", results.words))
    own = {
        "single": single,
        "double": double,
        "triple": triple,
        "neighbour_epochs": ANYWHERE_EPOCH,
        "order_weight": ORDER_WEIGHT,
        "halves": HALVES_SHARE,
        "joined": JOINED_SHARE,
        "least": LEAST_HIDDEN,
        "most": MOST_HIDDEN,
        "left_to_right": WINDOWS[0][0],
        "narrowest": WINDOWS[0][1] - 1,
        "widened": WINDOWS[-1][0],
        "hidden_share": HIDDEN_SHARE,
        "word_rows": table(
            (what, f"{s.hidden:,}", f"{s.first:.1%}", f"{s.among_five:.1%}", f"{s.by_count:.1%}") for what, s in words
        ),
        "order_rows": table((kind, f"{s.pairs:,}", f"{s.right:.1%}") for kind, s in results.order.items()),
        "examples": table(example_row(example) for example in results.examples),
    }
    return fill(TEMPLATE, name, recipe, results, parameters, own)


def example_row(e: HiddenWord) -> tuple[str, ...]:
    """The cells of one pair."""
    order = f"{'swapped' if e.swapped else 'in order'} ({e.said_swapped:.2f})"
    return e.a, e.b, e.word, ", ".join(e.guesses), order
