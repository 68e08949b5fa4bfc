"""Gradient x attention: the gradient of a prediction's log-probability by each attention weight, times the weight.

For a weight a, the product a * d(log p)/da estimates, to first order, how much log p falls without a (Shrikumar et al. 2017; for
attention Serrano and Smith 2019, Chefer et al. 2021). Summed over a head's pattern it equals the head's output times its
gradient, sum(z * d(log p)/dz), because z is linear in the weights. This is the importance of Michel et al. (2019) with its sign,
and the first-order estimate of what ablating the head costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from analysis.knock_out import BITS, Prediction, check, summed_log_probability
from model.config import TransformerConfig
from model.edits import AttentionPart, check_edits
from model.language_model import LanguageModel
from model.tap import Edit, Place, Site, StackName, Tap
from model.trace import check_attention

FLOAT = 4  # bytes


def gradient_bytes(config: TransformerConfig, time: int, source: int = 0) -> int:
    """About how many bytes one text takes in a pass that gradients are taken through, beside weights and logits.

    Counted from the shapes and compared with measured peaks: a block keeps about 8 vectors of the stream and its hidden
    layer two or three times for each token. Attention goes through the fused kernel, which keeps no weights; what grows with
    the square of the text is a position bias, one for all layers, and in each layer a window's mask.
    """
    wide = 8 * config.d_model + (3 if config.gated else 2) * config.d_ff
    if config.recurrence != "none":
        return FLOAT * time * config.decoder_layers * 12 * config.d_model
    read = time if config.kind != "encoder-decoder" else source
    cross = 4 * config.d_model * (time + source) if config.kind == "encoder-decoder" else 0
    kept = config.encoder_layers * read * wide + config.decoder_layers * (time * wide + cross)
    longest = max(time, source)
    if config.positions in ("alibi", "relative"):
        kept += 2 * config.n_heads * longest**2
    if config.window is not None:
        kept += (config.encoder_layers + config.decoder_layers) * longest**2
    return FLOAT * kept


@dataclass(eq=False)
class Watched:
    """An edit that changes nothing and keeps the tensor, as part of the graph that gradients are taken through."""

    place: Place
    site: Site
    seen: list[Tensor] = field(default_factory=list)

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        """x itself where it is already part of a graph, else a new leaf with a gradient."""
        x = x if x.requires_grad else x.detach().requires_grad_()
        self.seen.append(x)
        return x


def gradient_x_attention(
    lm: LanguageModel,
    prediction: Prediction,
    stack: StackName,
    layer: int,
    part: AttentionPart,
    *,
    edits: Sequence[Edit] = (),
) -> Tensor:
    """(heads, query, key) float32 bits: weight times gradient for every weight of a sublayer.

    Raises InputError where there is no such sublayer or prediction.
    """
    check_attention(lm.config, stack, layer, part, 0)
    watched = Watched(Place(stack, layer, part), "weights")
    return _products(lm, prediction, [watched], edits)[0]


def heads_gradient_x_attention(
    lm: LanguageModel, prediction: Prediction, *, edits: Sequence[Edit] = ()
) -> Mapping[tuple[StackName, AttentionPart], Tensor]:
    """(layers, heads) float32 bits for each kind of attention: gradient x attention summed over each head's pattern.

    Computed from the heads' outputs, which gives the same sums and needs no pattern in memory.
    """
    places = attention_places(lm)
    watched = [Watched(place, "mixed") for place in places]
    sums = [product.sum(dim=(-2, -1)) for product in _products(lm, prediction, watched, edits)]
    found: dict[tuple[StackName, AttentionPart], list[Tensor]] = {}
    for place, heads in zip(places, sums, strict=True):
        assert place.stack is not None
        part: AttentionPart = "cross" if place.part == "cross" else "self"
        found.setdefault((place.stack, part), []).append(heads)
    return {key: torch.stack(layers) for key, layers in found.items()}


def attention_places(lm: LanguageModel) -> list[Place]:
    """Every attention sublayer, in the order of the forward pass."""
    config = lm.config
    places = [Place("encoder", layer, "self") for layer in range(config.encoder_layers)]
    parts: tuple[AttentionPart, ...] = ("self", "cross") if config.kind == "encoder-decoder" else ("self",)
    return places + [Place("decoder", layer, part) for layer in range(config.decoder_layers) for part in parts]


def _products(
    lm: LanguageModel, prediction: Prediction, watched: Sequence[Watched], edits: Sequence[Edit]
) -> list[Tensor]:
    """Tensor times gradient for every watched tensor, in bits; zero where the prediction does not depend on it."""
    check(lm, prediction)
    check_edits(lm.config, tuple(edits))
    with torch.inference_mode(False), torch.enable_grad():
        # Watched tensors come after the edits of the same site: they are what the model continues with.
        total = summed_log_probability(lm, prediction, 1, Tap(edits=(*edits, *watched))).sum()
        tensors = [one.seen[0] for one in watched]
        gradients = torch.autograd.grad(total, tensors, allow_unused=True)
    return [
        torch.zeros_like(x[0], dtype=torch.float32) if g is None else (x[0].detach() * g[0]).float() * BITS
        for x, g in zip(tensors, gradients, strict=True)
    ]
