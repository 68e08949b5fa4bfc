"""The cost of one token: floating-point operations, numbers to keep, and time on this machine."""

import time
from dataclasses import dataclass
from statistics import median

import torch

from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.network import advance, empty_past


@dataclass(frozen=True)
class Cost:
    """Floating-point operations of one token: a multiplication and an addition for each weight (Kaplan et al. 2020).

    For an encoder-decoder, `fixed` and `per_context` are for a target token and `read` is for a source token.
    """

    fixed: int  # for any length of text: the matrices, and the output head where there is one
    per_context: int  # for each token attended to: its score and its part of the weighted sum, in all layers
    read: int  # for a source token, without attention to other tokens; 0 without an encoder and a decoder
    read_per_context: int  # for a source token, for each token it attends to
    per_source: int  # for each source token, in cross-attention
    kept: int  # numbers kept for each token: keys and values; 0 where there is no cache
    state: int  # numbers kept for any length: the state of a recurrent model

    def at(self, context: int) -> int:
        """Operations of a token that attends to `context` tokens, itself included."""
        return self.fixed + self.per_context * context


def cost(config: TransformerConfig) -> Cost:
    """Counted from the config, without norms, activations, softmax and position tables (a few per cent)."""
    head = 0 if config.head == "none" else 2 * config.d_model * config.vocab_size
    if config.head == "masked_lm":
        head += 2 * config.d_model**2
    if config.recurrence != "none":
        gates = 2 * 4 * config.d_model * 2 * config.d_model
        state = 2 * config.decoder_layers * config.d_model
        return Cost(config.decoder_layers * gates + head, 0, 0, 0, 0, 0, state)
    wide, narrow = config.n_heads * config.d_head, config.kv_heads * config.d_head
    queries, keys = 2 * 2 * config.d_model * wide, 2 * 2 * config.d_model * narrow  # q and o; k and v
    looked_at = 2 * 2 * wide
    block = queries + keys + 2 * (3 if config.gated else 2) * config.d_model * config.d_ff
    if config.kind != "encoder-decoder":
        layers = config.encoder_layers + config.decoder_layers
        kept = 2 * narrow * config.decoder_layers
        return Cost(layers * block + head, layers * looked_at, 0, 0, 0, kept, 0)
    decoder, encoder = config.decoder_layers, config.encoder_layers
    return Cost(
        fixed=decoder * (block + queries) + head,
        per_context=decoder * looked_at,
        read=encoder * block + decoder * keys,
        read_per_context=encoder * looked_at,
        per_source=decoder * looked_at,
        kept=2 * narrow * decoder,
        state=0,
    )


@torch.inference_mode()
def seconds_a_token(lm: LanguageModel, ids: list[int], *, source: list[int] | None = None, tokens: int = 9) -> float:
    """The median time of one more token after `ids`, with the cache or state of those before it, measured now.

    For an encoder, which reads all tokens at once: the median time of a pass over `ids`, divided by their number.
    """
    batch = torch.tensor([ids], device=lm.device)
    taken: list[float] = []
    if lm.kind == "encoder":
        for _ in range(tokens):
            began = _now(lm)
            lm.net(batch)
            taken.append((_now(lm) - began) / len(ids))
        return median(taken)
    memory = None if source is None else lm.net.encode(torch.tensor([source], device=lm.device))
    stream, past = advance(lm.net, batch, empty_past(lm.net), memory)
    most = lm.config.max_positions
    for _ in range(tokens if most is None else min(tokens, most - len(ids))):
        began = _now(lm)
        following = lm.logits(stream[:, -1]).argmax(dim=-1)[:, None] if lm.net.head is not None else batch[:, -1:]
        stream, past = advance(lm.net, following, past, memory)
        taken.append(_now(lm) - began)
    return median(taken) if taken else float("nan")


def _now(lm: LanguageModel) -> float:
    """Seconds, after all work on the device is done."""
    if lm.device.type == "cuda":
        torch.cuda.synchronize(lm.device)
    return time.perf_counter()
