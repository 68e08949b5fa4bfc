"""One model, many sessions at once: nothing about a run lives on the model."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from model import CutEdge, SkipSublayer, ZeroHead
from model.language_model import LanguageModel
from model.tap import Edit
from tests.model.builders import CONFIGS, START, ids, random_model

EDITS: tuple[tuple[Edit, ...], ...] = (
    (),
    (ZeroHead("decoder", 0, "self", 1),),
    (CutEdge("decoder", 1, "self", 2, query=2, key=1),),
    (SkipSublayer("decoder", 1, "feed_forward"),),
)


def seen(lm: LanguageModel, thread: int) -> list[Tensor]:
    """What one session reads and writes: texts of its own length, edits of its own."""
    source, edits = ids(5 + thread, seed=thread), EDITS[thread]
    target = [START, *ids(3, seed=thread)] if lm.kind == "encoder-decoder" else None
    trace = lm.run(source, target=target, edits=edits)
    steps = list(lm.decode(source, edits=edits, max_new_tokens=4, stop=()))
    last = steps[-1].trace
    return [
        trace.logits,
        trace.attention("decoder", 1).weights(),
        trace.stream("decoder"),
        torch.tensor([step.token.id for step in steps]),
        last.attention("decoder", 0).weights(),
        last.final,
    ]


@pytest.mark.parametrize("name", ["encoder-decoder, sinusoidal", "decoder, rotary"])
def test_four_threads_on_one_model_give_four_right_traces(name: str) -> None:
    lm = random_model(CONFIGS[name])
    alone = [seen(lm, thread) for thread in range(4)]
    together = threading.Barrier(4)

    def again(thread: int) -> list[list[Tensor]]:
        found = []
        for _ in range(4):
            together.wait(timeout=60)
            found.append(seen(lm, thread))
        return found

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(again, range(4)))
    for expected, found in zip(alone, answers, strict=True):
        for run in found:
            for one, other in zip(expected, run, strict=True):
                assert torch.allclose(one, other, atol=1e-5)


def test_four_threads_step_through_four_decodes_of_one_model() -> None:
    lm = random_model(CONFIGS["encoder-decoder, relative"])
    alone = [[step.token.id for step in lm.decode(ids(4 + n), max_new_tokens=8, stop=())] for n in range(4)]
    together = threading.Barrier(4)

    def step_by_step(n: int) -> list[int]:
        generated = []
        for step in lm.decode(ids(4 + n), max_new_tokens=8, stop=()):
            generated.append(step.token.id)
            together.wait(timeout=60)
        return generated

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(step_by_step, range(4))) == alone
