"""How a prompt changes an answer: the probability of each answer token, and the attention and influence of each part.

Log-probabilities are of the full softmax. With a decoder or an encoder-decoder they add up to that of the whole answer, by the
chain rule. An encoder scores an answer of several tokens from left to right, with each token masked together with those after it
(Kauf and Ivanova 2023): a pseudo-log-likelihood (Salazar et al. 2020) that does not read the rest of the word.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from analysis.prompting import PARTS, Part, Posed
from model.errors import InputError
from model.language_model import LanguageModel
from model.network import from_embeddings
from model.tap import SILENT, StackName
from model.trace import AttentionPart, Trace
from model.transformer import Transformer

Floats = NDArray[np.float64]
Length = Literal["whole", "token", "byte"]
LENGTHS: tuple[Length, ...] = get_args(Length)
BITS = 1 / math.log(2)  # bits in a nat


def log_probabilities(lm: LanguageModel, posed: Posed) -> Floats:
    """(answer,) nats: log-probability of each token of the answer, given the prompt and the answer before it."""
    targets = [token.id for token in posed.answer]
    if posed.mask is not None:
        rows = [_logs(_read(lm, posed, n), [at])[0] for n, at in enumerate(posed.at)]
        return np.array([float(row[target]) for row, target in zip(rows, targets, strict=True)])
    logs = _logs(_read(lm, posed, 0), posed.at)
    return np.asarray(logs[torch.arange(len(targets)), targets].cpu().numpy(), dtype=np.float64)


def _read(lm: LanguageModel, posed: Posed, n: int) -> Trace:
    """The run that predicts token `n` of the answer."""
    if not posed.source:
        return lm.run(posed.ids(n))
    return lm.run([token.id for token in posed.source], target=posed.ids(n))


def _logs(trace: Trace, at: Sequence[int]) -> Tensor:
    """(at, vocab) float64 nats."""
    return trace.language_model().logits(trace.final[list(at)]).double().log_softmax(dim=-1)


def per_length(total: float, length: Length, *, tokens: int, answer: str) -> float:
    """A summed log-probability: whole, divided by the number of tokens, or by the bytes of the answer's text (which do not
    depend on the tokenizer; Gao et al. 2020)."""
    if length == "whole":
        return total
    return total / (tokens if length == "token" else len(answer.encode()))


def shares_among(scores: Floats) -> Floats:
    """(prompts, answers): for each prompt a softmax of the scores (nats) over the given answers: exp(s) / sum exp(s)."""
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def attended_part(lm: LanguageModel) -> tuple[StackName, AttentionPart]:
    """The kind of attention through which an answer reads its prompt."""
    if lm.kind == "encoder-decoder":
        return "decoder", "cross"
    return ("encoder" if lm.kind == "encoder" else "decoder"), "self"


def attention_shares(lm: LanguageModel, posed: Posed) -> Floats:
    """(layers, heads, parts): attention to each part, in the order of PARTS, averaged over the positions that predict the
    answer; each head's shares sum to 1.

    For an encoder-decoder it is cross-attention, whose keys are the prompt alone. Raises InputError for a recurrent model.
    """
    if lm.kind == "recurrent":
        raise InputError("a recurrent model has no attention")
    stack, part = attended_part(lm)
    of = _columns(posed.source_parts if part == "cross" else posed.parts)
    total = np.zeros((lm.config.layers(stack), lm.config.n_heads, len(PARTS)))
    groups = [[at] for at in posed.at] if posed.mask is not None else [list(posed.at)]
    for n, group in enumerate(groups):
        trace = _read(lm, posed, n)
        for layer in range(len(total)):
            rows = trace.attention(stack, layer, part).weights_from(group[0], group[-1] + 1)
            total[layer] += rows.double().sum(dim=1).cpu().numpy() @ of
    return np.asarray(total / len(posed.at))


def _columns(parts: Sequence[Part]) -> Floats:
    """(tokens, parts): one where a token belongs to a part."""
    return np.array([[float(part == name) for name in PARTS] for part in parts])


def influence_shares(lm: LanguageModel, posed: Posed) -> Floats:
    """(parts,): the influence of each part on the answer, in the order of PARTS; the shares sum to 1.

    The influence of a token is the norm of the gradient of the answer's log-probability by its embedding (Simonyan et al. 2014;
    for text Li et al. 2016); it is summed over the tokens of a part. The answer's own tokens count too, as a part.
    """
    norms = _gradient(lm, posed).double().norm(dim=-1).cpu().numpy()
    whole = np.array([norms[[part == name for part in (*posed.source_parts, *posed.parts)]].sum() for name in PARTS])
    return np.asarray(whole / max(norms.sum(), np.finfo(np.float64).tiny))


def _gradient(lm: LanguageModel, posed: Posed) -> Tensor:
    """(source + read, d_model) float32 nats per unit of embedding length, summed over the passes, which run one by one."""
    passes = [_gradient_of_pass(lm, posed, n) for n in range(posed.passes)]
    return torch.stack(passes).sum(dim=0)


def _gradient_of_pass(lm: LanguageModel, posed: Posed, n: int) -> Tensor:
    """(source + read, d_model): the gradient of what one pass predicts, through the fused kernel, which keeps no weights."""
    shown = slice(None) if posed.passes == 1 else slice(n, n + 1)  # the answer's tokens that this pass predicts
    with torch.inference_mode(False), torch.enable_grad():
        leaves = [_embedded(lm, posed.ids(n))]
        memory = None
        if posed.source:
            leaves.insert(0, _embedded(lm, [token.id for token in posed.source]))
            assert isinstance(lm.net, Transformer)
            assert lm.net.encoder is not None
            memory = lm.net.encoder(leaves[0], tap=SILENT.at("encoder"))[0]
        final = from_embeddings(lm.net, leaves[-1], memory=memory)
        at, targets = torch.tensor([posed.at, [token.id for token in posed.answer]], device=lm.device)[:, shown]
        assert lm.net.head is not None
        logs = lm.net.head(final[0, at]).float().log_softmax(dim=-1)
        total = logs.gather(-1, targets[:, None]).sum()
        gradients = torch.autograd.grad(total, leaves)
    return torch.cat([gradient[0].detach().float() for gradient in gradients])


def _embedded(lm: LanguageModel, ids: list[int]) -> Tensor:
    """(1, time, d_model): embeddings as a leaf with a gradient."""
    return lm.net.tokens(torch.tensor([ids], device=lm.device)).detach().requires_grad_()
