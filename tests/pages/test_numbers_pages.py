"""The pages of embeddings and logits, and the overview's strips: what they draw and hand out is what was recorded."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.pages.driving import CAT, chart, fine, numbers, opened, picked, run_of, sent, shown


def table(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_the_csv_of_what_enters_a_stack_is_what_was_recorded(
    stack: str, downloads: dict[str, Callable[[], str]]
) -> None:
    run = shown(opened("embeddings", CAT, stack=stack))
    _, rows = table(downloads[f"embedding-{stack}.csv"]())
    got = np.array([row[2:] for row in rows], dtype=np.float32)
    torch.testing.assert_close(
        torch.from_numpy(got), run.trace.stream("encoder" if stack == "encoder" else "decoder")[0]
    )


def test_position_vectors_are_the_models_own(downloads: dict[str, Callable[[], str]]) -> None:
    run = shown(opened("embeddings", CAT))
    _, rows = table(downloads["positions.csv"]())
    got = torch.tensor([[float(x) for x in row[2:]] for row in rows])
    recorded = run.trace.position("encoder")
    assert recorded is not None
    torch.testing.assert_close(got[: len(recorded)], recorded)


def test_neighbours_are_those_of_the_chosen_token(downloads: dict[str, Callable[[], str]]) -> None:
    app = sent(opened("embeddings", CAT), "focus", "token", {"row": 0, "index": 1})
    run = shown(app)
    token = run.source[1]
    header, rows = table(downloads[f"neighbours-{token.id}.csv"]())
    assert header == ["id", "token", "cosine"]
    vectors = run.lm.net.tokens.weight.detach().float()
    cosines = torch.nn.functional.cosine_similarity(vectors, vectors[token.id][None])
    cosines[token.id] = -2
    assert [int(row[0]) for row in rows] == cosines.topk(len(rows)).indices.tolist()
    np.testing.assert_allclose([float(row[2]) for row in rows], cosines.topk(len(rows)).values, atol=1e-5)


@pytest.mark.parametrize(("address", "token"), [("3", 3), ("999", 9), ("x", 0)])
def test_a_link_brings_back_the_token_in_focus(address: str, token: int) -> None:
    app = opened("embeddings", CAT, token=address)
    assert app.session_state["token"] == min(token, len(shown(app).source) - 1)


def test_every_position_is_judged_by_its_full_softmax(downloads: dict[str, Callable[[], str]]) -> None:
    run = shown(opened("logits", CAT))
    header, rows = table(downloads["expected-tokens.csv"]())
    shares = run.trace.logits.softmax(dim=-1)
    for at, row in enumerate(rows):
        read = dict(zip(header, row, strict=True))
        came = run.steps[at].token
        assert read["came"] == came.label
        assert float(read["probability"]) == pytest.approx(float(shares[at, came.id]), rel=1e-5)
        assert int(read["rank"]) == 1 + int((shares[at] > shares[at, came.id]).sum())
        assert float(read["surprisal_bits"]) == pytest.approx(-float(shares[at, came.id].log2()), abs=1e-4)
        bits = float(-(shares[at].double() * shares[at].double().log2()).sum())
        assert float(read["entropy_bits"]) == pytest.approx(bits, abs=1e-4)
        assert read["top1"] == run.lm.token(int(shares[at].argmax())).label
    assert len(rows) == len(run.steps)


def test_temperature_divides_the_logits_before_the_softmax() -> None:
    app = opened("logits", CAT, position="2")
    logits = shown(app).steps[2].logits
    for degree in (1.0, 0.5, 2.0):
        bars = chart(picked(app, "temperature", degree), "tempered")["data"][0]
        ids, values = numbers(bars["customdata"])[:-1], numbers(bars["x"])
        np.testing.assert_allclose(values[:-1], (logits / degree).softmax(dim=-1)[ids.tolist()], atol=1e-6)
        assert values.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("address", "degree"), [("0.5", 0.5), ("99", 1.0), ("hot", 1.0)])
def test_a_link_brings_back_the_temperature(address: str, degree: float) -> None:
    assert opened("logits", temperature=address).slider(key="temperature").value == degree


def test_a_position_that_is_not_there_gives_way_to_one_that_is() -> None:
    app = opened("logits", CAT, position="77")
    assert app.session_state["position"] == len(run_of(CAT).steps) - 1


def test_the_curves_pass_through_the_softmax_at_temperature_one(downloads: dict[str, Callable[[], str]]) -> None:
    run = shown(opened("logits", CAT, position="1"))
    header, rows = table(downloads["temperature.csv"]())
    shares = run.steps[1].probabilities
    row = min(rows, key=lambda row: abs(float(row[0]) - 1))
    for name, value in zip(header[1:], row[1:], strict=True):
        assert float(value) == pytest.approx(float(shares[int(name.split()[0])]), abs=2e-3)


def test_the_strips_of_the_story_hand_out_what_was_recorded(downloads: dict[str, Callable[[], str]]) -> None:
    run = shown(opened("overview", CAT))
    grids = {name: table(make())[1] for name, make in downloads.items() if name.endswith(".csv")}
    found = [np.array([row[2:] for row in rows], dtype=np.float32) for rows in grids.values() if len(rows[0]) > 4]
    last = run.lm.config.decoder_layers - 1
    for recorded in (
        run.trace.embedding("encoder"),
        run.trace.stream("encoder")[0],
        run.trace.stream("encoder")[-1],
        run.trace.attention("decoder", last, "cross").weights().mean(dim=0),
        run.trace.attention("decoder", last, "self").weights().mean(dim=0),
    ):
        expected = recorded.numpy()
        assert any(grid.shape == expected.shape and np.array_equal(grid, expected) for grid in found)


def test_the_story_says_how_often_the_decoder_ran() -> None:
    app = fine(opened("overview", CAT))
    assert any(f"{len(shown(app).steps)} times, until the end token came" in part.value for part in app.caption)


def test_the_mean_surprisal_of_an_encoder_counts_neither_special_tokens_nor_masks_that_were_typed(
    downloads: dict[str, Callable[[], str]],
) -> None:
    app = opened("logits", "Tom was [MASK] because he lost his toy.", model="bert-stories")
    run = shown(app)
    header, rows = table(downloads["expected-tokens.csv"]())
    said = [dict(zip(header, row, strict=True)) for row in rows]
    counted = [at for at, row in enumerate(said) if row["came"]]
    mask = run.lm.special.mask
    assert counted == [i for i, t in enumerate(run.source) if not t.special and t.id != mask]
    shares = run.trace.logits.softmax(dim=-1)
    mean = np.mean([-float(shares[i, run.source[i].id].log2()) for i in counted])
    assert any(f"Mean surprisal {mean:.2f} bits" in caption.value for caption in app.caption)


def test_the_temperature_of_an_encoder_is_shown_at_its_mask() -> None:
    app = opened("logits", "Tom was [MASK] because he lost his toy.", model="bert-stories")
    run = shown(app)
    assert run.source[app.session_state["position"]].id == run.lm.special.mask
