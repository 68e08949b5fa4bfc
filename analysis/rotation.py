"""A rotary embedding in one run: its angles, queries and keys before rotation, and q.k at other distances.

RoFormer (Su et al. 2021, section 3.2). A run keeps queries and keys after rotation; rotating them back by the same angles gives
them before rotation.
"""

import torch
from torch import Tensor

from model.edits import check_layer
from model.errors import InputError
from model.positions import Rotary, Rotation, build_positions
from model.tap import StackName
from model.trace import Trace


def speeds(trace: Trace, layer: int) -> Tensor:
    """(pairs,): the rotation of each pair of coordinates from one position to the next in a layer, in radians."""
    check_layer(trace.config, trace.predicts, layer)
    local = trace.config.layer_window(layer) is not None
    return _scheme(trace).get_buffer("local_speeds" if local else "speeds").float()


def angles(trace: Trace, stack: StackName, layer: int) -> Tensor:
    """(time, pairs): the rotation of each pair at each position, in radians, more than one full turn included."""
    at = torch.arange(len(trace.tokens(stack)))
    return at[:, None].float() * speeds(trace, layer)


def before_rotation(trace: Trace, stack: StackName, layer: int) -> tuple[Tensor, Tensor]:
    """Queries (heads, time, d_head) and keys (kv_heads, time, d_head) of a layer before rotation."""
    attention = trace.attention(stack, layer, "self")
    turned = _scheme(trace).rotation(
        torch.arange(len(trace.tokens(stack))), local=trace.config.layer_window(layer) is not None
    )
    device = attention.q.device
    back = Rotation(turned.cos.to(device), -turned.sin.to(device))
    return back.turn(attention.q), back.turn(attention.k)


def by_distance(q: Tensor, k: Tensor, speeds: Tensor, distances: Tensor) -> Tensor:
    """(distances,): q.k if the query were that many positions after the key; q and k (d_head,) before rotation.

    q.k depends on the distance alone, so only the query is rotated.
    """
    angle = distances[:, None].float() * speeds
    return Rotation(angle.cos(), angle.sin()).turn(q.expand(len(distances), -1)) @ k


def pair_of(x: Tensor, pair: int, pairs: int) -> Tensor:
    """(..., 2): the two coordinates of pair `pair` of `pairs`."""
    return torch.stack((x[..., pair], x[..., pair + pairs]), dim=-1)


def _scheme(trace: Trace) -> Rotary:
    scheme = build_positions(trace.config, bidirectional=False)
    if not isinstance(scheme, Rotary):
        raise InputError(f'nothing turns in this model: its positions are "{trace.config.positions}"')
    return scheme
