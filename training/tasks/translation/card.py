"""The model card: a shipped folder's README.md, filled from what was measured."""

from pathlib import Path

from training.recipe import Recipe
from training.tasks.model_card import cell
from training.tasks.translation.evaluation import Measured

# Keys are the forms of training.data.typing_variants, values how the card names them.
FORM_ROWS = {
    "as is": "as written",
    "no final punctuation": "without final punctuation",
    "lower case": "in lower case",
    "both": "in lower case, without final punctuation",
}

TEMPLATE = Path(__file__).with_name("card.md")


def card(name: str, recipe: Recipe, measured: Measured, parameters: int) -> str:
    """The card in Markdown. `parameters` counts the numbers a training step changes."""
    c = recipe.config
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=name,
        encoder=c.encoder_layers,
        decoder=c.decoder_layers,
        d_model=c.d_model,
        heads=c.n_heads,
        d_head=c.d_head,
        d_ff=f"{c.d_ff:,}",
        positions=f"{c.max_positions:,}",
        vocab=f"{c.vocab_size:,}",
        parameters=parameters / 1e6,
        train_pairs=measured.train_pairs,
        lexicon_pairs=measured.lexicon_pairs,
        copies=recipe.lexicon_copies,
        steps=measured.step,
        batch_tokens=recipe.batch_tokens,
        epochs=measured.epochs,
        hours=measured.seconds / 3600,
        rate=recipe.peak_rate,
        warmup=recipe.warmup_steps,
        smoothing=recipe.label_smoothing,
        dropout=recipe.embedding_dropout,
        clip=recipe.clip_norm,
        ema=recipe.ema_decay,
        seed=recipe.seed,
        module=name.replace("-", "_"),
        signature=measured.scores["as is"].signature,
        pairs=measured.scores["as is"].pairs,
        rows="\n".join(f"| {row} | {measured.scores[form].bleu:.1f} |" for form, row in FORM_ROWS.items()),
        lexicon_held_out=measured.lexicon.pairs,
        lexicon_bleu=f"{measured.lexicon.bleu:.0f}",
        demonstrations="\n".join(f"| {cell(d.french)} | {cell(d.english)} |" for d in measured.demonstrations),
        every=measured.examples_every,
        examples="\n".join(
            f"| {cell(e.french)} | {cell(e.english)} | {cell(e.reference)} |" for e in measured.examples
        ),
    )
