"""All heads on one sheet."""

import numpy as np
import pytest

from viz.head_pictures import head_pictures
from viz.theme import DARK, LIGHT


def test_every_head_stands_in_its_place_with_nothing_lost() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 4, 12, 10), dtype=np.uint8)
    fig = head_pictures(pictures, theme=LIGHT, selected=(2, 1))
    sheet = np.asarray(fig.data[0].z)
    assert sheet.shape == (3 * 13 - 1, 4 * 11 - 1)
    for layer in range(3):
        for head in range(4):
            part = sheet[layer * 13 : layer * 13 + 12, head * 11 : head * 11 + 10]
            np.testing.assert_allclose(part**2 * 255, pictures[layer, head], atol=1e-3)
    assert np.isnan(sheet).sum() == sheet.size - pictures.size
    assert list(fig.layout.yaxis.ticktext) == ["L0", "L1", "L2"]
    frame = fig.layout.shapes[0]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (10.5, 20.5, 25.5, 37.5)


def test_shares_and_bytes_give_the_same_picture() -> None:
    shares = np.linspace(0, 1, 2 * 2 * 4 * 4, dtype=np.float32).reshape(2, 2, 4, 4)
    one, other = (head_pictures(x, theme=DARK).data[0].z for x in (shares, np.rint(shares * 255).astype(np.uint8)))
    np.testing.assert_allclose(np.asarray(one) ** 2, np.asarray(other) ** 2, atol=1 / 255)


def test_changes_keep_their_sign_and_nothing_stays_blank() -> None:
    changes = np.linspace(-1, 1, 2 * 2 * 4 * 4, dtype=np.float32).reshape(2, 2, 4, 4)
    sent = (128 + np.rint(127 * changes)).astype(np.uint8)
    sent[1, 1] = 0
    one, other = (head_pictures(x, theme=LIGHT, signed=True).data[0] for x in (changes, sent))
    np.testing.assert_allclose(np.sign(one.z[:4, :4]) * one.z[:4, :4] ** 2, changes[0, 0], atol=1e-6)
    np.testing.assert_allclose(other.z[:4, :4] * np.abs(other.z[:4, :4]), changes[0, 0], atol=1 / 127)
    assert np.isnan(other.z[5:, 5:]).all()
    assert (one.zmin, one.zmax) == (-1, 1)


def test_pictures_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="layers, heads, rows, columns"):
        head_pictures(np.zeros((2, 3, 4)), theme=LIGHT)
