"""The logit lens: what the output head would predict from the residual stream at each layer."""

from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.uncertainty import positionwise
from model.errors import InputError
from model.trace import Trace


@dataclass(frozen=True)
class Lens:
    """One row for the input of each layer, in order, and a last row for the output of the last layer: the prediction itself."""

    top_ids: Tensor  # (layers + 1, n)
    top_probabilities: Tensor  # (layers + 1, n), of the full softmax
    entropy: Tensor  # (layers + 1,) bits
    probability: Tensor  # (layers + 1,) of the token asked for
    rank: Tensor  # (layers + 1,) of the token asked for, 1 the most probable


def lens(trace: Trace, token: int, at: int = -1, n: int = 5) -> Lens:
    """The logit lens (nostalgebraist 2020) at one position: the final norm, where the model has one, and the output head
    applied to the stream between the layers.

    The stream of a post-norm model is normalised already, so no norm is applied. Raises InputError where the checkpoint has no
    output head, or `token` or `at` is out of range.
    """
    lm, stack = trace.language_model(), trace.predicts
    time = len(trace.tokens(stack))
    if not -time <= at < time:
        raise InputError(f"position {at} is out of range: {time} tokens were read")
    if not 0 <= token < trace.config.vocab_size:
        raise InputError(f"token id {token} is out of range: the vocabulary has ids 0 to {trace.config.vocab_size - 1}")
    body = lm.net.decoder if stack == "decoder" else lm.net.encoder
    assert body is not None
    with torch.inference_mode():
        stream = trace.stream(stack)[:, at].to(lm.dtype)
        logits = lm.logits(stream if body.final_norm is None else body.final_norm(stream))
    rows = positionwise(logits, [token] * len(logits), n)
    return Lens(rows.top_ids, rows.top_probabilities, rows.entropy, rows.probability, rows.rank)
