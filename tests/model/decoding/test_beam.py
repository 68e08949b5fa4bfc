"""Beam search finds what the reference library's search finds, with the same scores."""

from pathlib import Path

import pytest
import torch

from model import Hypothesis, InputError, beam_history, beam_search
from model.language_model import LanguageModel
from model.pretrained import Constraints
from tests.model.builders import END, PAD, START, ids, loaded_marian, marian_reference, random_model, shaped

SOURCE = [5, 17, 40, 9, 33, END]


def fluent_pair(seed: int, folder: Path) -> tuple[LanguageModel, object]:
    """(ours, theirs) with the same weights, and an end token that comes neither at once nor never."""
    theirs = marian_reference(seed)
    with torch.no_grad():
        theirs.final_logits_bias[0, END] += 3.0
        theirs.final_logits_bias[0, PAD] -= 8.0
    return loaded_marian(theirs, folder), theirs


@pytest.mark.parametrize("length_penalty", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_hypotheses_and_scores_equal_the_reference_library(seed: int, length_penalty: float, tmp_path: Path) -> None:
    ours, theirs = fluent_pair(seed, tmp_path)
    for beams in (2, 4, 7):
        found = beam_search(ours, SOURCE, beams=beams, length_penalty=length_penalty, max_new_tokens=12)
        expected = theirs.generate(  # type: ignore[attr-defined]
            torch.tensor([SOURCE]),
            attention_mask=torch.ones(1, len(SOURCE), dtype=torch.long),
            num_beams=beams,
            num_return_sequences=beams,
            length_penalty=length_penalty,
            max_new_tokens=12,
            max_length=None,
            do_sample=False,
            early_stopping=False,
            forced_eos_token_id=None,
            bad_words_ids=None,
            output_scores=True,
            return_dict_in_generate=True,
        )
        rows = [trimmed(row) for row in expected.sequences[:, 1:].tolist()]
        assert [list(h.ids) for h in found] == rows
        assert [h.score for h in found] == pytest.approx(expected.sequences_scores.tolist(), abs=1e-4)


def trimmed(row: list[int]) -> list[int]:
    """Without the padding after the end token."""
    return row[: row.index(END) + 1] if END in row else row


def test_some_of_these_searches_end_by_themselves_and_some_at_the_limit(tmp_path: Path) -> None:
    reasons: set[str] = set()
    for seed in range(4):
        ours, _ = fluent_pair(seed, tmp_path / str(seed))
        reasons |= {h.ended for h in beam_search(ours, SOURCE, max_new_tokens=12)}
    assert reasons == {"end", "limit"}


def test_a_score_is_the_summed_log_probability_over_the_length(tmp_path: Path) -> None:
    lm, _ = fluent_pair(1, tmp_path)
    for found in beam_search(lm, SOURCE, length_penalty=0.6, max_new_tokens=6):
        assert found.score == pytest.approx(sum(found.log_probabilities) / len(found.ids) ** 0.6, abs=1e-5)
        assert len(found.log_probabilities) == len(found.ids)
        trace = lm.run(SOURCE, target=[lm.special.start or 0, *found.ids[:-1]])
        shares = trace.logits.log_softmax(dim=-1)[range(len(found.ids)), list(found.ids)]
        assert shares.tolist() == pytest.approx(list(found.log_probabilities), abs=1e-4)
        assert found.ended == ("end" if found.ids[-1] == END else "limit")
        assert found.text == lm.text(found.ids)


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
def test_one_beam_is_greedy_decoding(kind: str) -> None:
    lm = random_model(shaped("decoder", "alibi") if kind == "decoder" else shaped("encoder-decoder", "relative"))
    greedy = [step.token.id for step in lm.decode(ids(5), max_new_tokens=8)]
    assert [list(h.ids) for h in beam_search(lm, ids(5), beams=1, max_new_tokens=8)] == [greedy]


def test_enough_beams_find_the_most_probable_text_of_all() -> None:
    lm = random_model(shaped("decoder", "rotary"))
    prompt, vocab = ids(3), lm.config.vocab_size
    first = lm.run(prompt).logits[-1].log_softmax(dim=-1)
    pairs = torch.stack([first[i] + lm.run([*prompt, i]).logits[-1].log_softmax(dim=-1) for i in range(vocab)])
    best = beam_search(lm, prompt, beams=vocab, max_new_tokens=2, stop=())[0]
    assert list(best.ids) == [int(pairs.argmax()) // vocab, int(pairs.argmax()) % vocab]
    assert best.score == pytest.approx(float(pairs.max()) / 2, abs=1e-4)


def test_constraints_and_stop_ids_hold_for_every_beam() -> None:
    rules = Constraints(forced_first=6, never=(7,), never_sequences=((6, 9),))
    lm = random_model(shaped("encoder-decoder"), constraints=rules)
    found = beam_search(lm, ids(5), max_new_tokens=6, stop=[11, 12])
    assert len(found) == 4
    for h in found:
        assert h.ids[0] == 6
        assert h.log_probabilities[0] == 0.0  # what is forced costs nothing
        assert 7 not in h.ids
        assert h.ids[1] != 9
        assert (h.ended == "end") == (h.ids[-1] in (11, 12))
    assert all(h.ended == "limit" for h in beam_search(lm, ids(5), max_new_tokens=6, stop=()))


def test_a_search_continues_what_is_written_and_ends_at_the_last_position() -> None:
    lm = random_model(shaped("encoder-decoder"))
    target = [START, *ids(28)]
    found = beam_search(lm, ids(5), target=target, max_new_tokens=20, stop=())
    assert {(len(h.ids), h.ended) for h in found} == {(4, "positions")}


def test_the_history_tells_what_became_of_every_candidate(tmp_path: Path) -> None:
    lm, _ = fluent_pair(1, tmp_path)
    history = beam_history(lm, SOURCE, beams=3, max_new_tokens=6)
    assert list(history.hypotheses) == beam_search(lm, SOURCE, beams=3, max_new_tokens=6)
    kept: list[tuple[int, ...]] = [()]
    for step in history.steps:
        assert len(step) == 6
        assert [c.total for c in step] == sorted((c.total for c in step), reverse=True)
        for candidate in step:
            assert candidate.ids[:-1] == kept[candidate.beam]
            assert candidate.log_probability <= 0
        kept = [c.ids for c in step if c.fate == "kept"]
        assert len(kept) == 3 or step is history.steps[-1]
    ended = {c.ids for step in history.steps for c in step if c.fate == "finished"}
    assert {h.ids for h in history.hypotheses} <= ended


def test_scores_never_rise_down_the_list() -> None:
    found: list[Hypothesis] = beam_search(random_model(shaped("decoder", "none")), ids(3), beams=6, max_new_tokens=5)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def test_what_cannot_be_searched_is_refused() -> None:
    lm = random_model(shaped("encoder-decoder"))
    with pytest.raises(InputError, match="at least one beam"):
        beam_search(lm, ids(3), beams=0)
    with pytest.raises(InputError, match="max_new_tokens must be at least 1"):
        beam_search(lm, ids(3), max_new_tokens=0)
    with pytest.raises(InputError, match="fills masks"):
        beam_search(random_model(shaped("encoder")), ids(3))
