"""Three ways to one answer: the fused kernel, the explicit path of a run, and the pattern a trace derives."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from model.attention import Geometry, fused, mix, scores, weigh
from model.edits import CutEdge
from model.positions import AlibiBias, Bias, alibi_slopes
from model.tap import Place
from model.transformer import Transformer
from tests.model.builders import CONFIGS, PLAIN, random_model, random_net, read_by, shaped, stacks

BATCH, HEADS, D_HEAD, TIME = 2, 6, 4, 7
PADDED = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])
GEOMETRIES = {
    "everything": Geometry(torch.arange(TIME), torch.arange(TIME)),
    "causal": Geometry(torch.arange(TIME), torch.arange(TIME), causal=True),
    "causal, the last rows": Geometry(torch.arange(4, TIME), torch.arange(TIME), causal=True),
    "causal, one row": Geometry(torch.arange(6, TIME), torch.arange(TIME), causal=True),
    "causal window": Geometry(torch.arange(TIME), torch.arange(TIME), causal=True, window=3),
    "causal window, one row": Geometry(torch.arange(6, TIME), torch.arange(TIME), causal=True, window=3),
    "window on both sides": Geometry(torch.arange(TIME), torch.arange(TIME), window=2),
    "padding": Geometry(torch.arange(TIME), torch.arange(TIME), real=PADDED),
    "causal padding": Geometry(torch.arange(TIME), torch.arange(TIME), causal=True, real=PADDED),
    "another text": Geometry(torch.arange(3), torch.arange(TIME), real=PADDED),
}
BIASES: dict[str, Bias | None] = {"no bias": None, "bias": AlibiBias(alibi_slopes(HEADS))}


def qkv(queries: int, kv_heads: int = HEADS) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    q = torch.randn(BATCH, HEADS, queries, D_HEAD)
    return q, torch.randn(BATCH, kv_heads, TIME, D_HEAD), torch.randn(BATCH, kv_heads, TIME, D_HEAD)


@pytest.mark.parametrize("kv_heads", [6, 3, 1])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("name", GEOMETRIES)
def test_the_fused_kernel_mixes_what_the_explicit_path_mixes(name: str, bias: str, kv_heads: int) -> None:
    geometry = replace(GEOMETRIES[name], bias=BIASES[bias], _built={})
    q, k, v = qkv(len(geometry.query_at), kv_heads)
    weights = weigh(scores(q, k, 0.5, geometry.added(), geometry.visible()))
    assert (mix(weights, v) - fused(q, k, v, 0.5, geometry)).abs().max() < 1e-5
    assert (weights.sum(dim=-1) - 1).abs().max() < 1e-6
    hidden = ~geometry.visible().expand_as(weights)
    assert (weights[hidden] == 0).all()
    assert (weights[~hidden] > 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("causal", [False, True])
def test_a_row_with_no_key_left_mixes_nothing_in_either_path(causal: bool, bias: str, dtype: torch.dtype) -> None:
    real = torch.tensor([[True] * TIME, [False, False] + [True] * (TIME - 2)])
    if not causal:
        real[1] = False
    geometry = Geometry(torch.arange(TIME), torch.arange(TIME), causal, real=real, bias=BIASES[bias])
    q, k, v = (x.to(dtype) for x in qkv(TIME))
    weights = weigh(scores(q, k, 0.5, geometry.added(), geometry.visible()))
    rows = slice(0, 2) if causal else slice(None)
    assert (weights[1, :, rows] == 0).all()
    for z in (mix(weights, v), fused(q, k, v, 0.5, geometry)):
        assert (z[1, :, rows] == 0).all()
        assert z[0].abs().min() > 0
        assert z.isfinite().all()


def test_a_row_whose_only_key_is_cut_weighs_and_mixes_nothing() -> None:
    edit = CutEdge("decoder", 1, "self", head=2, query=0, key=0)
    lm = random_model(PLAIN)
    trace = lm.run([5, 6, 7], edits=(edit,))
    attention = trace.attention("decoder", 1)
    assert (attention.weights(2)[0] == 0).all()
    assert (attention.mixed[2, 0] == 0).all()
    assert attention.weights(1)[0, 0] == 1
    assert trace.logits.isfinite().all()


@pytest.mark.parametrize("name", CONFIGS)
def test_patterns_worked_out_from_a_trace_are_those_of_the_explicit_path(name: str) -> None:
    config = CONFIGS[name]
    lm = random_model(config)
    x, target = read_by(config, time=9, source=11)
    plain, explicit = lm.run(x, target=target), lm.run(x, target=target, keep="all")
    for stack in stacks(config):
        for layer in range(config.layers(stack)):
            both = stack == "decoder" and config.kind == "encoder-decoder"
            for part in ("self", "cross") if both else ("self",):
                derived = plain.attention(stack, layer, part)
                held = explicit.kept(Place(stack, layer, part), "weights")
                assert held is not None
                assert (derived.weights() - held).abs().max() < 1e-5
                assert (derived.weights(4) - held[4]).abs().max() < 1e-5
                assert (derived.weights()[:, ~derived.visible] == 0).all()
                assert (derived.weights().sum(dim=-1) - 1).abs().max() < 1e-5
                assert derived.difference() < 1e-5


@pytest.mark.parametrize("name", CONFIGS)
def test_a_padded_batch_gives_each_text_what_it_gets_alone(name: str) -> None:
    config = CONFIGS[name]
    net = random_net(config)
    torch.manual_seed(1)
    tokens = torch.randint(3, config.vocab_size, (2, 9))
    real = torch.ones(2, 9, dtype=torch.bool)
    real[1, 6:] = False
    if config.kind == "encoder-decoder":
        source, source_real = torch.randint(3, config.vocab_size, (2, 8)), torch.ones(2, 8, dtype=torch.bool)
        source_real[1, 5:] = False
        together = net(tokens, source, real=real, source_real=source_real)
        alone = net(tokens[1:, :6], source[1:, :5])
    else:
        together, alone = net(tokens, real=real), net(tokens[1:, :6])
    assert (together[1, :6] - alone[0]).abs().max() < 1e-5
    assert together.isfinite().all()


def test_left_padding_leaves_nothing_undefined() -> None:
    net: Transformer = random_net(shaped("decoder", "rotary"))
    real = torch.tensor([[False, False, True, True, True]])
    assert net(torch.tensor([[0, 0, 5, 6, 7]]), real=real).isfinite().all()


def test_an_out_of_range_head_is_refused_in_a_sentence() -> None:
    attention = random_model(PLAIN).run([5, 6]).attention("decoder", 0)
    with pytest.raises(ValueError, match="head 6 is out of range: this layer has heads 0 to 5"):
        attention.weights(6)
    with pytest.raises(ValueError, match="head -1 is out of range"):
        attention.scores(-1)
