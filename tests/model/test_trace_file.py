"""A trace in a file: everything comes back, and a file that is not one is refused."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file

from model import CutEdge, InputError, Trace
from model.config import Llama3Scaling, TransformerConfig
from tests.model.builders import CONFIGS, PLAIN, byte_tokenizer, ids, random_model, read_by, shaped, stacks

SCALED = replace(
    shaped("decoder", "rotary"),
    rotary_llama3=Llama3Scaling(factor=8.0, low_frequency=1.0, high_frequency=4.0, trained_positions=16),
    window=3,
    window_layers=(1,),
)


@pytest.mark.parametrize("config", [*CONFIGS.values(), SCALED], ids=[*CONFIGS, "decoder, Llama 3.1's scaling"])
def test_a_saved_trace_comes_back_whole_without_its_model(config: TransformerConfig, tmp_path: Path) -> None:
    x, target = read_by(config)
    trace = random_model(config).run(x, target=target)
    trace.save(tmp_path / "trace.safetensors")
    back = Trace.load(tmp_path / "trace.safetensors")
    assert back.config == config
    assert back.fingerprint == trace.fingerprint
    assert set(back.recording.chunks) == set(trace.recording.chunks)
    for place, site in trace.recording.chunks:
        one, other = trace.kept(place, site), back.kept(place, site)
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)
    for stack in stacks(config):
        assert back.tokens(stack) == trace.tokens(stack)
        assert torch.equal(back.stream(stack), trace.stream(stack))
        assert torch.equal(back.embedding(stack), trace.embedding(stack))
        assert (back.position(stack) is None) == (trace.position(stack) is None)
        for layer in range(config.layers(stack)):
            both = stack == "decoder" and config.kind == "encoder-decoder"
            for part in ("self", "cross") if both else ("self",):
                before, after = trace.attention(stack, layer, part), back.attention(stack, layer, part)
                assert torch.equal(before.scores(), after.scores())
                assert torch.equal(before.weights(3), after.weights(3))
                assert abs(before.difference() - after.difference()) < 1e-6
    with pytest.raises(InputError, match="logits need the model"):
        _ = back.logits


def test_with_its_model_a_trace_predicts_again(tmp_path: Path) -> None:
    lm = random_model(CONFIGS["encoder-decoder, relative"])
    trace = lm.run(ids(6), target=[1, 5, 6])
    trace.save(tmp_path / "trace.safetensors")
    back = Trace.load(tmp_path / "trace.safetensors", lm)
    assert torch.allclose(back.logits, trace.logits, atol=1e-5)
    assert torch.allclose(back.probabilities(1), trace.probabilities(1), atol=1e-6)


def test_saved_logits_need_no_model(tmp_path: Path) -> None:
    lm = random_model(PLAIN)
    trace = lm.run(ids(6))
    trace.save(str(tmp_path / "trace.safetensors"), logits=True)
    back = Trace.load(str(tmp_path / "trace.safetensors"))
    assert torch.equal(back.logits, trace.logits)
    assert torch.allclose(back.probabilities(-2), trace.probabilities(-2), atol=1e-6)
    back.save(tmp_path / "again.safetensors", logits=True)
    assert torch.equal(Trace.load(tmp_path / "again.safetensors").logits, trace.logits)


def test_a_step_of_a_decode_is_saved_as_far_as_it_had_read(tmp_path: Path) -> None:
    lm = random_model(CONFIGS["encoder-decoder, alibi"])
    edit = CutEdge("decoder", 1, "self", head=2, query=1, key=0)
    steps = list(lm.decode(ids(5), max_new_tokens=5, stop=(), edits=(edit,)))
    steps[2].trace.save(tmp_path / "trace.safetensors")
    back = Trace.load(tmp_path / "trace.safetensors", lm)
    assert len(back.tokens("decoder")) == 3
    assert torch.allclose(back.logits, steps[2].trace.logits, atol=1e-5)
    assert back.attention("decoder", 1).weights(2)[1].tolist() == [0, 1, 0]
    held = steps[2].trace.attention("decoder", 1, "cross").weights()
    assert torch.equal(back.attention("decoder", 1, "cross").weights(), held)


def test_everything_kept_and_tokens_of_a_text_come_back(tmp_path: Path) -> None:
    lm = random_model(replace(PLAIN, vocab_size=263), tokenizer=byte_tokenizer())
    trace = lm.run("lo é</s>", keep="all")
    trace.save(tmp_path / "trace.safetensors")
    back = Trace.load(tmp_path / "trace.safetensors")
    assert back.tokens("decoder") == trace.tokens("decoder")
    assert len(back.recording.chunks) == len(trace.recording.chunks)


def test_the_trace_of_another_model_is_refused(tmp_path: Path) -> None:
    random_model(PLAIN).run(ids(4)).save(tmp_path / "trace.safetensors")
    with pytest.raises(InputError, match=r"trace\.safetensors was not made by tiny: its fingerprint is another"):
        Trace.load(tmp_path / "trace.safetensors", random_model(PLAIN, seed=1))


def test_files_that_are_no_trace_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no trace at"):
        Trace.load(tmp_path / "nothing.safetensors")
    (tmp_path / "text.safetensors").write_text("not a trace", encoding="utf-8")
    with pytest.raises(InputError, match=r"text\.safetensors is no saved trace, or is damaged"):
        Trace.load(tmp_path / "text.safetensors")
    save_file({"x": torch.ones(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match="a safetensors file of another kind"):
        Trace.load(tmp_path / "weights.safetensors")


def test_a_trace_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.safetensors"
    random_model(PLAIN).run(ids(4)).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="is no saved trace, or is damaged"):
        Trace.load(path)


DAMAGE = {
    "a tensor is missing": ("decoder/0/self/q", None, "the tensor decoder/0/self/q is missing"),
    "a tensor has another shape": ("decoder/0/self/k", torch.ones(3, 3), "the tensor decoder/0/self/k is"),
    "a tensor has another type": ("decoder/final", torch.ones(4, 20, dtype=torch.int64), "torch.int64"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_tensors_that_do_not_fit_the_header_are_refused(name: str, tmp_path: Path) -> None:
    tensor, value, sentence = DAMAGE[name]
    path = tmp_path / "trace.safetensors"
    random_model(PLAIN).run(ids(4)).save(path)
    tensors = load_file(path)
    with safetensors.safe_open(path, framework="pt") as file:
        header = file.metadata()
    del tensors[tensor]
    if value is not None:
        tensors[tensor] = value
    save_file(tensors, path, metadata=header)
    with pytest.raises(InputError, match=f"damaged: .*{sentence}"):
        Trace.load(path)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("version", "9", "version 9; this program reads version 1"),
        ("config", "{", "is damaged"),
        ("config", "[]", "is damaged"),
        ("config", json.dumps({**asdict(PLAIN), "n_kv_heads": 4}), "cannot share"),
        ("config", json.dumps({**asdict(PLAIN), "unheard_of": 4}), "unheard_of"),
        ("tokens", '{"decoder": []}', "no tokens for the decoder"),
        ("tokens", '{"decoder": [{"id": 1}]}', "is damaged"),
        ("places", '{"decoder/final": ["nowhere", 0, null, "q"]}', "no place in a model"),
    ],
)
def test_headers_that_make_no_sense_are_refused(key: str, value: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.safetensors"
    random_model(PLAIN).run(ids(4)).save(path)
    with safetensors.safe_open(path, framework="pt") as file:
        header = file.metadata()
    save_file(load_file(path), path, metadata={**header, key: value})
    with pytest.raises(InputError, match=sentence):
        Trace.load(path)


def test_a_file_of_an_earlier_release_still_loads() -> None:
    """`saved_trace.safetensors` holds a run of an encoder-decoder with relative positions and its logits."""
    back = Trace.load(Path(__file__).with_name("saved_trace.safetensors"))
    assert back.config == CONFIGS["encoder-decoder, relative"]
    assert back.fingerprint == "22b3f5783f223eadee86184475dcbed7"
    assert [token.id for token in back.tokens("decoder")] == [1, 5, 6]
    weights = back.attention("decoder", 1, "cross").weights(2)[0]
    expected = torch.tensor([0.0389250, 0.2214025, 0.2591569, 0.3268923, 0.1536233])
    assert torch.allclose(weights, expected, atol=1e-6)
    most, id = back.probabilities().max(dim=0)
    assert (int(id), round(float(most), 4)) == (13, 0.6254)
    for stack, layer, part in (("encoder", 0, "self"), ("decoder", 2, "self"), ("decoder", 0, "cross")):
        assert back.attention(stack, layer, part).difference() < 1e-5


def test_a_folder_that_is_not_there_is_named_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the trace cannot be written to"):
        random_model(PLAIN).run(ids(4)).save(tmp_path / "no" / "folder" / "trace.safetensors")
