"""The recurrent kind: its own layout loads, it runs, decodes and searches as the others do, and says what it lacks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import model
from model.network import advance, build, empty_past
from model.recurrent import Recurrent, State
from model.tap import Place
from tests.model.builders import ids
from tests.model.lstm_checkpoint import CONFIG, LAYERS, VOCAB, WIDTH, Tensors, save, tensors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("zoo") / "lstm", tensors())


@pytest.fixture(scope="module")
def lm(folder: Path) -> model.LanguageModel:
    return model.load(folder, device="cpu")


def by_hand(held: Tensors, read: list[int]) -> torch.Tensor:
    """(time, vocab) logits, gate by gate, as Gers et al. (2000) write them: the definition, in float64."""
    held = {name: x.double() for name, x in held.items()}
    hidden = [torch.zeros(WIDTH, dtype=torch.float64) for _ in range(LAYERS)]
    cell = [torch.zeros(WIDTH, dtype=torch.float64) for _ in range(LAYERS)]
    rows = []
    for token in read:
        x = held["embed_tokens.weight"][token]
        for i in range(LAYERS):
            w, u = held[f"layers.{i}.weight_ih"], held[f"layers.{i}.weight_hh"]
            gates = w @ x + u @ hidden[i] + held[f"layers.{i}.bias_ih"] + held[f"layers.{i}.bias_hh"]
            let_in, forget, new, out = gates.split(WIDTH)
            cell[i] = forget.sigmoid() * cell[i] + let_in.sigmoid() * new.tanh()
            x = hidden[i] = out.sigmoid() * cell[i].tanh()
        rows.append(held["embed_tokens.weight"] @ x)
    return torch.stack(rows)


def test_logits_are_those_of_the_definition(lm: model.LanguageModel) -> None:
    read = ids(9, vocab=VOCAB)
    assert torch.allclose(lm.run(read).logits.double(), by_hand(tensors(), read), atol=1e-5)


def test_it_says_what_it_is(lm: model.LanguageModel) -> None:
    assert (lm.kind, lm.family, lm.config) == ("recurrent", "regard-lstm", CONFIG)
    assert lm.parameters == VOCAB * WIDTH + LAYERS * (2 * 4 * WIDTH * WIDTH + 2 * 4 * WIDTH)


def test_a_shipped_one_is_listed_and_loads_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.loading.checkpoint.ZOO", folder.parent)
    assert "lstm" in model.shipped()
    assert model.load("lstm", device="cpu").kind == "recurrent"


def test_tokens_embedding_and_what_enters_each_layer_are_kept(lm: model.LanguageModel) -> None:
    trace = lm.run("the cat")
    time = len(trace.tokens("decoder"))
    table = tensors()["embed_tokens.weight"]
    assert torch.equal(trace.embedding("decoder"), table[[token.id for token in trace.tokens("decoder")]])
    assert trace.stream("decoder").shape == (LAYERS + 1, time, WIDTH)
    assert trace.position("decoder") is None
    assert torch.allclose(trace.probabilities(-1).sum(), torch.tensor(1.0))


ASKING: dict[str, Callable[[model.LanguageModel], object]] = {
    "attention": lambda lm: lm.run("the cat").attention("decoder", 0),
    "added": lambda lm: lm.run("the cat").added("decoder", 0, "feed_forward"),
    "an edit": lambda lm: lm.run("the cat", edits=[model.SkipSublayer("decoder", 0, "feed_forward")]),
}


@pytest.mark.parametrize("ask", ASKING)
def test_attention_is_refused_with_a_sentence(lm: model.LanguageModel, ask: str) -> None:
    with pytest.raises(model.InputError, match="a recurrent model has no attention"):
        ASKING[ask](lm)


def test_a_decode_agrees_with_one_full_pass(lm: model.LanguageModel) -> None:
    steps = list(lm.decode("the cat", max_new_tokens=12, stop=()))
    last = steps[-1].trace
    whole = lm.run([token.id for token in last.tokens("decoder")])
    assert len(steps) == 12
    assert torch.allclose(last.logits, whole.logits, atol=1e-5)
    assert [int(row.argmax()) for row in whole.logits[-12:]] == [step.token.id for step in steps]


def test_a_draft_changes_nothing(lm: model.LanguageModel) -> None:
    plain = [step.token.id for step in lm.decode("the cat", max_new_tokens=8, stop=())]
    drafted = [step.token.id for step in lm.decode("the cat", max_new_tokens=8, stop=(), draft=plain)]
    assert drafted == plain


def test_another_branch_goes_on_from_the_state_of_its_step(lm: model.LanguageModel) -> None:
    steps = list(lm.decode("the cat", max_new_tokens=8, stop=()))
    changed = model.Forced(((4, 77),))
    again = list(model.rewrite(lm, steps, changed, max_new_tokens=8, stop=()))
    fresh = list(lm.decode("the cat", strategy=changed, max_new_tokens=8, stop=()))
    assert [step.token.id for step in again] == [step.token.id for step in fresh]
    assert torch.allclose(again[-1].trace.logits, fresh[-1].trace.logits, atol=1e-5)


def test_one_beam_is_greedy_and_more_never_score_worse(lm: model.LanguageModel) -> None:
    greedy = [step.token.id for step in lm.decode("the cat", max_new_tokens=6)]
    assert list(model.beam_search(lm, "the cat", beams=1, max_new_tokens=6)[0].ids) == greedy
    found = model.beam_search(lm, "the cat", beams=4, max_new_tokens=6)
    for hypothesis in found:
        prompt = lm.reading("the cat").ids
        shares = lm.run([*prompt, *hypothesis.ids]).logits.log_softmax(dim=-1)
        scored = [float(shares[len(prompt) - 1 + i, token]) for i, token in enumerate(hypothesis.ids)]
        assert scored == pytest.approx(list(hypothesis.log_probabilities), abs=1e-4)


def test_the_state_is_as_large_after_many_tokens_as_after_few(lm: model.LanguageModel) -> None:
    few, many = (advance(lm.net, torch.tensor([ids(n, vocab=VOCAB)]), State())[1] for n in (2, 200))
    assert few.bytes == many.bytes == LAYERS * 2 * WIDTH * 4
    assert (few.length, many.length) == (2, 200)


def test_a_state_is_a_value(lm: model.LanguageModel) -> None:
    first = advance(lm.net, torch.tensor([ids(5, vocab=VOCAB)]), empty_past(lm.net))[1]
    assert isinstance(first, State)
    kept = [(layer.hidden.clone(), layer.cell.clone()) for layer in first.layers]
    advance(lm.net, torch.tensor([[7, 8, 9]]), first)
    assert all(torch.equal(layer.hidden, hidden) and torch.equal(layer.cell, cell)
               for layer, (hidden, cell) in zip(first.layers, kept, strict=True))  # fmt: skip


def test_padding_on_the_right_reaches_no_real_token(lm: model.LanguageModel) -> None:
    read = ids(6, vocab=VOCAB)
    alone, padded = lm.net(torch.tensor([read])), lm.net(torch.tensor([[*read, 0, 0], ids(8, seed=3, vocab=VOCAB)]))
    assert torch.allclose(alone[0], padded[0, :6], atol=1e-6)


def test_a_trace_is_saved_and_read_again(lm: model.LanguageModel, tmp_path: Path) -> None:
    trace = lm.run("the cat")
    trace.save(tmp_path / "trace.safetensors")
    again = model.Trace.load(tmp_path / "trace.safetensors", lm)
    assert again.config == CONFIG
    assert torch.equal(again.logits, trace.logits)


def test_a_past_of_another_kind_is_refused(lm: model.LanguageModel) -> None:
    from tests.model.builders import random_model, shaped

    with pytest.raises(TypeError, match="Transformer cannot read on from State"):
        advance(random_model(shaped("decoder")).net, torch.tensor([[5]]), State())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_heads": 2}, "neither heads nor a feed-forward"),
        ({"encoder_layers": 1}, "no encoder"),
        ({"positions": "rotary"}, "no position scheme"),
        ({"decoder_layers": 0}, "must be positive"),
    ],
)
def test_a_config_that_contradicts_itself_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(CONFIG, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stated", "sentence"),
    [
        ({"hidden_size": 7}, r"has shape \(24,?.*\), but its config asks for \(28"),
        ({"num_hidden_layers": 4}, "no tensor for layers.3"),
        ({"num_hidden_layers": 2}, "layers.2"),
        ({"bidirectional": True}, "LSTM is supported with bidirectional=False only"),
        ({"hidden_size": 0}, "must be positive"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused(stated: dict[str, object], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(model.CheckpointError, match=sentence):
        model.load(save(tmp_path, tensors(), **stated), device="cpu")


def test_an_output_table_of_its_own_is_read(tmp_path: Path) -> None:
    own = torch.randn(VOCAB, WIDTH, generator=torch.Generator().manual_seed(9))
    lm = model.load(save(tmp_path, tensors() | {"lm_head.weight": own}), device="cpu")
    trace = lm.run([5, 6, 7])
    assert not lm.config.tied
    assert torch.allclose(trace.logits, trace.final @ own.T, atol=1e-5)


def test_half_precision_is_stored_and_read(tmp_path: Path) -> None:
    half = {name: x.half() for name, x in tensors().items()}
    lm = model.load(save(tmp_path, half), device="cpu")
    assert lm.dtype == torch.float32
    assert torch.equal(lm.net.tokens.weight, half["embed_tokens.weight"].float())


def test_building_follows_the_config() -> None:
    net = build(CONFIG)
    assert isinstance(net, Recurrent)
    assert {place.layer for place, _ in recorded(net)} == {None, 0, 1, 2}


def recorded(net: Recurrent) -> set[tuple[Place, str]]:
    from model.recording import Recording
    from model.tap import Tap

    recording = Recording()
    net.eval()(torch.tensor([[3, 4]]), tap=Tap(recording, keep="all"))
    return set(recording.chunks)
