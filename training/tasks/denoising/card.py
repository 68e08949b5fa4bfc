"""The card of a model that restores sentences."""

from pathlib import Path

from training.recipe import Recipe
from training.tasks.denoising.corruption import FEWEST_WORDS, SHARES
from training.tasks.denoising.evaluation import DenoisingMeasured, Restored
from training.tasks.denoising.task import LONG_SHARE
from training.tasks.model_card import cell

TEMPLATE = Path(__file__).with_name("card.md")
NAMES = {
    "swapped": "two words swapped",
    "rotated": "three words rotated",
    "masked word": "one word masked",
    "masked words": "two words masked",
}


def denoising_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, but for the section about heads. `parameters` counts the numbers a training step changes."""
    c, measured = recipe.config, DenoisingMeasured.read(run / "evaluation.json")
    swapped, rotated, masked, masked_two = SHARES
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=name,
        encoder=c.encoder_layers,
        decoder=c.decoder_layers,
        d_model=c.d_model,
        heads=c.n_heads,
        d_head=c.d_head,
        d_ff=c.d_ff,
        positions=c.max_positions,
        vocab=c.vocab_size,
        parameters=parameters / 1e6,
        train_stories=measured.train_stories,
        swapped=swapped,
        rotated=rotated,
        masked=masked,
        masked_two=masked_two,
        fewest=FEWEST_WORDS,
        long=LONG_SHARE,
        steps=measured.step,
        batch_tokens=recipe.batch_tokens,
        epochs=measured.epochs,
        hours=measured.seconds / 3600,
        rate=recipe.peak_rate,
        warmup=recipe.warmup_steps,
        decay=recipe.weight_decay,
        clip=recipe.clip_norm,
        ema=recipe.ema_decay,
        seed=recipe.seed,
        sentences=measured.overall.sentences,
        test_stories=measured.test_stories,
        rows="\n".join(
            [
                row("**all**", measured.overall),
                *(row(NAMES[kind], figures) for kind, figures in measured.by_kind.items()),
            ]
        ),
        untouched=measured.untouched,
        every=measured.examples_every,
        examples="\n".join(
            f"| {cell(e.corrupted)} | {cell(e.restored)} | {cell(e.original)} |" for e in measured.examples
        ),
    )


def row(name: str, r: Restored) -> str:
    """One kind's figures."""
    return f"| {name} | {r.sentences:,} | {r.exact:.1%} | {r.pieces:.1%} | {r.copied:.1%} |"
