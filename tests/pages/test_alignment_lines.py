"""The alignment drawn as lines, lit both ways."""

import numpy as np

from tests.pages.driving import CAT, component, opened, picked, shown
from ui.components.payload import unpack


def test_lines_hold_every_head_of_the_layer_and_only_what_was_written_so_far() -> None:
    app = picked(opened("decoding", CAT, step="2"), "align_as", "lines")
    step = shown(app).steps[2]
    header, body = unpack(component(app, "alignment_lines").bytes)
    last = shown(app).lm.config.decoder_layers - 1
    expected = step.trace.attention("decoder", last, "cross").weights().numpy()
    np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(expected.shape), expected)
    assert header["queries"] == [one.token.label for one in shown(app).steps[:3]]
    assert header["keys"] == [token.label for token in step.trace.tokens("encoder")]


def test_a_chosen_head_is_drawn_alone() -> None:
    app = picked(picked(opened("decoding", CAT, step="1"), "align_as", "lines"), "align_head", "3")
    header, _ = unpack(component(app, "alignment_lines").bytes)
    assert header["head_names"] == ["3"]
