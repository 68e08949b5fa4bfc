"""Direct logit attribution: a logit difference as a sum over heads, feed-forward sublayers, embeddings and biases.

Elhage et al. (2021); Wang et al. (2023). The residual stream is a sum of what the sublayers add, and the output head is linear, so
the difference of two logits is a sum too if each norm on the way is frozen at the scale it had in this run. In a pre-norm model
that is the final norm alone. In a post-norm model it is every norm above the part, and their biases are parts of their own.
Only the direct effect is counted: what a part does through later layers is counted as theirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.attention import Attention
from model.block import Block
from model.errors import InputError
from model.norms import RMSNorm
from model.tap import Part, Place
from model.trace import AttentionPart, Trace
from model.transformer import Stack


@dataclass(frozen=True)
class Attribution:
    """Parts of logit(token) - logit(rival) at one position; positive parts favour the token. All float64."""

    token: int
    rival: int
    heads: Mapping[AttentionPart, Tensor]  # each (layers, heads)
    feed_forward: Tensor  # (layers,), its biases included
    embedding: float
    position: float
    segment: float
    biases: float  # of output projections, norms and the output head
    edited: float  # the effect of edits on sublayer outputs; 0 in a run without edits
    recorded: float  # the logit difference of the run itself
    directions: Mapping[tuple[int, AttentionPart], Tensor]  # (d_model,): a sublayer's output is multiplied with it

    @property
    def total(self) -> float:
        """The sum of all parts."""
        heads = sum(float(part.sum()) for part in self.heads.values())
        rest = self.embedding + self.position + self.segment + self.biases + self.edited
        return heads + float(self.feed_forward.sum()) + rest


def attribution(trace: Trace, token: int, rival: int, at: int = -1) -> Attribution:
    """The parts of logit(token) - logit(rival) at position `at` of the stack that predicts.

    Raises InputError where there is no output head or it is not linear, or where an id or position is out of range.
    """
    at = _check(trace, (token, rival), at)
    lm, name = trace.language_model(), trace.predicts
    stack = lm.net.decoder if name == "decoder" else lm.net.encoder
    assert stack is not None
    assert lm.net.head is not None
    out = lm.net.head.out
    u = (out.weight[token] - out.weight[rival]).double() * lm.net.head.scale
    sums = _Sums(trace, at, len(stack.blocks))
    if out.bias is not None:
        sums.biases += float(out.bias[token].double() - out.bias[rival].double())
    if stack.final_norm is not None:
        u, constant = frozen(stack.final_norm, sums.row(Place(name), "leaving"), u)
        sums.biases += constant
    for layer in reversed(range(len(stack.blocks))):
        u = _through(sums, stack.blocks[layer], layer, u)
    embedding, position, segment = _entering(sums, stack, u)
    logits = lm.logits(trace.final[at]).double()
    return Attribution(
        token=token,
        rival=rival,
        heads=sums.heads,
        feed_forward=sums.feed_forward,
        embedding=embedding,
        position=position,
        segment=segment,
        biases=sums.biases,
        edited=sums.edited,
        recorded=float(logits[token] - logits[rival]),
        directions=sums.directions,
    )


def by_source(trace: Trace, found: Attribution, layer: int, part: AttentionPart, head: int, at: int = -1) -> Tensor:
    """(key,) float64: a head's part divided among the keys, weight times value; the sum is the head's part."""
    attention = trace.attention(trace.predicts, layer, part)
    weights = attention.weights(head)[at].double()
    values = attention.v[head // (attention.q.shape[0] // attention.v.shape[0])].double()
    block = _block(trace, layer)
    module = block.self_attn if part == "self" else block.cross_attn
    assert isinstance(module, Attention)
    d_head = trace.config.d_head
    read = module.o.weight.double()[:, head * d_head : (head + 1) * d_head].T @ found.directions[layer, part]
    return weights * (values @ read)


def frozen(norm: nn.Module, x: Tensor, u: Tensor) -> tuple[Tensor, float]:
    """(v, c) with u . norm(x) = v . x + c, for the norm with its scale frozen at x; x and u are (d_model,) float64."""
    if isinstance(norm, RMSNorm):
        scale = torch.rsqrt(x.pow(2).mean() + norm.eps)
        return u * (norm.weight.double() + norm.offset) * scale, 0.0
    assert isinstance(norm, nn.LayerNorm)
    scale = torch.rsqrt(x.var(unbiased=False) + norm.eps)
    v = u * norm.weight.double() * scale
    return v - v.mean(), 0.0 if norm.bias is None else float(norm.bias.double() @ u)


class _Sums:
    """The parts found so far, and access to the recorded rows."""

    def __init__(self, trace: Trace, at: int, layers: int) -> None:
        config = trace.config
        parts: tuple[AttentionPart, ...] = ("self", "cross") if config.kind == "encoder-decoder" else ("self",)
        self.trace, self.at = trace, at
        self.heads: dict[AttentionPart, Tensor] = {
            part: torch.zeros(layers, config.n_heads, dtype=torch.float64) for part in parts
        }
        self.feed_forward = torch.zeros(layers, dtype=torch.float64)
        self.biases = self.edited = 0.0
        self.directions: dict[tuple[int, AttentionPart], Tensor] = {}

    def row(self, place: Place, site: str) -> Tensor:
        """(..., d) float64: the tensor kept at a place, at the position of interest."""
        kept = self.trace.kept(place, site)  # type: ignore[arg-type]
        assert kept is not None, f"{site} is kept by default"
        return kept[..., self.at, :].double()

    def out(self, layer: int, part: Part) -> Tensor:
        return self.row(Place(self.trace.predicts, layer, part), "out")


def _check(trace: Trace, ids: tuple[int, int], at: int) -> int:
    head = trace.language_model().net.head
    if head is None:
        raise InputError("this checkpoint holds no output head, so there are no logits to take apart")
    if head.dense is not None:
        raise InputError(
            "direct logit attribution does not apply here: this output head has a layer with an activation of its own, "
            "so its logits are not a sum over what the layers added"
        )
    time, size = len(trace.tokens(trace.predicts)), trace.config.vocab_size
    if not -time <= at < time:
        raise InputError(f"position {at} is out of range: {time} tokens were read")
    for i in ids:
        if not 0 <= i < size:
            raise InputError(f"token id {i} is out of range: the vocabulary has ids 0 to {size - 1}")
    return at % time


def _block(trace: Trace, layer: int) -> Block:
    net = trace.language_model().net
    stack = net.decoder if trace.predicts == "decoder" else net.encoder
    assert stack is not None
    block = stack.blocks[layer]
    assert isinstance(block, Block)
    return block


def _through(sums: _Sums, block: nn.Module, layer: int, u: Tensor) -> Tensor:
    """Adds the parts of one block, from its end to its start; returns the vector that its input is multiplied with."""
    assert isinstance(block, Block)
    joined = _joined(sums, block, layer) if block.order == "post" else {}
    for part, norm, after in reversed(list(_sublayers(block))):
        if part in joined:
            u, constant = frozen(norm, joined[part], u)
            sums.biases += constant
        if part == "feed_forward":
            sums.feed_forward[layer] = float(u @ sums.out(layer, part))
        else:
            module = block.self_attn if part == "self" else block.cross_attn
            assert isinstance(module, Attention)
            _heads(sums, module, after, layer, part, u)
    return u


def _sublayers(block: Block) -> Iterator[tuple[Part, nn.Module, nn.Module | None]]:
    """(part, its norm, the norm after it or None), in the order in which they act."""
    yield "self", block.self_norm, block.self_after
    if block.cross_norm is not None:
        yield "cross", block.cross_norm, None
    shared = block.feed_forward_norm
    yield "feed_forward", block.self_norm if shared is None else shared, block.feed_forward_after


def _joined(sums: _Sums, block: Block, layer: int) -> dict[Part, Tensor]:
    """The input of each norm of a post-norm block: the stream plus the sublayer's output."""
    x = sums.row(Place(sums.trace.predicts, layer), "stream")
    found: dict[Part, Tensor] = {}
    for part, norm, _ in _sublayers(block):
        found[part] = x + sums.out(layer, part)
        x = norm(found[part].float()).double() if isinstance(norm, RMSNorm) else _normed(norm, found[part])
    return found


