"""What a token costs: multiplications and additions, bytes kept for it, and the time it takes here."""

import time
from dataclasses import dataclass
from statistics import median

import torch

from model.config import TransformerConfig
from model.language_model import LanguageModel
from model.network import advance, empty_past


@dataclass(frozen=True)
class Cost:
    """Per token, in floating-point operations: a multiplication and an addition for each weight (Kaplan et al. 2020).

    For an encoder-decoder `fixed` and `per_context` are of a token written, and `read` is of a token of its source.
    """

    fixed: int  # whatever the length of the text: the maps, and the output head where there is one
    per_context: int  # more for each token looked at: its score and its share of the mixture, in all layers
    read: (
        int  # of a source's token, without what it costs to look at the others; 0 without an encoder beside the decoder
    )
    read_per_context: int
    per_source: int  # more for each token of the source, in cross-attention
    kept: int  # numbers kept for each token read: keys and values; 0 where nothing is looked back at
    state: int  # numbers kept whatever the length: a recurrent model's state

    def at(self, context: int) -> int:
        """Operations of a token that looks at `context` tokens, itself included."""
        return self.fixed + self.per_context * context


def cost(config: TransformerConfig) -> Cost:
    """Counted from the config; norms, activations, softmax and position tables, a few per cent, are left out."""
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
    """The median time to read one token more after `ids`, with the cache or state of those before it, on this machine now.

    For an encoder, which reads all at once, the median time of a pass over `ids` divided by their number.
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
    """Seconds, once everything asked of the device is done."""
    if lm.device.type == "cuda":
        torch.cuda.synchronize(lm.device)
    return time.perf_counter()
