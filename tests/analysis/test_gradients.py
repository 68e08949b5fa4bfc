"""Gradient x attention against finite differences, and its sums against the head's answer."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from analysis.gradients import attention_places, gradient_x_attention, heads_gradient_x_attention
from analysis.knock_out import BITS, Prediction, log_probability
from model import CutEdge, InputError, ZeroHead
from model.config import Kind, Scheme
from model.edits import AttentionPart
from model.language_model import LanguageModel
from model.tap import Edit, Place, Site, StackName
from tests.model.builders import KINDS, random_model, read_by, shaped

STEP = 0.02  # float32 forward: large enough against rounding, small enough for a straight line
PLACES: list[tuple[Kind, StackName, AttentionPart, int]] = [
    ("encoder", "encoder", "self", 0),
    ("decoder", "decoder", "self", 1),
    ("encoder-decoder", "encoder", "self", 1),
    ("encoder-decoder", "decoder", "self", 2),
    ("encoder-decoder", "decoder", "cross", 0),
]


@dataclass(frozen=True)
class Scaled:
    """Multiplies entries of one tensor."""

    place: Place
    site: Site
    at: tuple[int, ...]  # head, and query and key where there is one weight to scale
    by: float

    def apply(self, x: Tensor, queries: Tensor, keys: Tensor | None) -> Tensor:
        x = x.clone()
        x[(slice(None), *self.at)] *= self.by
        return x


def asked(kind: Kind, positions: Scheme = "learned") -> tuple[LanguageModel, Prediction]:
    config = shaped(kind, positions)
    x, target = read_by(config)
    read, source = (x, None) if target is None else (target, x)
    targets = ((3, 11), (len(read) - 1, 7))
    return random_model(config), Prediction(tuple(read), targets, None if source is None else tuple(source))


def slope(
    lm: LanguageModel, prediction: Prediction, place: Place, site: Site, at: tuple[int, ...], *also: Edit
) -> float:
    """d(log2 p)/d(factor) at factor 1, by two runs of the whole model."""
    up, down = (log_probability(lm, prediction, (*also, Scaled(place, site, at, 1 + sign * STEP))) for sign in (1, -1))
    return (up - down) / (2 * STEP)


@pytest.mark.parametrize(("kind", "stack", "part", "layer"), PLACES)
def test_weight_times_gradient_is_what_scaling_the_weight_does(
    kind: Kind, stack: StackName, part: AttentionPart, layer: int
) -> None:
    lm, prediction = asked(kind)
    products = gradient_x_attention(lm, prediction, stack, layer, part)
    place = Place(stack, layer, part)
    strongest = products.abs().flatten().topk(6).indices
    for flat in strongest.tolist():
        at = tuple(int(i) for i in torch.unravel_index(torch.tensor(flat), products.shape))
        assert float(products[at]) == pytest.approx(slope(lm, prediction, place, "weights", at), rel=0.03, abs=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_heads_sum_is_what_scaling_its_answer_does(kind: Kind) -> None:
    lm, prediction = asked(kind, "relative")
    for (stack, part), table in heads_gradient_x_attention(lm, prediction).items():
        layer, head = divmod(int(table.abs().argmax()), table.shape[1])
        found = slope(lm, prediction, Place(stack, layer, part), "mixed", (head,))
        assert abs(found) > 1e-3
        assert float(table[layer, head]) == pytest.approx(found, rel=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_and_the_patterns_give_the_same_sums(kind: Kind) -> None:
    lm, prediction = asked(kind)
    tables = heads_gradient_x_attention(lm, prediction)
    for (stack, part), table in tables.items():
        for layer in range(len(table)):
            pattern = gradient_x_attention(lm, prediction, stack, layer, part).sum(dim=(-2, -1))
            assert (pattern - table[layer]).abs().max() < 1e-5
    assert sum(len(table) for table in tables.values()) == len(attention_places(lm))


def test_what_a_prediction_cannot_see_has_no_gradient() -> None:
    lm, prediction = asked("decoder")
    early = replace(prediction, targets=((1, 11),))
    products = gradient_x_attention(lm, early, "decoder", 1, "self")
    assert (products[:, 2:] == 0).all()
    assert (products[:, 1, :2] != 0).all()


def test_gradients_are_taken_with_the_edits_in_force() -> None:
    lm, prediction = asked("decoder")
    edits = (ZeroHead("decoder", 0, "self", 2), CutEdge("decoder", 0, "self", 1, query=4, key=2))
    table = heads_gradient_x_attention(lm, prediction, edits=edits)[("decoder", "self")]
    assert table[0, 2] == 0
    pattern = gradient_x_attention(lm, prediction, "decoder", 0, "self", edits=edits)
    assert pattern[1, 4, 2] == 0
    found = slope(lm, prediction, Place("decoder", 1, "self"), "mixed", (3,), *edits)
    assert float(table[1, 3]) == pytest.approx(found, rel=0.03, abs=2e-4)


def test_a_query_with_every_key_cut_leaves_the_gradients_finite() -> None:
    lm, prediction = asked("encoder")
    edits = tuple(CutEdge("encoder", 1, "self", 0, query=3, key=key) for key in range(5))
    assert all(
        bool(table.isfinite().all()) for table in heads_gradient_x_attention(lm, prediction, edits=edits).values()
    )


def test_nothing_stays_on_the_model_and_no_mode_is_left_on() -> None:
    lm, prediction = asked("decoder")
    with torch.inference_mode():
        heads_gradient_x_attention(lm, prediction)
        assert torch.is_inference_mode_enabled()
    assert all(parameter.grad is None for parameter in lm.net.parameters())
    assert not heads_gradient_x_attention(lm, prediction)[("decoder", "self")].requires_grad


def test_a_sublayer_that_is_not_there_is_refused_in_a_sentence() -> None:
    lm, prediction = asked("decoder")
    with pytest.raises(InputError, match='the decoder has no "cross" sublayer'):
        gradient_x_attention(lm, prediction, "decoder", 0, "cross")


def test_bits_are_nats_over_the_logarithm_of_two() -> None:
    assert pytest.approx(2.0) == 2 ** (BITS * 0.6931471805599453)
