"""Greedy translation in batches, for evaluation. The app decodes step by step, with the same answer."""

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer

from model.cache import Cache
from model.transformer import Transformer
from training.tokenizer import END, PAD, START, piece_id

BATCH = 64
LIMIT_FACTOR, LIMIT_EXTRA = 2, 10  # no translation grows past twice its source and ten pieces


def length_limit(source_pieces: int) -> int:
    """The most pieces a translation may have: decoding odd input ends there if the end token never comes."""
    return LIMIT_FACTOR * source_pieces + LIMIT_EXTRA


def translate(net: Transformer, tokenizer: Tokenizer, sentences: Sequence[str]) -> list[str]:
    """The greedy translation of each sentence, in order."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(sentences))]
    by_length = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    texts = [""] * len(ids)
    for first in range(0, len(by_length), BATCH):
        chosen = by_length[first : first + BATCH]
        written = greedy(net, tokenizer, [ids[i] for i in chosen])
        for i, text in zip(chosen, tokenizer.decode_batch(written), strict=True):
            texts[i] = text
    return texts


@torch.inference_mode()
def greedy(net: Transformer, tokenizer: Tokenizer, sources: Sequence[Sequence[int]]) -> list[list[int]]:
    """The most probable piece at every step, until the end token or each source's own limit."""
    assert net.head is not None
    device = net.tokens.weight.device
    pad, end, start = (piece_id(tokenizer, piece) for piece in (PAD, END, START))
    longest = max(len(source) for source in sources)
    source = torch.tensor([[*ids, *[pad] * (longest - len(ids))] for ids in sources], device=device)
    limits = torch.tensor([length_limit(len(ids)) for ids in sources], device=device)
    real = source != pad
    memory = net.encode(source, real=real)  # (batch, key, d_model)
    cache = Cache.empty(net.config.decoder_layers)
    chosen = torch.full((len(sources),), start, device=device)
    written: list[torch.Tensor] = []
    ended = torch.zeros(len(sources), dtype=torch.bool, device=device)
    while not ended.all():
        stream, cache = net.advance(chosen[:, None], cache, memory, memory_real=real)
        chosen = net.head(stream[:, -1]).argmax(dim=-1)
        written.append(chosen)  # what follows a row's end is thrown away below
        ended |= (chosen == end) | (len(written) >= limits)
    rows = torch.stack(written, dim=1).tolist()
    return [until(row[: length_limit(len(ids))], end) for row, ids in zip(rows, sources, strict=True)]


def until(ids: list[int], end: int) -> list[int]:
    """The ids before the first end token."""
    return ids[: ids.index(end)] if end in ids else ids
