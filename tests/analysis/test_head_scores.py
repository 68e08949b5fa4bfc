"""Head scores against their definitions, written out as loops, and against patterns whose scores are known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.head_scores import (
    OF_PART,
    SCORES,
    HeadScores,
    Keys,
    ScoreName,
    counted,
    is_separator,
    keys_of,
    merged,
    score_heads,
    score_trace,
)
from model.edits import ZeroHead
from model.tokenizers.tokens import Token
from tests.model.builders import CONFIGS, byte_tokenizer, random_model, read_by

Weights = NDArray[np.float32]


def keys(ids: list[int], special: tuple[int, ...] = (), separator: tuple[int, ...] = ()) -> Keys:
    at = np.arange(len(ids))
    return Keys(np.array(ids), np.isin(at, special), np.isin(at, separator))


def random_weights(heads: int, queries: int, width: int, causal: bool = False, seed: int = 0) -> Weights:
    scores = np.random.default_rng(seed).normal(size=(heads, queries, width)) * 2
    if causal:
        scores[:, np.arange(queries)[:, None] < np.arange(width)] = -np.inf
    e = np.exp(scores)
    return (e / e.sum(axis=-1, keepdims=True)).astype(np.float32)


def is_target(name: str, text: Keys, q: int, k: int) -> bool:
    """The definitions, one pair at a time."""
    ids, special = text.ids, text.special
    match name:
        case "previous":
            return k == q - 1
        case "next":
            return k == q + 1
        case "same":
            return k == q
        case "first":
            return k == 0
        case "separator":
            return bool(text.separator[k])
        case "duplicate":
            return k < q and ids[k] == ids[q] and not special[q] and not special[k]
        case "induction":
            return 1 <= k < q and ids[k - 1] == ids[q] and not special[q] and not special[k - 1]
    raise AssertionError(name)


def by_loops(name: str, head: Weights, text: Keys, causal: bool) -> tuple[float, int]:
    total, count = 0.0, 0
    for q in range(len(head)):
        seen = [k for k in range(head.shape[1]) if k <= q or not causal]
        hits = [k for k in seen if is_target(name, text, q, k)]
        if hits and len(hits) < len(seen):
            total, count = total + sum(float(head[q, k]) for k in hits), count + 1
    return total, count


TEXT = keys([1, 9, 4, 5, 4, 5, 7, 4, 4, 2, 5, 2], special=(0, 9, 11), separator=(6, 9, 11))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("name", OF_PART["self"])
def test_a_score_of_self_attention_is_its_definition_written_as_loops(name: ScoreName, causal: bool) -> None:
    size = len(TEXT)
    weights = random_weights(3, size, size, causal)
    visible = np.tri(size, dtype=bool) if causal else None
    sums, count = score_heads(weights, counted(TEXT, size, visible=visible))[name]
    for found, head in zip(sums, weights, strict=True):
        assert (pytest.approx(found, abs=1e-5), count) == by_loops(name, head, TEXT, causal)
    assert count > 0 or (causal and name == "next")


BACK: dict[ScoreName, int] = {"previous": 1, "same": 0, "induction": 5, "duplicate": 6}


@pytest.mark.parametrize("name", BACK)
def test_a_head_that_does_one_thing_scores_one_for_it(name: ScoreName) -> None:
    text = keys([3, 4, 5, 6, 7, 8] * 2)
    weights = np.zeros((1, 12, 12), dtype=np.float32)
    for q in range(12):
        weights[0, q, max(q - BACK[name], 0)] = 1.0
    scores = score_heads(weights, counted(text, 12, visible=np.tri(12, dtype=bool)))
    sums, count = scores[name]
    assert sums[0] / count == 1.0
    others = [scores[other][0][0] / max(scores[other][1], 1) for other in BACK if other != name]
    assert max(others) <= 1 / 12 + 1 / 6  # what is left comes from the queries pressed against the text's start


def test_a_score_without_a_query_to_average_over_is_undefined_not_nought() -> None:
    text = keys([3, 4, 5])
    scores = score_heads(random_weights(2, 3, 3, causal=True), counted(text, 3, visible=np.tri(3, dtype=bool)))
    assert scores["duplicate"][1] == scores["induction"][1] == scores["separator"][1] == scores["next"][1] == 0
    assert scores["previous"][1] == 2  # the first token has none before it
    one = HeadScores(
        "self",
        {name: found[0][None] for name, found in scores.items()},
        {name: np.array([found[1]]) for name, found in scores.items()},
    )
    assert np.isnan(one.mean("duplicate")).all()
    assert one.as_lists()["duplicate"] == [[None, None]]


@pytest.mark.parametrize(("queries", "width"), [(4, 6), (6, 5), (5, 5)])
def test_alignment_is_the_best_of_all_one_to_one_pairings(queries: int, width: int) -> None:
    text = keys(list(range(3, 3 + width)), special=(width - 1,))
    weights = random_weights(3, queries, width)
    sums, pairs = score_heads(weights, counted(text, queries, part="cross"))["alignment"]
    plain = range(width - 1)
    assert pairs == min(queries, len(plain))
    for found, head in zip(sums, weights, strict=True):
        tried = [
            sum(float(head[q, k]) for q, k in zip(rows, columns, strict=True))
            for rows in itertools.combinations(range(queries), pairs)
            for columns in itertools.permutations(plain, pairs)
        ]
        assert found == pytest.approx(max(tried), abs=1e-6)


def test_a_permutation_is_fully_aligned_and_a_head_that_stares_at_one_word_is_not() -> None:
    text = keys([3, 4, 5, 6, 2], special=(4,))
    permuted = np.eye(5, dtype=np.float32)[[2, 0, 3, 1]]
    staring = np.tile(np.eye(5, dtype=np.float32)[1], (4, 1))
    scores = score_heads(np.stack([permuted, staring]), counted(text, 4, part="cross"))
    aligned, covered = scores["alignment"], scores["coverage"]
    assert (aligned[0] / aligned[1]).tolist() == [1.0, 0.25]
    assert (covered[0] / covered[1]).tolist() == [1.0, 0.25]


def test_coverage_counts_ordinary_source_tokens_that_are_looked_at_most() -> None:
    text = keys([3, 4, 5, 2], special=(3,))
    weights = np.array([[[0.1, 0.6, 0.2, 0.1], [0.0, 0.5, 0.1, 0.4], [0.3, 0.0, 0.1, 0.6]]], dtype=np.float32)
    sums, count = score_heads(weights, counted(text, 3, part="cross"))["coverage"]
    assert (sums.tolist(), count) == ([1.0], 3)


def test_weights_that_do_not_fit_the_text_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score_heads(random_weights(1, 4, 4), counted(keys([3, 4, 5]), 3))
    with pytest.raises(ValueError, match="do not fit"):
        counted(keys([3, 4, 5]), 4)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (Token(1, "</s>", "</s>", special=True), True),
        (Token(5, " ,", "·,"), True),
        (Token(5, '."', '."'), True),
        (Token(5, "\n\n", "⏎⏎"), True),
        (Token(5, " ", "·"), False),
        (Token(5, "a.", "a."), False),
        (Token(5, "+", "+"), False),
        (Token(5, "。", "。"), True),
        (Token(5, "\ufffd", "‹E2›"), False),
    ],
)
def test_a_separator_is_special_punctuation_or_a_line_break(token: Token, expected: bool) -> None:
    assert is_separator(token) is expected


def test_the_first_token_is_no_separator() -> None:
    tokens = [Token(1, "<s>", "<s>", special=True), Token(5, "a", "a"), Token(2, "</s>", "</s>", special=True)]
    assert keys_of(tokens).separator.tolist() == [False, False, True]


@pytest.mark.parametrize("name", CONFIGS)
def test_every_layer_and_head_of_a_trace_is_scored_under_its_own_mask(name: str) -> None:
    x, target = read_by(CONFIGS[name], time=7, source=9)
    trace = random_model(CONFIGS[name]).run(x, target=target)
    for stack in trace.read:
        scores = score_trace(trace, stack)
        text = keys_of(trace.tokens(stack))
        for layer in range(trace.config.layers(stack)):
            attention = trace.attention(stack, layer)
            visible = attention.visible.numpy()
            for head in range(trace.config.n_heads):
                one = score_heads(attention.weights(head)[None].numpy(), counted(text, len(text), visible=visible))
                for score, (total, count) in one.items():
                    assert scores.counts[score][layer] == count
                    assert scores.sums[score][layer, head] == pytest.approx(total[0], abs=1e-5)
    if trace.config.kind == "encoder-decoder":
        assert score_trace(trace, "decoder", "cross").mean("coverage").shape == (3, 6)


def test_scores_in_blocks_of_one_head_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = random_model(CONFIGS["decoder, rotary"]).run([5, 6, 7, 5, 6, 7])
    whole = score_trace(trace, "decoder")
    monkeypatch.setattr("analysis.head_scores.BLOCK_BYTES", 0)
    for name, sums in score_trace(trace, "decoder").sums.items():
        np.testing.assert_allclose(sums, whole.sums[name], atol=1e-6)


def test_a_silenced_head_still_looks_where_it_looked() -> None:
    lm = random_model(CONFIGS["decoder, rotary"])
    plain = score_trace(lm.run([5, 6, 7, 5, 6]), "decoder")
    silenced = score_trace(lm.run([5, 6, 7, 5, 6], edits=[ZeroHead("decoder", 0, "self", 2)]), "decoder")
    np.testing.assert_allclose(silenced.mean("previous")[0], plain.mean("previous")[0], atol=1e-6)


def test_scores_of_several_texts_weigh_each_query_once() -> None:
    lm = random_model(CONFIGS["decoder, learned"])
    texts = [[5, 6, 7, 5, 6, 7], [8, 9, 10]]
    parts = [score_trace(lm.run(x), "decoder") for x in texts]
    together = merged(parts)
    assert together.counts["previous"].tolist() == [5 + 2] * 2
    assert together.counts["duplicate"].tolist() == [3] * 2  # the second text repeats nothing
    by_hand = (5 * parts[0].mean("previous") + 2 * parts[1].mean("previous")) / 7
    np.testing.assert_allclose(together.mean("previous"), by_hand, atol=1e-12)
    np.testing.assert_allclose(together.mean("duplicate"), parts[0].mean("duplicate"))


def test_scores_of_different_kinds_of_attention_are_not_merged() -> None:
    x, target = read_by(CONFIGS["encoder-decoder, learned"])
    trace = random_model(CONFIGS["encoder-decoder, learned"]).run(x, target=target)
    with pytest.raises(ValueError, match="one kind"):
        merged([score_trace(trace, "decoder"), score_trace(trace, "decoder", "cross")])


def test_special_tokens_of_a_typed_text_repeat_nothing() -> None:
    tokenizer = byte_tokenizer()
    config = replace(CONFIGS["encoder, learned"], vocab_size=len(tokenizer))
    trace = random_model(config, tokenizer=tokenizer).run("ab ab", pair="b")
    assert [token.label for token in trace.tokens("encoder")] == ["a", "b", "·", "a", "b", "</s>", "b", "</s>"]
    assert score_trace(trace, "encoder").counts["duplicate"].tolist() == [3, 3]


def test_every_score_has_its_definition_in_words() -> None:
    used = {name for names in OF_PART.values() for name in names}
    assert used == set(SCORES)
    assert all(all(vars(row).values()) for row in SCORES.values())
