"""The heads page on tiny random models of six families: every part, every closer view, and what a body cannot show."""

import numpy as np
import pytest

from analysis.head_summary import summarise
from tests.pages.driving import chart, numbers, picked, shown
from tests.pages.test_kinds import FAMILIES, charts, of, sentences, zoo  # noqa: F401  (the fixture ships the tiny models)
from ui.heads.one_head import LOOKS
from ui.maps import attention

DRAWN = {
    "value": {"raw", "valued"},
    "tokens": {"written"},
    "layer": {"mean", "most", "valued_layer"},
    "through": {"rollout", "flow"},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_view_of_every_part_is_drawn_for_every_family(family: str) -> None:
    app = of(f"tiny-{family}", "heads")
    run = shown(app)
    for kind in attention.available(run):
        app = picked(app, "part", kind.key)
        summary = summarise(run.trace, *kind.place)
        drawn = {trace["name"]: numbers(trace["customdata"]) for trace in chart(app, "head_maps")["data"]}
        np.testing.assert_allclose(drawn["Entropy"], summary.entropy, atol=1e-4)
        np.testing.assert_allclose(drawn["First token"], summary.scores.mean("first"), atol=1e-5)
        for look in LOOKS:
            app = picked(app, "look", look)
            unread = look == "tokens" and kind == attention.ENCODER and run.lm.kind == "encoder-decoder"
            assert unread or charts(app) >= DRAWN[look]
            assert not unread or "no output table reads" in sentences(app)


def test_a_body_without_an_output_head_says_that_nothing_becomes_tokens() -> None:
    app = of("body-llama", "heads", look="Tokens it writes")
    assert "nothing in its stream becomes tokens" in sentences(app)
    assert "head_maps" in charts(app)


def test_a_model_without_a_tokenizer_shows_its_ids() -> None:
    app = of("mute-bloom", "heads", text="5 6 7 5 6", look="Tokens it writes")
    assert all("#" in str(text) for text in chart(app, "written")["layout"]["yaxis"]["ticktext"])
