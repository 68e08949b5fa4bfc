"""One head of a run in one call: the same figure as from arrays and labels put together by hand."""

import html
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray

import model
import viz
from viz.attention import attention_heatmap
from viz.theme import DARK, LIGHT
from viz.windows import pooled_heatmap, whole

SENTENCE, TARGET = "Je adore <b>ça</b>", "I love it"


@pytest.fixture(scope="module")
def trace() -> model.Trace:
    return model.load("transformer-fr-en", device="cpu").run(SENTENCE, target=TARGET)


def by_hand(trace: model.Trace, stack: str, part: str, layer: int, head: int, **settings: object) -> go.Figure:
    weights = trace.attention(stack, layer, part).weights(head).numpy()
    queries = trace.row_labels(stack)
    keys = [token.label for token in trace.tokens("encoder" if part == "cross" else stack)]
    return attention_heatmap(weights, queries, keys, **settings)


@pytest.mark.parametrize(
    ("stack", "part", "hidden"),
    [("encoder", "self", False), ("decoder", "self", True), ("decoder", "cross", False)],
)
def test_it_is_the_figure_made_by_hand(trace: model.Trace, stack: str, part: str, hidden: bool) -> None:
    drawn = viz.head(trace, stack, part, layer=1, head=2)
    expected = by_hand(trace, stack, part, 1, 2, theme=LIGHT, hide_future=hidden)
    assert drawn.to_dict() == expected.to_dict()
    assert np.isnan(drawn.data[0].z).any() == hidden


def test_part_is_self_attention_and_the_theme_light_unless_asked_otherwise(trace: model.Trace) -> None:
    plain = viz.head(trace, "decoder", layer=0, head=0)
    assert plain == viz.head(trace, "decoder", "self", layer=0, head=0, theme=viz.LIGHT)
    dark = viz.head(trace, "decoder", layer=0, head=0, theme=viz.DARK, scale="sqrt", palette="viridis", width=500)
    expected = by_hand(
        trace, "decoder", "self", 0, 0, theme=DARK, scale="sqrt", palette="viridis", width=500, hide_future=True
    )
    assert dark.to_dict() == expected.to_dict()


def test_a_row_of_a_decoder_is_named_by_the_token_it_writes_with_the_token_read() -> None:
    lm = model.load("transformer-fr-en", device="cpu")
    trace = lm.run(SENTENCE, target=TARGET)
    assert [token.label for token in trace.tokens("decoder")] == ["<s>", "·I", "·love", "·it"]
    following = lm.token(int(trace.probabilities(-1).argmax())).label
    assert trace.written("decoder") == ("·I", "·love", "·it", following)
    named = ("·I (<s>)", "·love (·I)", "·it (·love)", f"{following} (·it)")
    assert trace.row_labels("decoder") == named
    assert trace.row_labels("decoder", last="!")[-1] == "! (·it)"
    assert trace.row_labels("encoder") == tuple(token.label for token in trace.tokens("encoder"))
    drawn = viz.head(trace, "decoder", "cross", layer=2, head=1)
    assert [str(text) for text in drawn.layout.yaxis.ticktext] == [html.escape(label) for label in named]


def test_a_saved_trace_is_drawn_without_its_model(trace: model.Trace, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("trace") / "run.safetensors"
    trace.save(path)
    held = model.Trace.load(path)
    again = viz.head(held, "decoder", "cross", layer=2, head=7)
    assert np.array_equal(again.data[0].z, viz.head(trace, "decoder", "cross", layer=2, head=7).data[0].z)
    assert held.row_labels("decoder") == (*trace.row_labels("decoder")[:-1], "… (·it)")  # what came next is not saved


@pytest.mark.parametrize(
    ("stack", "part", "layer", "head"),
    [("encoder", "cross", 0, 0), ("decoder", "self", 3, 0), ("decoder", "self", 0, 8)],
)
def test_what_is_not_there_is_said_by_the_trace(
    trace: model.Trace, stack: str, part: str, layer: int, head: int
) -> None:
    with pytest.raises(model.InputError):
        viz.head(trace, stack, part, layer=layer, head=head)


@dataclass(frozen=True)
class Label:
    label: str


@dataclass(frozen=True)
class Uniform:
    """A run of anything that has the three methods: even attention over what came before."""

    size: int
    causal: bool = True
    asked: list[object] = field(default_factory=list)

    def tokens(self, stack: str, /) -> list[Label]:
        return [Label(f"{stack[0]}{i}") for i in range(self.size)]

    def row_labels(self, stack: str, /) -> list[str]:
        return [f"row {i}" for i in range(self.size)]

    def attention(self, stack: str, layer: int, part: str, /) -> "Uniform":
        self.asked.append((stack, layer, part))
        return self

    def weights(self, head: int, /) -> "Uniform":
        self.asked.append(head)
        return self

    def cpu(self) -> "Uniform":
        return self

    def numpy(self) -> NDArray[np.float32]:
        below = np.tri(self.size, dtype=np.float32)
        return below / below.sum(axis=1, keepdims=True)


def test_anything_with_tokens_rows_and_attention_is_drawn() -> None:
    run = Uniform(3)
    drawn = viz.head(run, "decoder", layer=4, head=5)
    assert run.asked == [("decoder", 4, "self"), 5]
    assert drawn == attention_heatmap(
        run.numpy(), ["row 0", "row 1", "row 2"], ["d0", "d1", "d2"], theme=LIGHT, hide_future=True
    )


def test_a_long_text_is_pooled() -> None:
    run = Uniform(200)
    labels = [f"d{i}" for i in range(200)]
    expected = pooled_heatmap(
        run.numpy(), run.row_labels("decoder"), labels, whole(200, 200), theme=LIGHT, hide_future=True
    )
    assert viz.head(run, "decoder", layer=0, head=0) == expected
