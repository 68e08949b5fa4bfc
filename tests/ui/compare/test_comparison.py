"""Two runs side by side: the numbers on the grid are the models' own, whatever pairs the heads."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.difference import moved
from model.edits import CutEdge, ZeroHead
from tests.model.builders import byte_tokenizer, random_model, shaped
from ui.compare import comparison
from ui.compare.comparison import Side, changes, compared, same_shape
from ui.maps.attention import CROSS, DECODER, ENCODER
from ui.runs.on_demand import is_kept
from ui.runs.store import Run, RunSpec

TOKENIZER = byte_tokenizer(end=False)


def run_of(kind: str = "decoder", text: str = "the low lot", seed: int = 0, heads: int = 6) -> Run:
    config = replace(shaped(kind, "rotary"), vocab_size=263, n_heads=heads)  # type: ignore[arg-type]
    lm = random_model(config, seed, tokenizer=TOKENIZER)
    trace = lm.run(text, target=text) if kind == "encoder-decoder" else lm.run(text)
    return Run(RunSpec(f"tiny-{seed}", "cpu", text), lm, trace, (), 0, lm.reading(text))


def test_one_model_on_two_texts_is_compared_head_by_head_on_its_own_weights() -> None:
    first, second = Side(run_of(), DECODER), Side(run_of(text="the slow lot"), DECODER)
    made = compared(first, second, "number", False)
    one, other = made.head(1, 4)
    rows, columns = made.grid.queries.places(0), made.grid.keys.places(0)
    np.testing.assert_array_equal(one[rows[:, None], columns], first.weights(1, 4))
    assert [made.partner(1, head) for head in range(6)] == [(1, head) for head in range(6)]
    change = other - one
    shared = made.grid.queries.shared
    np.testing.assert_allclose(change[shared].sum(axis=-1), 0, atol=1e-5)


def test_rows_of_two_decoders_are_named_by_what_each_writes_and_has_read() -> None:
    first, second = Side(run_of(text="low"), DECODER, 2), Side(run_of(text="lot"), DECODER, 2)
    queries, keys = compared(first, second, "number", False).labels
    assert keys == ("lo", "w→t")
    last = "→".join(side.written[-1] for side in (first, second))
    assert queries == ("w→t (lo)", f"{last} (w→t)")
    one_kind = compared(Side(run_of("encoder"), ENCODER), Side(run_of(text="the low lot"), DECODER), "number", False)
    assert one_kind.labels[0] == one_kind.labels[1]


def test_the_exact_differences_of_all_heads_are_those_of_each() -> None:
    made = compared(Side(run_of(), DECODER), Side(run_of(text="the slow lot"), DECODER), "number", False)
    exact = comparison.exact(made)
    layers = list(exact.layers())
    assert exact.bytes == sum(layer.nbytes for layer in layers)
    np.testing.assert_array_equal(layers[1][4], made.change(1, 4))


def test_the_small_pictures_and_the_shares_are_those_of_the_exact_differences() -> None:
    first, second = Side(run_of(), DECODER), Side(run_of(text="lot the low"), DECODER)
    made, small = changes(first, second, "number", False)
    for layer, head in first.places:
        change = made.change(layer, head)
        np.testing.assert_allclose(small.moved[layer, head], moved(change[None])[0])
        expected = np.where(np.isfinite(change), 128 + np.rint(127 * np.nan_to_num(change)), 0)
        np.testing.assert_array_equal(small.pictures[layer, head], expected)
    assert small.captions[0][0].startswith("moved ")
    assert changes(first, second, "number", False)[1] is small


def test_nothing_kept_holds_a_run_in_memory() -> None:
    import gc
    import weakref

    run = run_of()
    changes(Side(run, DECODER), Side(run_of(seed=1), DECODER), "likeness", False)
    gone = weakref.ref(run)
    del run
    gc.collect()
    assert gone() is None


def test_heads_of_models_that_differ_in_number_are_paired_by_likeness() -> None:
    first, second = Side(run_of(), DECODER), Side(run_of(seed=1, heads=3), DECODER)
    assert not same_shape(first, second)
    made, small = changes(first, second, "likeness", False)
    best = [moved(np.stack([second_grid(made, i, j)]) - made.head(0, 2)[0])[0] for i in range(2) for j in range(3)]
    assert small.moved[0, 2] == pytest.approx(min(best), abs=1e-6)
    assert made.partner(0, 2) == divmod(int(np.argmin(best)), 3)
    assert small.captions[0][2].endswith("against L{} H{}".format(*made.partner(0, 2)))


def second_grid(made: comparison.Comparison, layer: int, head: int) -> np.ndarray:
    return made.grid.place(made.second.weights(layer, head), 1)


def test_a_copy_of_a_model_with_its_layers_turned_round_is_found_out() -> None:
    run = run_of(kind="encoder")
    side = Side(run, ENCODER)
    made = compared(side, side, "likeness", False)
    assert made.partners.tolist() == np.arange(12).reshape(2, 6).tolist()


def test_only_what_was_typed_is_compared_where_a_limit_is_given() -> None:
    run = run_of()
    whole, part = Side(run, DECODER), Side(run, DECODER, 4)
    assert len(part.queries) == 4
    np.testing.assert_array_equal(part.weights(0, 1), whole.weights(0, 1)[:4, :4])
    np.testing.assert_allclose(part.weights(0, 5).sum(axis=-1), 1, atol=1e-5)


def test_cross_attention_has_a_row_of_its_own_for_keys() -> None:
    first, second = Side(run_of("encoder-decoder"), CROSS), Side(run_of("encoder-decoder", "the slow lot"), CROSS)
    made = compared(first, second, "number", True)
    assert len(made.grid.keys.slots) == len(made.head(0, 0)[0][0])
    one, _ = made.head(2, 3)
    rows = np.isfinite(one).any(axis=-1)
    np.testing.assert_allclose(np.nansum(one, axis=-1)[rows], 1, atol=1e-5)


def test_long_texts_are_compared_on_request_and_then_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Side(run_of(), DECODER), Side(run_of(text="the slow lot"), DECODER)
    assert not comparison.costly(first, second, "number", False)
    monkeypatch.setattr(comparison, "TOKENS_UNASKED", 2)
    assert comparison.costly(first, second, "number", False)
    done: list[float] = []
    changes(first, second, "number", False, done.append)
    assert done == pytest.approx(np.arange(1, 13) / 12)
    assert not comparison.costly(first, second, "number", False)


def test_work_that_is_interrupted_is_not_kept() -> None:
    first, second = Side(run_of(), DECODER), Side(run_of(text="the slow lot"), DECODER)

    def stop(share: float) -> None:
        if share > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        changes(first, second, "number", False, stop)
    assert not is_kept(first.run, comparison._key(first, second, "number", False))


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_layers_below_what_is_off_are_not_worked_out_and_the_rest_is_as_if_they_were(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_of(kind)
    text, target = "the low lot", "the low lot" if kind == "encoder-decoder" else None
    edits = (ZeroHead("decoder", 1, "self", 2), CutEdge("decoder", 0, "self", 3, 4, 1))
    for off in (edits[:1], edits):
        trace = plain.lm.run(text, target=target, edits=off)
        edited = Run(replace(plain.spec, edits=off), plain.lm, trace, (), 0, plain.reading)
        first, second = Side(plain, DECODER), Side(edited, DECODER)
        quick = changes(first, second, "number", False)[1]
        assert compared(first, second, "number", False).untouched(0) == (len(off) == 1)
        monkeypatch.setattr(comparison.Comparison, "untouched", lambda self, layer: False)
        slow = comparison._in_small(compared(first, second, "number", False), lambda share: None)
        monkeypatch.undo()
        np.testing.assert_array_equal(quick.pictures, slow.pictures)
        np.testing.assert_array_equal(quick.moved, slow.moved)
        assert slow.moved[0].any() == (len(off) == 2)
