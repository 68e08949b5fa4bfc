"""The drawing of a block says what its config says: what it reads, what it adds, in which order, how wide."""

import json
from dataclasses import replace

import pytest

from viz.architecture import MOST_SQUARES, BlockPlan, attention, block_drawing, feed_forward, narrow
from viz.blocks import LEFT, RIGHT, STREAM
from viz.frame import summary
from viz.theme import DARK, LIGHT, Theme

PLAN = BlockPlan(
    title="Decoder block",
    layers=3,
    order="pre",
    norm="layer",
    positions="rotary",
    vocab_size=6000,
    d_model=256,
    d_head=32,
    d_ff=1024,
    n_heads=8,
    kv_heads=8,
    activation="relu",
    causal=True,
)
PLANS = {
    "pre": PLAN,
    "post": replace(PLAN, order="post", positions="learned", embed_norm=True, segments=2, final_norm=False),
    "sandwich": replace(PLAN, order="sandwich", norm="rms", qk_norm=True, window=512, window_layers=2),
    "parallel": replace(PLAN, order="parallel", gated=True, kv_heads=1),
    "parallel, two norms": replace(PLAN, order="parallel", parallel_norms=2),
    "cross": replace(PLAN, cross=True, positions="relative"),
    "encoder": replace(PLAN, causal=False, read_by_decoder=True, positions="sinusoidal", max_positions=1024),
    "mute": replace(PLAN, output=False, positions="alibi"),
}


def words(plan: BlockPlan, theme: Theme = LIGHT) -> list[str]:
    """The words of the drawing, from the bottom up."""
    drawn = block_drawing(plan, theme=theme).to_dict()["layout"]["annotations"]
    texts = sorted((a for a in drawn if a["text"]), key=lambda a: a["y"])
    return [a["text"].replace("<b>", "").replace("</b>", "") for a in texts]


def norms(plan: BlockPlan) -> int:
    return sum("norm" in text and "are normalised" not in text for text in words(plan))


def squares(plan: BlockPlan, colour: str) -> list[dict]:
    shapes = block_drawing(plan, theme=LIGHT).to_dict()["layout"]["shapes"]
    return [shape for shape in shapes if shape.get("fillcolor") == colour]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("pre", 3),
        ("post", 3),
        ("sandwich", 5),
        ("parallel", 2),
        ("parallel, two norms", 3),
        ("cross", 4),
        ("encoder", 3),
    ],
)
def test_there_are_as_many_norms_as_the_order_asks_for(name: str, count: int) -> None:
    assert norms(PLANS[name]) == count


def test_pre_norm_stands_below_its_sublayer_and_post_norm_above() -> None:
    before, after = words(PLAN), words(replace(PLAN, order="post", final_norm=False))
    assert before.index("layer norm") < before.index("masked self-attention")
    assert after.index("layer norm") > after.index("masked self-attention")


def test_a_norm_after_the_sum_is_passed_by_the_stream_itself() -> None:
    def on_stream(plan: BlockPlan) -> int:
        shapes = block_drawing(plan, theme=LIGHT).to_dict()["layout"]["shapes"]
        return sum(shape.get("x0") == LEFT < STREAM < RIGHT == shape.get("x1") for shape in shapes)

    bare = replace(PLAN, final_norm=False)
    assert on_stream(replace(bare, order="post")) - on_stream(bare) == 2


@pytest.mark.parametrize(("name", "sums"), [("pre", 2), ("cross", 3), ("parallel", 1), ("post", 4), ("encoder", 3)])
def test_each_answer_and_each_added_vector_has_its_sum_on_the_stream(name: str, sums: int) -> None:
    circles = block_drawing(PLANS[name], theme=LIGHT).to_dict()["data"][0]
    assert circles["x"] == [STREAM] * sums
    assert len(set(circles["y"])) == sums


def test_parallel_sublayers_stand_side_by_side_at_one_height() -> None:
    def heights(plan: BlockPlan) -> tuple[float, float]:
        drawn = block_drawing(plan, theme=LIGHT).to_dict()["layout"]["annotations"]
        found = {a["text"]: a["y"] for a in drawn}
        return found["<b>masked self-attention</b>"], found["<b>feed-forward</b>"]

    left, right = heights(PLANS["parallel"])
    assert left == right
    lower, upper = heights(PLAN)
    assert lower < upper


@pytest.mark.parametrize(("heads", "key_heads"), [(8, 8), (32, 8), (16, 1), (MOST_SQUARES, 2)])
def test_every_head_is_drawn_and_a_key_head_is_as_wide_as_the_queries_that_share_it(heads: int, key_heads: int) -> None:
    plan = replace(PLAN, n_heads=heads, kv_heads=key_heads)
    queries, keys = squares(plan, LIGHT.query), squares(plan, LIGHT.key)
    assert (len(queries), len(keys)) == (heads, key_heads)
    shared = heads // key_heads
    for i, key in enumerate(keys):
        first, last = queries[i * shared], queries[(i + 1) * shared - 1]
        assert key["x0"] + key["x1"] == pytest.approx(first["x0"] + last["x1"])
        assert key["x1"] - key["x0"] == pytest.approx(last["x1"] - first["x0"], abs=0.8)


def test_more_heads_than_can_be_told_apart_are_a_number() -> None:
    plan = replace(PLAN, n_heads=96, kv_heads=96)
    assert squares(plan, LIGHT.query) == []
    assert any("96 query heads" in text for text in words(plan))


