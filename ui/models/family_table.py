"""How the families differ: a table of them, and the blocks of any two beside each other."""

import streamlit as st

from model.families import FAMILIES
from model.language_model import LanguageModel
from ui.figures import markdown, tables
from ui.figures.tables import Cell
from ui.models import block_drawing
from ui.models.facts import ACTIVATIONS, NORMS, ORDERS, ORDERS_MEANING, POSITIONS, POSITIONS_MEANING, Stack, biases
from ui.models.families import EXAMPLES, example_config
from ui.models.page import draw_heading
from ui.runs import model_pool
from ui.state import address


def draw_families() -> None:
    """Draws the table of families, a line each, read from a published model's config by the reader that loads it."""
    draw_heading(
        "How the families differ", "Each line is what Regard reads from the config.json of the model named last."
    )
    heads = [
        Cell("Family"),
        Cell("Kind", "Which stacks it has: one that reads (encoder), one that writes (decoder), or both."),
        Cell("Positions", "How the model is told which token stands where."),
        Cell("Norm", "Which norm keeps vectors at a length, and where it stands in a block."),
        Cell("Heads / key heads", "Attention patterns a layer, and how many sets of keys and values they share."),
        Cell("Feed-forward", "What bends the widened vector, and how wide it gets against d_model."),
        Cell("Biases", "Which linear maps add a learned vector."),
        Cell("Tied", "Whether the output uses the embedding's table."),
        Cell("Read from"),
    ]
    tables.table(
        heads,
        [family_row(name) for name in FAMILIES if name in EXAMPLES],
        label="How the families differ",
        narrow="fit",
    )


def draw_two_families(lm: LanguageModel) -> None:
    """Draws the blocks of two families beside each other, from the same configs as the table."""
    draw_heading("Two blocks side by side", block_drawing.READ_UPWARDS)
    names = list(EXAMPLES)
    own = lm.family if lm.family in EXAMPLES else names[0]
    firsts = (own, next(name for name in ("llama", "bert") if name != own))
    for i, (column, first) in enumerate(zip(st.columns(2, gap="medium"), firsts, strict=True)):
        key = f"family_{i}"
        with column:
            address.keep_among(key, names, first)
            name = st.selectbox("Family", names, key=key, format_func=family_title)
            address.link(key, name or first, first)
            config = example_config(name or first)
            stack: Stack = "decoder" if config.decoder_layers else "encoder"
            st.caption(markdown.plain(EXAMPLES[name or first].source))
            block_drawing.draw_block(config, stack, key=f"drawn_{i}", filename=f"{name or first}-{stack}-block")


def family_title(name: str) -> str:
    """A family's title; of two families with the same title the second says what differs."""
    return FAMILIES[name].title + (" (with pictures)" if name == "gemma3" else "")


def family_row(name: str) -> list[Cell]:
    """The line of a family in the table."""
    c = example_config(name)
    window = f", window {c.window:,}" if c.window else ""
    extra = " + q, k" if c.qk_norm else ""
    shape = f"{ACTIVATIONS[c.activation]}{', gated' if c.gated else ''}, × {c.d_ff / c.d_model:.3g}"
    return [
        Cell(family_title(name), f"model_type {name}"),
        Cell(model_pool.KINDS[c.kind]),
        Cell(POSITIONS[c.positions] + window, POSITIONS_MEANING[c.positions]),
        Cell(f"{NORMS[c.norm]}, {ORDERS[c.order]}{extra}", ORDERS_MEANING[c.order]),
        Cell(f"{c.n_heads} / {c.kv_heads}"),
        Cell(shape),
        Cell(biases(c)),
        Cell("yes" if c.tied else "no"),
        Cell(EXAMPLES[name].source, quiet=True),
    ]
