"""What reading a long text will cost, shown before it is run: memory for what is kept, and time at this machine's present speed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
import torch

from analysis.cost import cost as cost_of_token
from analysis.gradients import gradient_bytes
from model.config import TransformerConfig
from model.errors import InputError
from model.language_model import LanguageModel
from model.loading.memory import free_on, gigabytes
from ui.runs.on_demand import duration

SHORT_CHARACTERS = 1_500  # a shorter text takes so little time that nothing is estimated
ANNOUNCED_SECONDS = 2.0  # what takes less is run without an announcement
PAIR_TIMES = 2  # measured with heads of 32 and 64 numbers at 900 and 2,000 tokens: 2, without a causal mask 3
PROBE_TOKENS, PROBE_SECONDS = 128, 0.25  # of the passes that tell how fast this machine is now with a model
GRADIENT_TIMES = 2.5  # as long as a pass forward alone; measured, for short and long texts
COPIED_A_SECOND = 1e9  # bytes, into memory that was not used before; measured
SPEED_KEPT_SECONDS = 60.0
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


@dataclass(frozen=True)
class Work:
    """What some work beyond a run is likely to take."""

    seconds: float
    bytes: int

    @property
    def said(self) -> str:
        """Both in words."""
        return f"about {duration(self.seconds)} and {gigabytes(self.bytes)} of memory"


def of_pass(config: TransformerConfig, parameters: int, tokens: int) -> Cost:
    """One pass of every stack over `tokens` tokens.

    Each block keeps its stream, queries, keys, values, each head's answer and what each sublayer adds. Each token uses every
    parameter except the embeddings once. Each pair of tokens takes two operations for each coordinate of each head, which take
    PAIR_TIMES as long as those of a matrix product: scores have a softmax between them.
    """
    heads, shared, width = config.n_heads * config.d_head, config.kv_heads * config.d_head, config.d_model
    attention = 2 * heads + 2 * shared + width
    cross = attention if config.kind == "encoder-decoder" else 0
    a_block = width + attention + width
    layers = config.encoder_layers + config.decoder_layers
    kept = tokens * (layers * a_block + config.decoder_layers * cross)
    used = max(parameters - config.vocab_size * width * (1 if config.tied else 2), 0)
    pairs = PAIR_TIMES * 2 * tokens * tokens * heads * layers
    return Cost(tokens, kept, used * tokens + pairs)


def seconds(lm: LanguageModel, tokens: int) -> float:
    """How long one pass over `tokens` tokens is likely to take on this machine now."""
    return of_pass(lm.config, lm.parameters, tokens).steps / speed(lm)


def speed(lm: LanguageModel) -> float:
    """How many multiplications with an addition this machine does in a second now with this model, measured on a short pass.

    A product of two matrices is faster than a model by a factor that depends on the model, so the model itself is timed. The
    measurement is kept for a minute.
    """
    return measured_speed(lm.name, str(lm.device), str(lm.dtype), lm.parameters, lm)


@st.cache_data(ttl=SPEED_KEPT_SECONDS, max_entries=32, show_spinner=False)
def measured_speed(name: str, device: str, dtype: str, parameters: int, _lm: LanguageModel) -> float:
    """The speed of the model that these four name."""
    config = _lm.config
    tokens = PROBE_TOKENS if config.max_positions is None else min(PROBE_TOKENS, config.max_positions)
    ids = torch.zeros(1, tokens, dtype=torch.long, device=_lm.device)
    source = ids if _lm.kind == "encoder-decoder" else None
    _timed(_lm, ids, source)  # a warm-up
    taken = [_timed(_lm, ids, source)]
    while sum(taken) < PROBE_SECONDS:  # so long that other work on the machine slows it as it slows what follows
        taken.append(_timed(_lm, ids, source))
    return len(taken) * of_pass(config, _lm.parameters, tokens).steps / max(sum(taken), 1e-6)


def _timed(lm: LanguageModel, ids: torch.Tensor, source: torch.Tensor | None) -> float:
    start = time.perf_counter()
    with torch.inference_mode():
        float(lm.net(ids, source).flatten()[-1])  # a Python number, so a GPU has finished too
    return time.perf_counter() - start


def of_beams(lm: LanguageModel, read: int, source: int, beams: int, limit: int) -> Work:
    """A beam search after `read` tokens: one pass over them, then at most `limit` steps of `beams` rows with a cache each.

    A step copies the caches of the texts that go on, so for a moment there are two of each.
    """
    config, token = lm.config, cost_of_token(lm.config)
    cached = FLOAT_BYTES * token.kept * (read + limit + source)
    steps = limit * beams * (token.at(read) + token.per_source * source) // 2  # an operation is half a step
    steps += of_pass(config, lm.parameters, read + source).steps
    copied = 3 * beams * cached * limit  # chosen rows, and twice where the newest token is appended
    return Work(steps / speed(lm) + copied / COPIED_A_SECOND, 2 * beams * cached)


def of_gradients(lm: LanguageModel, time: int, source: int, count: int) -> Work:
    """`count` passes with a gradient for the input, one after another: forward, and back through the same blocks."""
    each = GRADIENT_TIMES * seconds(lm, time + source)
    return Work(count * each, gradient_bytes(lm.config, time, source))


def check_memory(lm: LanguageModel, needed: int, what: str, instead: str) -> None:
    """Raises InputError, with both numbers, where work needs more memory than is free."""
    free = free_on(lm.device)
    if needed > free:
        raise InputError(f"{what} needs about {gigabytes(needed)} of memory, and {gigabytes(free)} are free: {instead}")


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
    seconds = cost.steps / speed(lm)
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
