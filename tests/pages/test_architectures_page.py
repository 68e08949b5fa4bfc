"""The architectures page on tiny models of every kind, and what the other pages say of a model without attention."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.cost import cost
from analysis.influence import influence
from model.loading import checkpoint
from tests.model import lstm_checkpoint
from tests.pages.driving import APP, chart, fine, link, numbers, payload, picked, said, sent, shown, typed
from tests.pages.test_kinds import save, tokenizer
from ui.models import side_by_side
from ui.models.architectures import by_distance_csv
from ui.runs import runner
from ui.runs.store import RunSpec
from viz.influence import Curve

FAMILIES = {"gpt2": "plain", "llama": "grouped", "t5": "tied", "bert": "pairs"}
TEXT = "the cat sat on the mat and ate"
ALL = ("tiny-gpt2", "tiny-lstm", "tiny-t5", "tiny-bert")


@pytest.fixture(scope="module", autouse=True)
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shipped models give way to these."""
    folder = tmp_path_factory.mktemp("zoo")
    for family, case in FAMILIES.items():
        save(folder / f"tiny-{family}", family, case)
    pieces = tokenizer("decoder")
    lstm_checkpoint.save(
        folder / "tiny-lstm", lstm_checkpoint.tensors(vocab=pieces.get_vocab_size()), pieces, eos_token_id=1
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "ZOO", folder)
        yield folder
    runner.model_pool.clear()
    runner.store.clear()


def opened(page: str, model: str, text: str = TEXT, **address: str) -> AppTest:
    return fine(link(page, text, model=model, **address).run())


@pytest.fixture(scope="module")
def made() -> dict[str, AppTest]:
    """What has been opened already."""
    return {}


@pytest.fixture
def four(made: dict[str, AppTest]) -> AppTest:
    """One of each kind side by side, opened once and only looked at."""
    if "four" not in made:
        made["four"] = opened("architectures", ALL[0], together="|".join(ALL[1:]))
    return made["four"]


def test_a_link_names_the_models_and_each_has_its_column(four: AppTest) -> None:
    assert [title.value for title in four.subheader] == list(ALL)
    assert four.session_state["together"] == list(ALL[1:])


@pytest.mark.parametrize("number", range(4))
def test_predictions_are_those_of_the_runs(four: AppTest, number: int) -> None:
    run = side(ALL[number])
    bars = numbers(chart(four, f"predicted_{number}")["data"][0]["x"])
    place = len(run.trace.tokens("encoder")) - 2 if run.lm.kind == "encoder" else -1
    expected = run.steps[0].probabilities if run.steps else run.trace.probabilities(place)
    assert bars[:5] == pytest.approx(expected.topk(5).values.numpy(), rel=1e-5)


def side(name: str) -> runner.Run:
    """The run the page made of a model."""
    run = runner.get(RunSpec("tiny-gpt2", "cpu", TEXT))
    return runner.get(side_by_side.spec_of(name, runner.load(name, "cpu"), run))


def test_an_encoder_has_its_last_word_hidden() -> None:
    run = side("tiny-bert")
    assert run.spec.masks == (len(run.original) - 2,)  # the last is [SEP]
    assert run.source[run.spec.masks[0]].id == run.lm.special.mask


def test_the_pictures_are_of_the_layer_asked_for(four: AppTest) -> None:
    run = side("tiny-gpt2")
    last = run.lm.config.decoder_layers - 1
    told = payload(four, "heads_0_decoder")
    assert told["layers"] * told["heads"] == run.lm.config.n_heads
    assert told["names"][0][0] == f"layer {last} · head 0"
    app = picked(opened("architectures", ALL[0], together=ALL[1]), "depth", 0)
    assert payload(app, "heads_0_decoder")["names"][0][0] == "layer 0 · head 0"


def test_a_recurrent_column_says_that_nothing_is_looked_at(four: AppTest) -> None:
    assert any("looks at nothing but its own state" in note.value for note in four.caption)


@pytest.mark.parametrize("name", ["tiny-gpt2", "tiny-lstm"])
def test_influence_is_that_of_the_analysis(four: AppTest, name: str) -> None:
    run, number = side(name), ALL.index(name)
    ids = side_by_side.typed_ids(run)
    expected = influence(run.lm, ids, at=(len(ids) - 1,)).shares[0].numpy()
    assert numbers(chart(four, f"counts_{number}")["data"][0]["y"]) == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_every_model_has_a_curve_and_those_that_attend_a_second_one(four: AppTest) -> None:
    names = [trace["name"] for trace in chart(four, "influence")["data"]]
    assert [name for name in names if "attention" not in name] == list(ALL)
    assert [name for name in names if "attention" in name] == [f"{n}, attention" for n in ALL if n != "tiny-lstm"]
    for trace in chart(four, "influence")["data"]:
        assert float(np.sum(numbers(trace["y"]))) <= 1.001


