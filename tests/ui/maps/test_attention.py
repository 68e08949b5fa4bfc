"""Which head a page begins with, and what is said of it."""

import numpy as np

from ui.maps.pickers import sharpest
from ui.maps.thumbnails import strongest


def test_the_sharpest_head_puts_most_of_each_row_on_one_key() -> None:
    flat = np.full((3, 4), 0.25, dtype=np.float32)
    sharp = np.eye(3, 4, dtype=np.float32)
    assert sharpest(np.stack([flat, sharp, flat])) == 1


def test_the_strongest_pair_is_named_with_its_share() -> None:
    weights = np.array([[0.9, 0.1], [0.5, 0.5]], dtype=np.float32)
    assert strongest(weights, ("a", "b"), ("x", "y")) == "“a” → “x” 90.0%"


def test_a_sink_is_called_one_and_is_not_the_strongest_pair() -> None:
    weights = np.tile(np.array([[0.8, 0.15, 0.05]], dtype=np.float32), (5, 1))
    said = strongest(weights, tuple("abcde"), ("<s>", "y", "z"))
    assert said == "“a” → “y” 15.0% · sink “<s>” 80.0%"
