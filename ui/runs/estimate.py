"""What reading a long text will cost, shown before it is run: memory for what is kept, and time at this machine's present speed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
import torch

from model.config import TransformerConfig
from model.errors import InputError
from model.language_model import LanguageModel
from model.loading.memory import free_on, gigabytes
from ui.runs.on_demand import duration

SHORT_CHARACTERS = 1_500  # a shorter text takes so little time that nothing is estimated
ANNOUNCED_SECONDS = 2.0  # what takes less is run without an announcement
PROBE_SIDE = 384  # of the matrices whose product tells how fast this machine is now
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Cost:
    """What a pass over `tokens` tokens costs: `kept` numbers, and `steps` multiplications with an addition."""

    tokens: int
    kept: int
    steps: int

    @property
    def bytes(self) -> int:
        return FLOAT_BYTES * self.kept


def of_pass(config: TransformerConfig, parameters: int, tokens: int) -> Cost:
    """One pass of every stack over `tokens` tokens.

    Each block keeps its stream, queries, keys, values, each head's answer and what each sublayer adds. Each token uses every
    parameter except the embeddings once. Each pair of tokens takes two operations for each coordinate of each head.
    """
    heads, shared, width = config.n_heads * config.d_head, config.kv_heads * config.d_head, config.d_model
    attention = 2 * heads + 2 * shared + width
    cross = attention if config.kind == "encoder-decoder" else 0
    a_block = width + attention + width
    layers = config.encoder_layers + config.decoder_layers
    kept = tokens * (layers * a_block + config.decoder_layers * cross)
    used = max(parameters - config.vocab_size * width * (1 if config.tied else 2), 0)
    pairs = 2 * tokens * tokens * heads * layers
    return Cost(tokens, kept, used * tokens + pairs)


def seconds(lm: LanguageModel, tokens: int) -> float:
    """How long one pass over `tokens` tokens is likely to take on this machine now."""
    return of_pass(lm.config, lm.parameters, tokens).steps / speed(lm.device)


def speed(device: torch.device) -> float:
    """How many multiplications with an addition this machine does in a second now, measured on one small product."""
    x = torch.ones(PROBE_SIDE, PROBE_SIDE, device=device)
    _ = x @ x
    start = time.perf_counter()
    float((x @ x)[0, 0])
    return PROBE_SIDE**3 / max(time.perf_counter() - start, 1e-6)


@contextmanager
def announced(lm: LanguageModel, text: str, pair: str | None, *, ids: bool = False) -> Iterator[None]:
    """Around a run: shows what a long text will take. Raises InputError where there is not enough memory for it."""
    if len(text) < SHORT_CHARACTERS or lm.config.kind == "recurrent":
        yield
        return
    tokens = count(lm, text, pair, ids)
    cost = of_pass(lm.config, lm.parameters, tokens)
    free = free_on(lm.device)
    if cost.bytes > free:
        raise InputError(
            f"{tokens:,} tokens would take {gigabytes(cost.bytes)} of memory for what a run keeps, and {gigabytes(free)} are "
            "free: shorten the text or unload a model on the Models page"
        )
    seconds = cost.steps / speed(lm.device)
    if seconds < ANNOUNCED_SECONDS:
        yield
        return
    with st.spinner(said(cost, seconds)):
        yield


def count(lm: LanguageModel, text: str, pair: str | None, ids: bool = False) -> int:
    """How many tokens a text has; `ids`: it is a list of token ids."""
    if lm.tokenizer is None or ids:
        return len(text.replace(",", " ").split())
    return len(lm.tokenizer.encode(text)) + (0 if pair is None else len(lm.tokenizer.encode(pair)))


def said(cost: Cost, seconds: float) -> str:
    """Time and memory in words, rounded as estimates are."""
    return f"Reading {cost.tokens:,} tokens: about {duration(seconds)} and {gigabytes(cost.bytes)} of memory"