def markup(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_the_table_has_what_differs_and_the_costs(four: AppTest) -> None:
    text = markup(four)
    lstm, gpt = (runner.load(name, "cpu") for name in ("tiny-lstm", "tiny-gpt2"))
    assert f"{cost(lstm.config).state * 4:,} bytes" in text
    assert f"{cost(gpt.config).kept * 4:,} bytes" in text
    assert "Time per token" in text
    alone = markup(opened("architectures", ALL[0], together="-"))
    assert "d_model" not in alone.split("Parameters")[0]  # one model differs from none


def test_every_model_is_drawn(four: AppTest) -> None:
    for key in (
        "drawing_0_decoder",
        "drawing_1_decoder",
        "drawing_2_encoder",
        "drawing_2_decoder",
        "drawing_3_encoder",
    ):
        assert chart(four, key)["layout"]["meta"]["summary"]
    assert "forget, input and output gates" in chart(four, "drawing_1_decoder")["layout"]["meta"]["summary"]


def test_a_short_text_says_why_there_is_no_distance() -> None:
    app = opened("architectures", "tiny-gpt2", text="a", together="tiny-lstm")
    assert any("type a longer one" in note.value for note in app.caption)


def test_another_text_changes_all_columns() -> None:
    app = opened("architectures", "tiny-gpt2", together="tiny-llama")
    before = numbers(chart(app, "predicted_1")["data"][0]["x"]).copy()
    app = typed(app, "a mat sat on the cat and the cat")
    assert not np.allclose(before, numbers(chart(app, "predicted_1")["data"][0]["x"]))


def test_no_names_in_the_link_begin_with_a_suggestion(zoo: Path) -> None:
    app = opened("architectures", "tiny-gpt2")
    assert len(app.session_state["together"]) == 2
    beside = ["bart-denoise", "bert-stories", "lstm-stories", "llama-stories"]
    assert side_by_side.suggested("gpt-stories", beside) == ["lstm-stories", "llama-stories"]
    assert side_by_side.suggested("gpt-stories", beside[:2]) == ["bert-stories", "bart-denoise"]


def test_a_name_nobody_knows_is_left_out() -> None:
    app = opened("architectures", "tiny-gpt2", together="nobody|tiny-lstm")
    assert app.session_state["together"] == ["tiny-lstm"]


@pytest.mark.parametrize(
    "page", ["overview", "decoding", "embeddings", "logits", "models", "architectures", "prompting"]
)
def test_pages_for_any_model_show_a_recurrent_one(page: str) -> None:
    app = opened(page, "tiny-lstm")
    assert shown(app).lm.kind == "recurrent"
    assert "no attention, so no head" not in said(app)
    assert app.get("plotly_chart")


@pytest.mark.parametrize("page", sorted(p.stem for p in (APP.parent / "pages").glob("*.py")))
def test_every_other_page_says_plainly_why_it_has_nothing_to_show(page: str) -> None:
    if page in ("overview", "decoding", "beam", "embeddings", "logits", "models", "architectures", "prompting"):
        pytest.skip("shown above")
    app = opened(page, "tiny-lstm")
    assert "it has no attention, so no head looks anywhere" in said(app)
    assert not app.get("plotly_chart")


def test_compare_says_why_a_recurrent_model_cannot_be_set_against_heads() -> None:
    app = opened("compare", "tiny-gpt2", against="Another model", model_b="tiny-lstm")
    assert "it has no attention to compare" in said(app)


def test_a_click_on_a_picture_shows_its_head_exactly() -> None:
    app = opened("architectures", "tiny-gpt2", together="tiny-llama")
    app = sent(app, "heads_1_decoder", "head", {"layer": 0, "head": 1, "pressed": True})
    run = side("tiny-llama")
    layer = run.lm.config.decoder_layers - 1
    weights = run.trace.attention("decoder", layer).weights(1)[: run.typed, : run.typed].numpy()
    drawn = numbers(chart(app, "exact_1_decoder")["data"][0]["z"]).reshape(weights.shape)
    assert np.nan_to_num(drawn) == pytest.approx(weights, abs=1e-6)


def test_the_curves_are_handed_out_as_they_are() -> None:
    curves = [Curve("a", np.array([0.5, 0.25, 0.125])), Curve("a", np.array([0.75, 0.25]), attention=True)]
    assert by_distance_csv(curves).splitlines() == [
        'tokens back,a,"a, attention"',
        "0,0.5,0.75",
        "1,0.25,0.25",
        "2,0.125,",
    ]


def test_an_encoders_bars_are_about_the_hidden_word(four: AppTest) -> None:
    run = side("tiny-bert")
    (hidden,) = run.spec.masks
    expected = influence(run.lm, side_by_side.typed_ids(run), at=(hidden,)).shares[0].numpy()
    assert numbers(chart(four, "counts_3")["data"][0]["y"]) == pytest.approx(expected, rel=1e-4, abs=1e-7)
    assert side_by_side.influence_of(run).about == run.original[hidden].id