def _normed(norm: nn.Module, x: Tensor) -> Tensor:
    """A layer norm in float64."""
    assert isinstance(norm, nn.LayerNorm)
    bias = None if norm.bias is None else norm.bias.double()
    return nn.functional.layer_norm(x, norm.normalized_shape, norm.weight.double(), bias, norm.eps)


def _heads(sums: _Sums, module: Attention, after: nn.Module | None, layer: int, part: AttentionPart, u: Tensor) -> None:
    """Adds the parts of one attention sublayer: its heads, the bias of its output projection, and the frozen norm after it."""
    mixed = sums.row(Place(sums.trace.predicts, layer, part), "mixed")  # (heads, d_head)
    weight = module.o.weight.double().unflatten(1, mixed.shape)  # (d_model, heads, d_head)
    answers = torch.einsum("dhk,hk->hd", weight, mixed)
    bias = torch.zeros_like(answers[0]) if module.o.bias is None else module.o.bias.double()
    out = sums.out(layer, part)
    v = u
    if after is not None:
        v, constant = frozen(after, answers.sum(0) + bias, u)
        sums.biases += constant
    sums.directions[layer, part] = v
    if not bool(out.any()):  # the sublayer was skipped: nothing of this reached the stream
        return
    sums.heads[part][layer] = (answers @ v).cpu()
    sums.biases += float(bias @ v)
    again = answers.sum(0) + bias
    again = again if after is None else _after(after, again)
    if not torch.allclose(again, out, rtol=1e-3, atol=1e-3 * float(out.abs().max())):
        sums.edited += float(u @ (out - again))


def _after(norm: nn.Module, x: Tensor) -> Tensor:
    return norm(x.float()).double() if isinstance(norm, RMSNorm) else _normed(norm, x)


def _entering(sums: _Sums, stack: Stack, u: Tensor) -> tuple[float, float, float]:
    """The parts of embedding, position and segment, through the embedding norm where there is one."""
    name = sums.trace.predicts
    parts = [sums.row(Place(name), "embedding")]
    for site in ("position", "segment"):
        kept = sums.trace.kept(Place(name), site)
        parts.append(torch.zeros_like(parts[0]) if kept is None else sums.row(Place(name), site))
    if stack.embed_norm is not None:
        u, constant = frozen(stack.embed_norm, sum(parts, torch.zeros_like(parts[0])), u)
        sums.biases += constant
    embedding, position, segment = (float(u @ part) for part in parts)
    return embedding, position, segment
