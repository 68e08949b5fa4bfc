"""The drawing of one block of a model, from its config."""

import plotly.graph_objects as go

from model.config import TransformerConfig
from ui import figures
from ui.figures import theme
from ui.models.facts import Stack, block_plan, facts
from viz.architecture import block_drawing
from viz.export import table_csv
from viz.recurrent import recurrent_drawing

READ_UPWARDS = "Drawn from the config. Read it from the bottom up: the line on the left is the stream of vectors."
READ_AS_LAYER = "Drawn from the config. Read it from the bottom up: a token's vector enters, the layer's answer leaves."


def stacks_of(config: TransformerConfig) -> list[Stack]:
    """The stacks the model has."""
    both: tuple[Stack, ...] = ("encoder", "decoder")
    return [stack for stack in both if config.layers(stack)]


def block_figure(config: TransformerConfig, stack: Stack) -> tuple[go.Figure, str, str]:
    """(drawing, title, how to read it) of a stack's block, or of a recurrent layer."""
    if config.recurrence != "none":
        tied = config.tied if config.head != "none" else None
        sizes = config.decoder_layers, config.d_model, config.vocab_size
        return recurrent_drawing(*sizes, tied=tied, theme=theme.current()), "LSTM layer", READ_AS_LAYER
    plan = block_plan(config, stack)
    return block_drawing(plan, theme=theme.current()), plan.title, READ_UPWARDS


def draw_block(config: TransformerConfig, stack: Stack, *, key: str, filename: str, of: str = "") -> None:
    """Draws a stack's block, or a recurrent layer; its CSV holds the config as terms and values.

    `of` is Markdown put before the heading.
    """
    fig, title, explained = block_figure(config, stack)
    terms = facts(config)
    figures.place(
        fig,
        key=key,
        heading=f"{of}{title}",
        explained=explained,
        filename=filename,
        csv=lambda: table_csv({"term": [fact.term for fact in terms], "value": [fact.value for fact in terms]}),
    )
