"""The one seam between kinds of network: a Transformer, or the recurrent model it replaced.

Everything above asks a `Network` to read ids after a `Past`; only this module knows which past goes with which network.
"""

from torch import Tensor

from model.cache import Cache
from model.config import TransformerConfig
from model.recurrent import Recurrent, State
from model.tap import SILENT, Tap
from model.transformer import Transformer

Network = Transformer | Recurrent
Past = Cache | State  # what a decode carries from step to step


def build(config: TransformerConfig) -> Network:
    """The network a config describes, with fresh weights."""
    return Transformer(config) if config.recurrence == "none" else Recurrent(config)


def beginning(net: Network) -> Past:
    """What a network carries before it has read anything."""
    return Cache.empty(net.config.decoder_layers) if isinstance(net, Transformer) else State()


def advance(
    net: Network, ids: Tensor, past: Past, memory: Tensor | None = None, *, tap: Tap = SILENT
) -> tuple[Tensor, Past]:
    """Reads ids (batch, new) that follow what `past` has read: their final stream, (batch, new, d_model), and the past after them.

    `memory` (batch, key, d_model) is the encoder's answer where there is one. A past of another kind of network is refused
    by a TypeError.
    """
    if isinstance(net, Transformer) and isinstance(past, Cache):
        return net.advance(ids, past, memory, tap=tap)
    if isinstance(net, Recurrent) and isinstance(past, State):
        return net.advance(ids, past, tap=tap)
    raise TypeError(f"{type(net).__name__} cannot read on from {type(past).__name__}")


def from_embeddings(
    net: Network, x: Tensor, *, memory: Tensor | None = None, segments: Tensor | None = None, tap: Tap = SILENT
) -> Tensor:
    """The final stream, (batch, time, d_model), of the stack that predicts, from token embeddings of that shape.

    Where gradients towards what was read are wanted, x is the leaf they end in. `memory` is the encoder's answer.
    """
    if isinstance(net, Recurrent):
        return net.from_embeddings(x, State(), tap=tap)[0]
    if net.decoder is not None:
        return net.decoder(x, memory=memory, tap=tap.at("decoder"))[0]
    assert net.encoder is not None
    return net.encoder(x, segments=segments, tap=tap.at("encoder"))[0]
