"""The KV cache: how much memory it takes, and how much work it saves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import torch

from analysis.cost import cost
from model.config import TransformerConfig
from model.decoding.step import Step
from model.errors import InputError
from model.language_model import LanguageModel
from model.network import advance, empty_past
from model.transformer import Transformer

MOST_ROUNDS = 9
ROUNDS_SECONDS = 1.0  # no new round begins after this time


@dataclass(frozen=True)
class Growth:
    """Memory and work of one decode, step by step."""

    held: tuple[int, ...]  # bytes of the cache in memory after the step
    cached: tuple[int, ...]  # floating-point operations of the step with the cache
    again: tuple[int, ...]  # the same without a cache: all tokens are read again
    per_token: int  # bytes of one more token
    source: int  # bytes of the source's keys and values, which do not grow


def growth(lm: LanguageModel, steps: Sequence[Step]) -> Growth:
    """Bytes from the recorded caches, operations from the config as in `analysis.cost`.

    The first step reads the whole prompt in both cases. An encoder-decoder reads the source once in both cases; without a
    cache, its keys and values are projected again at each step.
    """
    each, config = cost(lm.config), lm.config
    source = len(steps[0].read["encoder"]) if "encoder" in steps[0].read else 0
    width = lm.net.tokens.weight.element_size()
    cached, again = [], []
    before = 0
    for step in steps:
        now = len(step.read["decoder"])
        looked = sum(range(before + 1, now + 1))
        new = now - before
        projected = _projected(config) * source
        across = each.per_source * source
        head = 2 * config.d_model * config.vocab_size
        cached.append(
            new * (each.fixed - head + across) + each.per_context * looked + head + (0 if before else projected)
        )
        again.append(now * (each.fixed - head + across) + each.per_context * (now * (now + 1) // 2) + head + projected)
        before = now
    held = tuple(step.state.cache.bytes for step in steps)
    return Growth(held, tuple(cached), tuple(again), each.kept * width, each.kept * width * source)


def _projected(config: TransformerConfig) -> int:
    """Operations for the cross-attention keys and values of one source token, in all layers."""
    if config.kind != "encoder-decoder":
        return 0
    return config.decoder_layers * 2 * 2 * config.d_model * config.kv_heads * config.d_head


def by_sharing(config: TransformerConfig, element_size: int) -> dict[str, tuple[int, int]]:
    """{name: (key and value heads, bytes a token)} of this model with one key head for each query head, with grouped queries,
    and with a single key head (Shazeer 2019; Ainslie et al. 2023)."""
    found = {"multi-head": config.n_heads, "grouped-query": config.kv_heads, "multi-query": 1}
    if config.kv_heads in (1, config.n_heads):
        group = next((n for n in range(config.n_heads // 2, 1, -1) if config.n_heads % n == 0), 0)
        found["grouped-query"] = group
    return {
        name: (heads, cost(replace(config, n_kv_heads=heads)).kept * element_size)
        for name, heads in found.items()
        if heads
    }


@dataclass(frozen=True)
class Measured:
    """Seconds of each step, measured on this machine."""

    cached: tuple[float, ...]
    again: tuple[float, ...]
    rounds: int  # the times are medians of so many rounds


@torch.inference_mode()
def measured(lm: LanguageModel, steps: Sequence[Step], most: int = 64) -> Measured:
    """Times the steps of a decode with a cache and without one. Nothing is recorded.

    Only the first `most` steps are timed, because without a cache the work grows with the square of the length. A warm-up round
    is thrown away. Short texts are timed in several rounds; the result is the median of each step.
    """
    net = lm.net
    if not isinstance(net, Transformer):
        raise InputError("a recurrent model keeps no keys and values: it has no cache to do without")
    texts = [[token.id for token in step.read["decoder"]] for step in steps[:most]]
    memory = None
    if "encoder" in steps[0].read:
        memory = net.encode(_row(lm, [token.id for token in steps[0].read["encoder"]]))
    _round(lm, net, [texts[0], texts[-1]], memory)
    began, rounds = _now(lm), [_round(lm, net, texts, memory)]
    while len(rounds) < MOST_ROUNDS and _now(lm) - began < ROUNDS_SECONDS:
        rounds.append(_round(lm, net, texts, memory))
    cached, again = (tuple(median(step) for step in zip(*way, strict=True)) for way in zip(*rounds, strict=True))
    return Measured(cached, again, len(rounds))


def _round(
    lm: LanguageModel, net: Transformer, texts: Sequence[list[int]], memory: torch.Tensor | None
) -> tuple[list[float], list[float]]:
    """Seconds for each of the growing texts, with the cache of the one before it and without a cache."""
    past, before = empty_past(net), 0
    cached, again = list[float](), list[float]()
    for ids in texts:
        began = _now(lm)
        stream, past = advance(net, _row(lm, ids[before:]), past, memory)
        lm.logits(stream[:, -1])
        cached.append(_now(lm) - began)
        began = _now(lm)
        lm.logits(net.decode(_row(lm, ids), memory)[:, -1])
        again.append(_now(lm) - began)
        before = len(ids)
    return cached, again


def _row(lm: LanguageModel, ids: list[int]) -> torch.Tensor:
    return torch.tensor([ids], device=lm.device)


def _now(lm: LanguageModel) -> float:
    """Seconds, after all work on the device is done."""
    if lm.device.type == "cuda":
        torch.cuda.synchronize(lm.device)
    return time.perf_counter()
