"""The card of a model that guesses hidden words."""

from pathlib import Path

from training.recipe import OPTIMIZERS, Recipe
from training.tasks.masked_lm.evaluation import HIDDEN_SHARE, Guessed, Hidden, MaskingMeasured
from training.tasks.masked_lm.sentence_pairs import HALVES_SHARE, JOINED_SHARE, SIZE_SHARES
from training.tasks.masked_lm.task import ANYWHERE_EPOCH, LEAST_HIDDEN, MOST_HIDDEN, ORDER_WEIGHT, WINDOWS
from training.tasks.model_card import cell

TEMPLATE = Path(__file__).with_name("card.md")


def masking_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, but for the section about heads. `parameters` counts the numbers a training step changes."""
    c, measured = recipe.config, MaskingMeasured.read(run / "evaluation.json")
    single, double, triple = SIZE_SHARES
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=name,
        layers=c.encoder_layers,
        d_model=c.d_model,
        heads=c.n_heads,
        d_head=c.d_head,
        d_ff=c.d_ff,
        positions=c.max_positions,
        vocab=c.vocab_size,
        parameters=parameters / 1e6,
        train_stories=measured.train_stories,
        single=single,
        double=double,
        triple=triple,
        neighbour_epochs=ANYWHERE_EPOCH,
        order_weight=ORDER_WEIGHT,
        halves=HALVES_SHARE,
        joined=JOINED_SHARE,
        least=LEAST_HIDDEN,
        most=MOST_HIDDEN,
        steps=measured.step,
        batch_tokens=recipe.batch_tokens,
        epochs=measured.epochs,
        hours=measured.seconds / 3600,
        left_to_right=WINDOWS[0][0],
        narrowest=WINDOWS[0][1] - 1,
        widened=WINDOWS[-1][0],
        optimizer=OPTIMIZERS[recipe.optimizer],
        rate=recipe.peak_rate,
        warmup=recipe.warmup_steps,
        decay=recipe.weight_decay,
        clip=recipe.clip_norm,
        ema=recipe.ema_decay,
        seed=recipe.seed,
        test_stories=measured.test_stories,
        hidden_share=HIDDEN_SHARE,
        word_rows="\n".join([word_row("all pieces", measured.pieces), word_row("whole words", measured.words)]),
        order_rows="\n".join(f"| {kind} | {o.pairs:,} | {o.right:.1%} |" for kind, o in measured.order.items()),
        every=measured.examples_every,
        examples="\n".join(example_row(example) for example in measured.examples),
    )


def word_row(name: str, found: Guessed) -> str:
    """What was guessed, as a row."""
    return f"| {name} | {found.hidden:,} | {found.first:.1%} | {found.among_five:.1%} | {found.by_count:.1%} |"


def example_row(e: Hidden) -> str:
    """One pair as a row."""
    order = f"{'swapped' if e.swapped else 'in order'} ({e.said_swapped:.2f})"
    return "| " + " | ".join(cell(text) for text in (e.a, e.b, e.word, ", ".join(e.guesses), order)) + " |"
