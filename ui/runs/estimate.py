"""What a long text will cost, said before it is run: memory for what is kept, and time at this machine's present speed."""

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

SHORT = 1_500  # characters: below it nothing is estimated, because nothing takes long
PATIENCE = 2.0  # seconds that need no announcement
PROBE = 384  # side of the product that tells how fast this machine is now
FLOAT = 4


@dataclass(frozen=True)
class Cost:
    """A pass over `tokens` tokens: numbers kept, and multiplications with additions."""

    tokens: int
    kept: int
    steps: int

    @property
    def bytes(self) -> int:
        return FLOAT * self.kept


def of_pass(config: TransformerConfig, parameters: int, tokens: int) -> Cost:
    """One pass of every stack over `tokens` tokens.

    Each block keeps its stream, queries, keys, values, each head's answer and what each sublayer adds. Each parameter that
    is no embedding is used once a token, each pair of tokens twice a coordinate.
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
    """Multiplications with additions a second, as this machine manages now, from one small product."""
    x = torch.ones(PROBE, PROBE, device=device)
    _ = x @ x
    start = time.perf_counter()
    float((x @ x)[0, 0])
    return PROBE**3 / max(time.perf_counter() - start, 1e-6)


@contextmanager
def announced(lm: LanguageModel, text: str, pair: str | None) -> Iterator[None]:
    """Around a run: says what a long text will take, and raises InputError where memory for it is not there."""
    if len(text) < SHORT or lm.config.kind == "recurrent":
        yield
        return
    tokens = count(lm, text, pair)
    cost = of_pass(lm.config, lm.parameters, tokens)
    free = free_on(lm.device)
    if cost.bytes > free:
        raise InputError(
            f"{tokens:,} tokens would take {gigabytes(cost.bytes)} of memory for what a run keeps, and {gigabytes(free)} are "
            "free: shorten the text or unload a model on the Models page"
        )
    seconds = cost.steps / speed(lm.device)
    if seconds < PATIENCE:
        yield
        return
    with st.spinner(said(cost, seconds)):
        yield


def count(lm: LanguageModel, text: str, pair: str | None) -> int:
    """How many tokens a text is; an upper bound where it is ids."""
    if lm.tokenizer is None:
        return len(text.split())
    return len(lm.tokenizer.encode(text)) + (0 if pair is None else len(lm.tokenizer.encode(pair)))


def said(cost: Cost, seconds: float) -> str:
    """Time and memory in words, rounded as estimates are."""
    about = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"Reading {cost.tokens:,} tokens: about {about} and {gigabytes(cost.bytes)} of memory"
