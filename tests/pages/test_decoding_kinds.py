"""The decoding workbench and beam search on tiny random checkpoints of five families: every view draws real numbers."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model import beam_history
from model.loading import checkpoint
from tests.model import lstm_checkpoint
from tests.pages.driving import chart, clicked, numbers, opened, payload, picked, shown
from tests.pages.test_kinds import FAMILIES, TEXT, save, tokenizer
from ui.runs import runner

WRITING = [family for family in FAMILIES if family != "bert"]


@pytest.fixture(scope="module", autouse=True)
def small_zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("zoo")
    for family in WRITING:
        save(folder / f"tiny-{family}", family, FAMILIES[family])
    save(folder / "body-llama", "llama", "body")
    pieces = tokenizer("decoder")
    lstm_checkpoint.save(
        folder / "tiny-lstm", lstm_checkpoint.tensors(vocab=pieces.get_vocab_size()), pieces, eos_token_id=1
    )
    patch = pytest.MonkeyPatch()
    patch.setattr(checkpoint, "ZOO", folder)
    yield folder
    patch.undo()
    runner.store.clear()
    runner.model_pool.clear()


def of(family: str, page: str = "decoding", **address: str) -> AppTest:
    return opened(page, TEXT, model=f"tiny-{family}", **address)


@pytest.mark.parametrize("family", WRITING)
def test_the_parts_inside_a_step_sum_to_the_logit_difference(family: str) -> None:
    app = picked(of(family, step="3"), "beside", "inside")
    step = shown(app).steps[3]
    last = numbers(chart(app, "lens")["data"][0]["z"])[-1]
    np.testing.assert_allclose(last, step.probabilities.topk(len(last)).values.numpy(), atol=1e-6)
    (said,) = [caption.value for caption in app.caption if "Off by" in caption.value]
    together, in_the_run = re.findall(r"(-?\d+\.\d{5})", said)
    assert float(together) == pytest.approx(float(in_the_run), abs=1e-4)


@pytest.mark.parametrize("family", WRITING)
def test_two_futures_are_kept_and_compared(family: str) -> None:
    app = clicked(of(family, step="1"), "next_bridge", 1)
    app = picked(app, "beside", "branches")
    assert len(payload(app, "branch_tree")["rows"]) == 2
    lines = numbers(chart(app, "parting")["data"][0]["y"])
    assert lines[:2] == pytest.approx([0, 0], abs=1e-6)
    assert lines.max() > 0


@pytest.mark.parametrize("family", WRITING)
def test_the_cache_is_shown_in_its_real_bytes(family: str) -> None:
    app = picked(of(family), "beside", "cache")
    held = sum(numbers(trace["y"]) for trace in chart(app, "held")["data"])
    assert held.tolist() == [step.state.cache.bytes for step in shown(app).steps]


@pytest.mark.parametrize("family", WRITING)
def test_the_line_covers_the_whole_text_prompt_and_all(family: str) -> None:
    app = of(family, step="2")
    run = shown(app)
    surprisals = numbers(chart(app, "certainty")["data"][1]["y"])
    given = len(run.source) - 1 if run.lm.kind == "decoder" else 0
    assert len(surprisals) == given + len(run.steps)
    step = run.steps[2]
    expected = -np.log2(float(step.probabilities[step.token.id]))
    assert surprisals[given + 2] == pytest.approx(expected, abs=1e-4)
    assert clicked(app, "certainty_bridge", given + 4).session_state["step"] == 4


@pytest.mark.parametrize("family", WRITING)
def test_beam_search_of_every_family_is_the_models_own(family: str) -> None:
    app = of(family, "beam", beams="3")
    run = shown(app)
    found = beam_history(run.lm, TEXT, beams=3, max_new_tokens=run.limit)
    names = [row["name"] for row in payload(app, "hypotheses")["rows"]]
    assert names[:-1] == [f"{n + 1} · {h.score:.3f}" for n, h in enumerate(found.hypotheses)]
    assert chart(app, "tree")
    assert chart(app, "beam_attention")


def test_a_body_says_why_there_is_nothing_to_search() -> None:
    app = opened("beam", TEXT, model="body-llama")
    assert any("without an output head" in info.value for info in app.info)


def test_a_recurrent_model_is_searched_too_and_nobody_is_said_to_be_read() -> None:
    app = of("lstm", "beam", beams="3")
    run = shown(app)
    found = beam_history(run.lm, TEXT, beams=3, max_new_tokens=run.limit)
    names = [row["name"] for row in payload(app, "hypotheses")["rows"]]
    assert names[:-1] == [f"{n + 1} · {h.score:.3f}" for n, h in enumerate(found.hypotheses)]
    assert chart(app, "tree")
    assert any("No token is looked back at" in caption.value for caption in app.caption)
