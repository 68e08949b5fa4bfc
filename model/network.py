"""The one place that tells kinds of network apart: a Transformer, or a recurrent network.

All other code asks a `Network` to read ids after a `Past`; only this module knows which past belongs to which network.
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


def empty_past(net: Network) -> Past:
    """The past of a network that has read nothing yet."""
    return Cache.empty(net.config.decoder_layers) if isinstance(net, Transformer) else State()


def advance(
    net: Network, ids: Tensor, past: Past, memory: Tensor | None = None, *, tap: Tap = SILENT
) -> tuple[Tensor, Past]:
    """Reads ids (batch, new) after those of `past`. Returns their final stream, (batch, new, d_model), and the longer past.

    `memory` (batch, key, d_model) is the encoder's output where there is one. Raises TypeError for a past of another kind of
    network.
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

    For gradients with respect to the input, x is the leaf. `memory` is the encoder's output.
    """
    if isinstance(net, Recurrent):
        return net.from_embeddings(x, State(), tap=tap)[0]
    if net.decoder is not None:
        return net.decoder(x, memory=memory, tap=tap.at("decoder"))[0]
    assert net.encoder is not None
    return net.encoder(x, segments=segments, tap=tap.at("encoder"))[0]
