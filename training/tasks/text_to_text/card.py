"""The card of t5-fr-en."""

from collections.abc import Iterable
from pathlib import Path

from training.recipe import Recipe
from training.tasks.model_card import cell
from training.tasks.text_to_text.evaluation import TextToTextMeasured
from training.tasks.text_to_text.task import FILL_SHARE, PREFIX, SENTINELS
from training.tasks.translation.card import FORM_ROWS

TEMPLATE = Path(__file__).with_name("card.md")


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of a Markdown table."""
    return "\n".join("| " + " | ".join(cell(text) for text in row) + " |" for row in rows)


def text_to_text_card(name: str, recipe: Recipe, run: Path, parameters: int) -> str:
    """The card in Markdown, but for the section about heads. `parameters` counts the numbers a training step changes."""
    c, measured = recipe.config, TextToTextMeasured.read(run / "evaluation.json")
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=name,
        prefix=PREFIX,
        sentinel=SENTINELS[0],
        sentinels=len(SENTINELS),
        encoder=c.encoder_layers,
        decoder=c.decoder_layers,
        d_model=c.d_model,
        heads=c.n_heads,
        d_head=c.d_head,
        d_ff=c.d_ff,
        buckets=c.relative_buckets,
        vocab=f"{c.vocab_size:,}",
        parameters=parameters / 1e6,
        train_pairs=measured.train_pairs,
        lexicon_pairs=measured.lexicon_pairs,
        copies=recipe.lexicon_copies,
        fill=FILL_SHARE,
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
        signature=measured.scores["as is"].signature,
        pairs=measured.scores["as is"].pairs,
        rows=table((row, f"{measured.scores[form].bleu:.1f}") for form, row in FORM_ROWS.items()),
        demonstrations=table((d.french, d.english) for d in measured.demonstrations),
        every=measured.examples_every,
        examples=table((e.french, e.english, e.reference) for e in measured.examples),
        blanks=measured.blanks,
        filled=measured.filled_exactly,
        formed=measured.well_formed,
        fillings=table((code(f.text), " / ".join(f.held), " / ".join(f.put)) for f in measured.fillings),
    )


def code(text: str) -> str:
    """A text in which sentinels stand as they are typed: in Markdown they would be taken for HTML."""
    return f"`{text}`"
