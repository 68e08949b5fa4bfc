"""Initial weights."""

import math

import torch
from torch import nn

from model.block import Dropout
from model.network import Network
from model.positions import sinusoids
from model.recurrent import Recurrent
from model.transformer import Transformer
from training.recipe import Recipe

NORMED = 0.02  # if a norm follows the embeddings (Devlin et al. 2019)
SMALL = 0.04  # if none does: about sqrt(2 / (5 d_model)) (Nguyen and Salazar 2019)
LOWERED = 0.25  # if logits are scaled down; with 1, every token would predict itself for a long time


def build(recipe: Recipe) -> Network:
    """A network of the recipe's kind with initial weights. They depend only on the seed."""
    return build_transformer(recipe) if recipe.config.recurrence == "none" else build_recurrent(recipe)


def build_transformer(recipe: Recipe) -> Transformer:
    """A transformer with initial weights: Xavier for linear layers, `embedding_size` for the token table.

    In pre-norm blocks the outputs of sublayers start smaller, by 1 / sqrt(2 layers) (Radford et al. 2019). If embeddings are
    SMALL, linear layers are too; otherwise their outputs would outweigh the token. Learned positions then start as sinusoids,
    so that neighbours are similar: from random positions, the first epoch on a small corpus is spent on learning which token
    is the one before. If q.k is not scaled (T5), the query matrices start smaller by that scale.
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
    """The initial standard deviation of the token table."""
    c = recipe.config
    if c.logit_scale != 1.0:
        return LOWERED
    if c.embed_scale != 1.0:
        return 1 / c.embed_scale
    return NORMED if c.embed_norm else SMALL


def build_recurrent(recipe: Recipe) -> Recurrent:
    """LSTM layers with initial weights: Xavier for the input, orthogonal for the state, embeddings of about unit length.

    The bias of the forget gate starts at 1, so that cells keep their content at first (Jozefowicz et al. 2015).
    """
    torch.manual_seed(recipe.seed)
    net = Recurrent(recipe.config, Dropout(recipe.embedding_dropout, recipe.sublayer_dropout))
    d_model = recipe.config.d_model
    nn.init.normal_(net.tokens.weight, std=d_model**-0.5)
    for name, p in net.layers.named_parameters():
        if "bias" in name:
            nn.init.zeros_(p)
            if "bias_ih" in name:
                p.data[d_model : 2 * d_model] = 1.0  # the order of the gates is input, forget, cell, output
        else:
            for gate in p.data.chunk(4):
                nn.init.orthogonal_(gate) if "weight_hh" in name else nn.init.xavier_uniform_(gate)
    return net
