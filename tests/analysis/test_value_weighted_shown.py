"""Value-weighted attention over words against vectors added up one by one."""

import numpy as np
import pytest
import torch

from analysis.merging import Reshaping, axis
from analysis.value_weighted import value_weighted, value_weighted_layer, value_weighted_shown, values_written
from analysis.words import Word, alone
from tests.model.builders import CONFIGS, random_model, read_by

WORDS = [Word("ab", 0, 2), Word("c", 2, 3), Word("def", 3, 6), Word("g", 6, 7)]


def whole(size: int) -> list[Word]:
    return [Word(str(i), i, i + 1) for i in range(size)]


@pytest.mark.parametrize("renormalise", [False, True])
@pytest.mark.parametrize("heads", [[2], [0, 1, 2, 3, 4, 5]])
def test_a_word_hands_over_the_sum_of_its_pieces_vectors_and_takes_their_mean(
    heads: list[int], renormalise: bool
) -> None:
    x, target = read_by(CONFIGS["encoder-decoder, relative"], time=5, source=7)
    trace = random_model(CONFIGS["encoder-decoder, relative"]).run(x, target=target)
    hidden = [i == 4 for i in range(7)]
    shape = Reshaping(axis([*whole(5)[:3], Word("de", 3, 5)], [False] * 5), axis(WORDS, hidden), renormalise)
    found = value_weighted_shown(trace, "decoder", 1, "cross", heads, shape)
    total = np.zeros((4, 4, trace.config.d_model))
    for head in heads:
        weights = trace.attention("decoder", 1, "cross").weights(head).numpy().astype(np.float64)
        weights[:, hidden] = 0
        if renormalise:
            weights /= weights.sum(axis=1, keepdims=True)
        vectors = values_written(trace, "decoder", 1, "cross", head).numpy()
        for q, asking in enumerate(([0], [1], [2], [3, 4])):
            for k, asked in enumerate(([0, 1], [2], [3, 5], [6])):
                total[q, k] += sum(weights[i, j] * vectors[j] for i in asking for j in asked) / len(asking)
    np.testing.assert_allclose(found, np.linalg.norm(total, axis=-1), rtol=1e-4, atol=1e-6)


def test_without_words_of_several_pieces_it_is_that_of_the_pieces_left() -> None:
    x, _ = read_by(CONFIGS["decoder, rotary"], time=5, source=7)
    trace = random_model(CONFIGS["decoder, rotary"]).run(x)
    tokens = trace.tokens("decoder")
    side = axis(alone(tokens), [i == 0 for i in range(len(tokens))])
    shape = Reshaping(side, side)
    one = value_weighted_shown(trace, "decoder", 0, "self", [3], shape)
    torch.testing.assert_close(
        torch.tensor(one), value_weighted(trace, "decoder", 0, "self", 3)[1:, 1:], atol=1e-5, rtol=1e-4
    )
    every = value_weighted_shown(trace, "decoder", 0, "self", range(6), shape)
    layer = value_weighted_layer(trace, "decoder", 0, "self")[1:, 1:]
    torch.testing.assert_close(torch.tensor(every), layer, atol=1e-5, rtol=1e-4)
