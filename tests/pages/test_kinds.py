"""Every page on every kind of model: tiny random checkpoints of six families, with tokenizers of their own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tokenizers
from streamlit.testing.v1 import AppTest
from tokenizers import AddedToken, decoders, models, pre_tokenizers, processors

from model.loading import checkpoint
from tests.model.families.cases import CASES
from tests.model.families.reference import Hf
from tests.pages.driving import chart, numbers, opened, payload, picked, shown, typed
from ui.embeddings.positions import SAYS
from ui.maps import attention
from ui.runs import runner
from viz.percent import format_percent

FAMILIES = {
    "bert": "pairs",
    "gpt2": "plain",
    "bloom": "six",
    "llama": "grouped",
    "t5": "tied",
    "bart": "plain",
}
SIZES = {"max_position_embeddings": 80, "n_positions": 80}
BODIES = {"bert": "body", "llama": "body"}
TEXT, SECOND = "the cat sat", "on a mat"


def tokenizer(kind: str) -> tokenizers.Tokenizer:
    """Byte-level pieces with the special tokens a kind of model reads: BERT's, an end token, or none."""
    special = ["[PAD]", "</s>", "<s>", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {piece: i for i, piece in enumerate([*special, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    merges = [("a", "t"), ("t", "h"), ("th", "e"), ("Ġ", "c"), ("Ġ", "s"), ("Ġ", "m"), ("Ġc", "at"), ("Ġs", "at")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    pipeline = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    pipeline.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pipeline.decoder = decoders.ByteLevel()
    pipeline.add_special_tokens([AddedToken(piece, special=True) for piece in special])
    around = {
        "encoder": ("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"),
        "encoder-decoder": ("$A </s>", "$A </s> $B </s>"),
    }
    if kind in around:
        ids = [(piece, vocabulary[piece]) for piece in special]
        pipeline.post_processor = processors.TemplateProcessing(
            single=around[kind][0], pair=around[kind][1], special_tokens=ids
        )
    return pipeline


def kind_of(family: str) -> str:
    return {"bert": "encoder", "t5": "encoder-decoder", "bart": "encoder-decoder"}.get(family, "decoder")


def save(folder: Path, family: str, case: str, *, pieces: bool = True) -> None:
    """A random model of a family with its tokenizer beside it."""
    made = CASES[family][case]
    assert isinstance(made, Hf)
    pipeline = tokenizer(kind_of(family))
    settings = dict(made.settings) | {"vocab_size": pipeline.get_vocab_size()}
    settings |= {key: size for key, size in SIZES.items() if key in settings}
    replace(made, settings=settings).build().save(folder)
    if pieces:
        pipeline.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module", autouse=True)
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shipped models give way to these."""
    folder = tmp_path_factory.mktemp("zoo")
    for family, case in FAMILIES.items():
        save(folder / f"tiny-{family}", family, case)
    for family, case in BODIES.items():
        save(folder / f"body-{family}", family, case)
    save(folder / "mute-bloom", "bloom", "four", pieces=False)
    patch = pytest.MonkeyPatch()
    patch.setattr(checkpoint, "ZOO", folder)
    yield folder
    patch.undo()
    runner.store.clear()
    runner.model_pool.clear()


def of(model: str, page: str = "overview", text: str = TEXT, **address: str) -> AppTest:
    """The app on one of these models, as a link opens it."""
    return opened(page, text, model=model, **address)


def charts(app: AppTest) -> set[str]:
    """The keys of a page's figures."""
    return {element.key for element in app.get("plotly_chart")}


def sentences(app: AppTest) -> str:
    """All that a page says."""
    parts = [*app.caption, *app.markdown, *app.info, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


SCHEMES = {
    "bert": {"rows_used", "alike_positions"},
    "gpt2": {"rows_used", "alike_positions"},
    "bloom": {"slopes", "bias"},
    "llama": {"angles", "circle", "plane", "price", "whole"},
    "t5": {"offsets", "buckets"},
    "bart": {"rows_used", "alike_positions"},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_overview_tells_the_whole_story_of_every_family(family: str) -> None:
    app = of(f"tiny-{family}")
    run, stages = shown(app), charts(app)
    assert len(stages) == {"encoder": 5, "decoder": 5, "encoder-decoder": 8}[run.lm.kind]
    for key in stages:
        drawn = [numbers(trace["z"]) for trace in chart(app, key)["data"] if "z" in trace]
        assert all(np.isfinite(z).any() for z in drawn)
    assert f"pieces of its vocabulary of {run.lm.config.vocab_size}" in sentences(app)
    assert "Logits and softmax" in sentences(app)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_heatmap_holds_the_weights_of_every_family(family: str) -> None:
    app = of(f"tiny-{family}", "attention", layer="1", head="2")
    run = shown(app)
    stack, part = attention.available(run)[-1].place
    weights = run.trace.attention(stack, 1, part).weights(2).numpy()
    cells = numbers(chart(app, "heatmap")["data"][0]["z"])
    seen = np.tril(weights >= 0) if stack == "decoder" and part == "self" else weights >= 0
    np.testing.assert_array_equal(np.isfinite(cells), seen)
    np.testing.assert_allclose(cells[seen], weights[seen], atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_positions_of_every_family_are_shown(family: str) -> None:
    app = of(f"tiny-{family}", "embeddings")
    assert charts(app) == {"parts", "alike_tokens", "neighbours", "flat"} | SCHEMES[family]
    assert SAYS[shown(app).lm.config.positions] in sentences(app)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "bert"])
def test_what_every_writing_family_wrote_can_be_stepped_through(family: str) -> None:
    app = of(f"tiny-{family}", "decoding")
    run = shown(app)
    assert charts(app) >= {"next", "readers", "alignment"}
    assert run.limit == (40 if run.lm.kind == "decoder" else 20)
    step = run.steps[0]
    best = numbers(chart(app, "next")["data"][0]["x"])[0]
    assert best == pytest.approx(float(step.probabilities.max()))


def test_an_encoder_writes_where_it_is_masked_and_says_so() -> None:
    assert "click a few tokens above" in sentences(of("tiny-bert", "decoding"))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_logits_of_every_family_are_of_its_whole_vocabulary(family: str) -> None:
    app = of(f"tiny-{family}", "logits")
    assert charts(app) == {"expected", "entropy", "tempered", "sweep"}
    assert numbers(chart(app, "tempered")["data"][0]["x"]).sum() == pytest.approx(1, abs=1e-5)
    best = numbers(chart(app, "expected")["data"][0]["z"])[:, 0]
    np.testing.assert_allclose(best, shown(app).trace.logits.softmax(-1).amax(-1).numpy(), atol=1e-6)


@pytest.mark.parametrize("family", BODIES)
def test_a_body_without_a_head_says_so_where_logits_are_needed(family: str) -> None:
    for page in ("overview", "attention", "embeddings"):
        app = of(f"body-{family}", page)
        assert charts(app)
        assert "Logits and softmax" not in sentences(app)
    for page in ("logits", "decoding"):
        app = of(f"body-{family}", page)
        assert "without an output head" in sentences(app)
        assert not charts(app)


def test_a_model_without_a_tokenizer_reads_ids() -> None:
    app = of("mute-bloom", text="12 7 93")
    assert [token.id for token in shown(app).source] == [12, 7, 93]
    assert "type token ids, whole numbers from 0 to 269" in sentences(app)
    app = typed(app, "a sentence")
    assert "type token ids instead of text" in app.warning[0].value
    assert "last text that worked" in app.warning[0].value
    assert [token.id for token in shown(app).source] == [12, 7, 93]


def test_another_models_run_does_not_pass_for_that_of_a_model_that_could_not_read() -> None:
    app = of("tiny-gpt2")
    app = picked(app, "model", "mute-bloom")
    assert "type token ids instead of text" in app.warning[0].value
    assert not charts(app)
    assert charts(picked(app, "model", "tiny-gpt2"))


def test_two_sentences_are_read_apart_and_their_attention_is_filtered_without_changing_a_weight() -> None:
    app = of("tiny-bert", "attention", pair=SECOND, layer="1")
    run = shown(app)
    assert run.segments is not None
    assert run.segments == tuple(sorted(run.segments))
    assert set(run.segments) == {0, 1}
    assert [row["name"] for row in payload(app, "pieces")["rows"]] == ["reads", "and then"]
    weights = run.trace.attention("encoder", 1).weights(0).numpy()
    same = np.equal.outer(run.segments, run.segments)
    for choice, kept in (("all", same | True), ("within", same), ("between", ~same)):
        cells = numbers(chart(picked(app, "pairs", choice), "heatmap")["data"][0]["z"])
        np.testing.assert_array_equal(np.isfinite(cells), kept)
        np.testing.assert_allclose(cells[kept], weights[kept], atol=1e-6)


def test_one_sentence_has_no_filter_and_a_decoder_no_second_sentence() -> None:
    assert "pairs" not in {control.key for control in of("tiny-bert", "attention").button_group}
    assert [box.key for box in of("tiny-gpt2").text_area] == ["text"]


def test_the_relation_of_two_sentences_is_said() -> None:
    app = of("tiny-bert", "logits", pair=SECOND)
    relation = shown(app).trace.relation
    assert relation is not None
    assert f"Yes with {format_percent(float(relation[0]))}" in sentences(app)
