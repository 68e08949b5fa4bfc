"""Rank agreement against SciPy, which knows it independently."""

import numpy as np
import pytest
from scipy import stats

from analysis.agreement import rank_agreement, ranks, spearman


@pytest.mark.parametrize("seed", range(4))
def test_it_is_scipys_spearman_with_ties_and_without(seed: int) -> None:
    random = np.random.default_rng(seed)
    one = random.integers(0, 6, 40).astype(float) if seed % 2 else random.normal(size=40)
    other = one + random.normal(size=40)
    assert spearman(one, other) == pytest.approx(float(stats.spearmanr(one, other).statistic))
    np.testing.assert_allclose(ranks(one), stats.rankdata(one))


def test_only_the_order_counts() -> None:
    values = np.array([0.1, 5.0, -3.0, 2.0])
    assert spearman(values, values**3) == pytest.approx(1)
    assert spearman(values, -np.exp(values)) == pytest.approx(-1)


def test_equal_values_rank_nothing() -> None:
    assert np.isnan(spearman(np.ones(4), np.arange(4.0)))


def test_every_pair_of_rows_is_compared() -> None:
    columns = np.array([[1.0, 2, 3, 4], [4, 3, 2, 1], [1, 3, 2, 4]])
    expected = [[1, -1, 0.8], [-1, 1, -0.8], [0.8, -0.8, 1]]
    np.testing.assert_allclose(rank_agreement(columns), expected)


def test_values_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="not two numbers"):
        spearman(np.arange(3.0), np.arange(4.0))
