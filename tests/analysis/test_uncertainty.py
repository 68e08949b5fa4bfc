import math

import pytest
import torch

from analysis.uncertainty import positionwise, tempered


def test_a_uniform_softmax_has_the_entropy_of_its_size_and_surprises_by_as_much():
    read = positionwise(torch.zeros(2, 8), [3, None], n=3)
    assert read.entropy.tolist() == pytest.approx([3.0, 3.0])
    assert read.surprisal[0].item() == pytest.approx(3.0)
    assert math.isnan(read.surprisal[1].item())
    assert read.rank.tolist() == [1, 0]


def test_rank_counts_the_tokens_that_were_more_probable():
    read = positionwise(torch.tensor([[3.0, 1.0, 2.0, 0.0]]), [1], n=2)
    assert read.rank.tolist() == [3]
    assert read.top_ids.tolist() == [[0, 2]]
    assert read.probability[0].item() == pytest.approx(torch.tensor([3.0, 1.0, 2.0, 0.0]).softmax(0)[1].item())


def test_blocks_change_nothing():
    torch.manual_seed(0)
    logits, came = torch.randn(7, 11), [1, 2, None, 4, 5, 6, 0]
    whole, parts = positionwise(logits, came, block=100), positionwise(logits, came, block=3)
    assert torch.allclose(whole.surprisal, parts.surprisal, equal_nan=True)
    assert torch.equal(whole.top_ids, parts.top_ids)


def test_an_impossible_token_does_not_spoil_the_entropy():
    read = positionwise(torch.tensor([[0.0, float("-inf"), 0.0]]), [0])
    assert read.entropy.item() == pytest.approx(1.0)


def test_low_temperature_sharpens_and_high_flattens():
    shares = tempered(torch.tensor([2.0, 1.0, 0.0]), torch.tensor([0.5, 1.0, 4.0]))[:, 0]
    assert shares[0] > shares[1] > shares[2] > 1 / 3


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        tempered(torch.zeros(3), torch.tensor([0.0]))
