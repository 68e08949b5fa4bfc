"""Greedy decoding in batches, for evaluation. The app decodes step by step, with the same answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from model.cache import Cache
from model.transformer import Transformer

BATCH = 64


@dataclass(frozen=True)
class Marks:
    """The ids for padding a source, starting a target and ending it."""

    pad: int
    start: int
    end: int


@torch.inference_mode()
def greedy(net: Transformer, marks: Marks, sources: Sequence[Sequence[int]], limits: Sequence[int]) -> list[list[int]]:
    """The ids of each answer: the most probable piece at every step, until the end token or the source's limit."""
    assert net.head is not None
    device = net.tokens.weight.device
    longest = max(len(source) for source in sources)
    source = torch.tensor([[*ids, *[marks.pad] * (longest - len(ids))] for ids in sources], device=device)
    most = torch.tensor(list(limits), device=device)
    real = source != marks.pad
    memory = net.encode(source, real=real)  # (batch, key, d_model)
    cache = Cache.empty(net.config.decoder_layers)
    chosen = torch.full((len(sources),), marks.start, device=device)
    written: list[torch.Tensor] = []
    ended = torch.zeros(len(sources), dtype=torch.bool, device=device)
    while not ended.all():
        stream, cache = net.advance(chosen[:, None], cache, memory, memory_real=real)
        chosen = net.head(stream[:, -1]).argmax(dim=-1)
        written.append(chosen)  # ids after a row's end are removed below
        ended |= (chosen == marks.end) | (len(written) >= most)
    rows = torch.stack(written, dim=1).tolist()
    return [until(row[:limit], marks.end) for row, limit in zip(rows, limits, strict=True)]


def until(ids: list[int], end: int) -> list[int]:
    """The ids before the first end token."""
    return ids[: ids.index(end)] if end in ids else ids


def write(
    net: Transformer,
    tokenizer: Tokenizer,
    marks: Marks,
    texts: Sequence[str],
    limit: Callable[[int], int],
    *,
    skip_special_tokens: bool = True,
) -> list[str]:
    """The greedy answer to each text, in order. `limit` gives the most pieces of an answer from the pieces of the text."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
    by_length = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    answers = [""] * len(ids)
    for first in range(0, len(by_length), BATCH):
        chosen = by_length[first : first + BATCH]
        written = greedy(net, marks, [ids[i] for i in chosen], [limit(len(ids[i])) for i in chosen])
        for i, text in zip(chosen, tokenizer.decode_batch(written, skip_special_tokens), strict=True):
            answers[i] = text
    return answers
