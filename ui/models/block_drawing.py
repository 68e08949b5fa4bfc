"""The drawing of one layer of a model, from its config."""

import plotly.graph_objects as go

from model.config import TransformerConfig
from ui.figures import theme
from ui.models.facts import Stack, block_plan
from viz.architecture import block_drawing
from viz.recurrent import recurrent_drawing

READ_UPWARDS = "Drawn from the config. Read it from the bottom up: the line on the left is the stream of vectors."
READ_AS_LAYER = "Drawn from the config. Read it from the bottom up: a token's vector enters, the layer's answer leaves."


def stacks_of(config: TransformerConfig) -> list[Stack]:
    """The stacks that can be drawn."""
    both: tuple[Stack, ...] = ("encoder", "decoder")
    return [stack for stack in both if config.layers(stack)]


def block_figure(config: TransformerConfig, stack: Stack) -> tuple[go.Figure, str, str]:
    """(drawing, what it is called, how to read it) of a stack's block, or of a recurrent layer."""
    if config.recurrence != "none":
        tied = config.tied if config.head != "none" else None
        sizes = config.decoder_layers, config.d_model, config.vocab_size
        return recurrent_drawing(*sizes, tied=tied, theme=theme.current()), "LSTM layer", READ_AS_LAYER
    plan = block_plan(config, stack)
    return block_drawing(plan, theme=theme.current()), plan.title, READ_UPWARDS
