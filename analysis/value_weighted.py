"""Value-weighted attention: the attention weight times the norm of the value after the output projection.

Kobayashi et al. (2020), "Attention is not only a weight": ||w[q, k] v[k] W_O||. The value's bias is in v[k]. The bias of the output
projection is left out, because it is the same for every key. A norm after the sublayer (post-norm and sandwich orders) is left
out too.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from analysis.merging import Reshaping, Weights, merged
from analysis.words import Word
from model.attention_trace import AttentionTrace
from model.block import Block
from model.edits import check_layer
from model.errors import InputError
from model.tap import StackName
from model.trace import AttentionPart, Trace, check_attention
from model.transformer import Stack


def block_of(trace: Trace, stack: StackName, layer: int) -> Block:
    """The weights of one layer. Raises InputError where it does not exist, or the trace's model is no longer in memory."""
    check_layer(trace.config, stack, layer)
    net = trace.language_model().net
    found = net.encoder if stack == "encoder" else net.decoder
    if not isinstance(found, Stack):
        raise InputError(f"this model has no {stack}")
    block = found.blocks[layer]
    assert isinstance(block, Block)
    return block


def output_of_head(trace: Trace, stack: StackName, layer: int, part: AttentionPart, head: int) -> Tensor:
    """(d_head, d_model) float32: the rows of W_O of one head."""
    check_attention(trace.config, stack, layer, part, head)
    block = block_of(trace, stack, layer)
    attention = block.self_attn if part == "self" else block.cross_attn
    assert isinstance(attention, nn.Module)
    width = trace.config.d_head
    projection = attention.o
    assert isinstance(projection, nn.Linear)
    return projection.weight.detach()[:, head * width : (head + 1) * width].T.float()


def values_written(trace: Trace, stack: StackName, layer: int, part: AttentionPart, head: int) -> Tensor:
    """(key, d_model): v[k] W_O, what the head would add with all its attention on that key, without the output bias.

    With grouped queries (Ainslie et al. 2023), the query heads of a group share v but not W_O.
    """
    values = trace.attention(stack, layer, part).v
    shared = trace.config.n_heads // trace.config.kv_heads
    return values[head // shared].float() @ output_of_head(trace, stack, layer, part, head)


def value_norms(trace: Trace, stack: StackName, layer: int, part: AttentionPart, head: int) -> Tensor:
    """(key,): ||v[k] W_O||."""
    return values_written(trace, stack, layer, part, head).norm(dim=-1)


def value_weighted(trace: Trace, stack: StackName, layer: int, part: AttentionPart, head: int) -> Tensor:
    """(query, key): ||w[q, k] v[k] W_O|| of one head."""
    return trace.attention(stack, layer, part).weights(head) * value_norms(trace, stack, layer, part, head)


def value_weighted_layer(trace: Trace, stack: StackName, layer: int, part: AttentionPart) -> Tensor:
    """(query, key): all heads of a layer together, ||sum over heads of w[q, k] v[k] W_O||.

    Computed from (heads, heads) dot products for each key, so that no (query, key, d_model) array is needed.
    """
    heads = trace.config.n_heads
    written = torch.stack([values_written(trace, stack, layer, part, head) for head in range(heads)], dim=1)
    products = written @ written.transpose(1, 2)  # (key, heads, heads)
    attention = trace.attention(stack, layer, part)
    return _norm_of_sum(attention, products)


def value_weighted_shown(
    trace: Trace, stack: StackName, layer: int, part: AttentionPart, heads: Sequence[int], shape: Reshaping
) -> Weights:
    """(query words, key words) of one head, or of several together, with tokens hidden and merged by `shape`.

    The vectors of a key word's tokens are summed, those of a query word's tokens are averaged, and the norm of the resulting
    vector is taken. Without merged words this is `value_weighted`.
    """
    attention = trace.attention(stack, layer, part)
    takes, gives = [], []
    for head in heads:
        left = shape.pieces(attention.weights(head).cpu().numpy())
        takes.append(merged(left, shape.queries.words, [Word("", i, i + 1) for i in range(left.shape[1])]))
        gives.append(values_written(trace, stack, layer, part, head).cpu().numpy()[shape.keys.kept])
    weights, written = (
        np.stack(takes, axis=-1),
        np.stack(gives, axis=1),
    )  # (query, piece, heads), (piece, heads, d_model)
    lengths = np.empty((len(shape.queries.words), len(shape.keys.words)), dtype=np.float32)
    for key, word in enumerate(shape.keys.words):
        vectors = written[word.first : word.after].reshape(-1, written.shape[-1])
        taken = weights[:, word.first : word.after].reshape(len(weights), -1)
        lengths[:, key] = np.sqrt(np.maximum(((taken @ (vectors @ vectors.T)) * taken).sum(axis=-1), 0))
    return lengths


def _norm_of_sum(attention: AttentionTrace, products: Tensor) -> Tensor:
    weights = attention.weights().permute(2, 1, 0)  # (key, query, heads)
    squared = ((weights @ products) * weights).sum(dim=-1)
    return squared.clamp(min=0).sqrt().T
