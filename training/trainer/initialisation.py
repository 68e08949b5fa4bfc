"""Fresh weights."""

import math

import torch
from torch import nn

from model.block import Dropout
from model.network import Network
from model.positions import sinusoids
from model.recurrent import Recurrent
from model.transformer import Transformer
from training.recipe import Recipe

NORMED = 0.02  # where a norm lifts embeddings to unit size (Devlin et al. 2019)
SMALL = 0.04  # where none does: about sqrt(2 / (5 d_model)) (Nguyen and Salazar 2019)
LOWERED = 0.25  # where logits are scaled down: from 1, every token would long predict itself


def build(recipe: Recipe) -> Network:
    """A network of the recipe's kind with fresh weights; the seed alone decides them."""
    return build_transformer(recipe) if recipe.config.recurrence == "none" else build_recurrent(recipe)


def build_transformer(recipe: Recipe) -> Transformer:
    """A network with fresh weights: Xavier for linear maps, embeddings of unit size once they are scaled, or of a quarter of it.

    Before a norm comes first in a block, what a sublayer adds starts small, by 1 / sqrt(2 layers) (Radford et al. 2019).
    Maps start small too where the embeddings do and no norm lifts them: else what they add would drown the token itself.
    Where q.k is not scaled (T5), queries start small enough that it need not be. Learned positions start as sinusoids there, in
    which neighbours are alike: from noise, a small corpus spends its first epoch finding out which token is the one before.
    """
    torch.manual_seed(recipe.seed)
    c = recipe.config
    net = Transformer(c, dropout=Dropout(recipe.embedding_dropout, recipe.sublayer_dropout))
    small = embedding_size(recipe) == SMALL
    added = 1.0 if c.order == "post" else (2 * max(c.encoder_layers, c.decoder_layers)) ** -0.5
    for name, p in net.named_parameters():
        if p is net.tokens.weight:
            nn.init.normal_(p, std=embedding_size(recipe))
        elif small and c.positions == "learned" and name.endswith("positions.table.weight"):
            p.data.copy_(sinusoids(len(p), c.d_model) * SMALL * 2**0.5)
        elif name.endswith(("positions.table.weight", "segments.weight")):
            nn.init.normal_(p, std=NORMED)
        elif p.dim() == 2:
            gain = added if name.endswith(("_attn.o.weight", "down.weight")) else 1.0
            if small:
                nn.init.normal_(p, std=SMALL * gain)
            else:
                nn.init.xavier_uniform_(p, gain=gain)
            if c.attention_scale is not None and name.endswith("_attn.q.weight"):
                p.data.mul_(1 / (c.attention_scale * math.sqrt(c.d_head)))
        elif name.endswith("bias"):
            nn.init.zeros_(p)
    return net


def embedding_size(recipe: Recipe) -> float:
    """The standard deviation that embeddings start with: 1 after scaling."""
    c = recipe.config
    if c.logit_scale != 1.0:
        return LOWERED
    if c.embed_scale != 1.0:
        return 1 / c.embed_scale
    return NORMED if c.embed_norm else SMALL


def build_recurrent(recipe: Recipe) -> Recurrent:
    """Fresh LSTM layers: Xavier into the gates, orthogonal from state to state, embeddings of unit length.

    The forget gate's bias starts at 1, so that at first a cell keeps what it holds (Jozefowicz et al. 2015).
    """
    torch.manual_seed(recipe.seed)
    net = Recurrent(recipe.config, Dropout(recipe.embedding_dropout, recipe.sublayer_dropout))
    d_model = recipe.config.d_model
    nn.init.normal_(net.tokens.weight, std=d_model**-0.5)
    for name, p in net.layers.named_parameters():
        if "bias" in name:
            nn.init.zeros_(p)
            if "bias_ih" in name:
                p.data[d_model : 2 * d_model] = 1.0  # the gates stand in the order input, forget, cell, output
        else:
            for gate in p.data.chunk(4):
                nn.init.orthogonal_(gate) if "weight_hh" in name else nn.init.xavier_uniform_(gate)
    return net