def test_heads_that_share_keys_say_so() -> None:
    assert any("8 key and value heads, 4 queries each" in text for text in words(replace(PLAN, n_heads=32)))


@pytest.mark.parametrize(
    ("positions", "says"),
    [("rotary", "rotate with position"), ("alibi", "fall with distance"), ("relative", "bias for each distance")],
)
def test_positions_that_work_inside_attention_are_named_inside_it(positions: str, says: str) -> None:
    box = attention(replace(PLAN, positions=positions), LIGHT)  # type: ignore[arg-type]
    assert [colour for row, colour in box.rows if says in row] == [LIGHT.position]


@pytest.mark.parametrize(
    ("positions", "says"), [("learned", "learned, 512 places"), ("sinusoidal", "fixed waves, 512 places")]
)
def test_positions_that_are_added_stand_before_the_first_block(positions: str, says: str) -> None:
    texts = words(replace(PLAN, positions=positions, max_positions=512))  # type: ignore[arg-type]
    assert texts.index(says) < texts.index("masked self-attention")
    assert not any("position" in row for row, _ in attention(replace(PLAN, positions=positions), LIGHT).rows)  # type: ignore[arg-type]


def test_no_positions_are_drawn_where_there_are_none() -> None:
    assert not any("position" in text or "distance" in text for text in words(replace(PLAN, positions="none")))


def test_the_feed_forward_is_as_wide_as_d_ff_against_d_model_and_splits_where_it_is_gated() -> None:
    def slopes(plan: BlockPlan) -> int:
        shapes = block_drawing(plan, theme=LIGHT).to_dict()["layout"]["shapes"]
        return sum(shape["type"] == "path" and shape["path"].endswith("Z") for shape in shapes)

    assert (slopes(PLAN), slopes(replace(PLAN, gated=True))) == (2, 3)
    assert feed_forward(PLAN, LIGHT).rows[0][0] == "256 → 1,024 → 256"
    assert feed_forward(replace(PLAN, gated=True, activation="silu"), LIGHT).rows[1][0] == "silu(gate) × up"


def test_tied_and_untied_outputs_are_told_apart() -> None:
    assert any("(tied)" in text for text in words(PLAN))
    assert any("not tied" in text for text in words(replace(PLAN, tied=False)))
    assert not any("tied" in text for text in words(PLANS["mute"]))
    assert not any("tied" in text for text in words(PLANS["encoder"]))


def test_only_a_decoder_hides_what_comes_later() -> None:
    assert "masked self-attention" in words(PLAN)
    assert "self-attention" in words(PLANS["encoder"])


def test_the_block_says_how_often_it_is_repeated() -> None:
    assert "× 3" in words(PLAN)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_stay_apart_and_inside_the_figure(name: str, theme: Theme) -> None:
    layout = block_drawing(PLANS[name], theme=theme).to_dict()["layout"]
    low, high = layout["yaxis"]["range"]
    places = [(a["x"], a["y"]) for a in layout["annotations"] if a["text"]]
    assert all(low < y < high and 0 < x < 100 for x, y in places)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", PLANS)
def test_words_fit_their_boxes_at_420_pixels(name: str) -> None:
    """The chart is 380 px wide there; 11 px type takes about 5.6 px a character, and half a block is 40 units of 100."""
    plan = PLANS[name]
    boxes = [attention(plan, LIGHT), feed_forward(plan, LIGHT)]
    half = plan.order == "parallel"
    room = 380 * (0.37 if half else 0.76)
    for box in [narrow(box) for box in boxes] if half else boxes:
        assert all(len(row) * 5.6 < room for row, _ in box.rows)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_is_the_theme_s_own(theme: Theme) -> None:
    other = DARK if theme is LIGHT else LIGHT
    drawn = block_drawing(PLAN, theme=theme).to_dict()
    sent = json.dumps(
        {"data": drawn["data"], "words": drawn["layout"]["annotations"], "shapes": drawn["layout"]["shapes"]}
    )
    assert theme.accent in sent
    assert not any(colour in sent for colour in (other.accent, other.text, other.muted, other.query, other.key))


def test_every_box_explains_itself_on_hover() -> None:
    drawn = block_drawing(PLANS["cross"], theme=LIGHT).to_dict()["layout"]["annotations"]
    assert all(a["hovertext"] for a in drawn if a["text"])


def test_the_description_says_what_the_drawing_shows() -> None:
    said = summary(block_drawing(replace(PLAN, n_heads=32, tied=False), theme=LIGHT))
    assert "3 times" in said
    assert "32 query heads on 8 key heads" in said
    assert "own table" in said


@pytest.mark.parametrize("name", PLANS)
def test_no_line_runs_over_the_plus_of_a_sum(name: str) -> None:
    """Plotly draws shapes over traces unless they say otherwise: over a "+" the stream's line leaves a "−" to see."""
    drawn = block_drawing(PLANS[name], theme=LIGHT).to_dict()
    sums = drawn["data"][0]
    lines = [shape for shape in drawn["layout"]["shapes"] if shape["type"] == "path" and "fillcolor" not in shape]
    assert set(sums["text"]) == {"+"}
    assert lines
    assert {shape["layer"] for shape in lines} == {"below"}
