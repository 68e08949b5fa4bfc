"""Sentences about heads: they name what stands out, how far above even attention it is, and among how many."""

import numpy as np

from analysis.head_scores import OF_PART, HeadScores, ScoreName
from analysis.head_summary import HeadSummary
from model.trace import AttentionPart
from ui.heads.in_words import does, place, scores_of, spread


def made(part: AttentionPart, means: dict[ScoreName, list[list[float]]], even: float = 0.1) -> HeadSummary:
    """A summary of 2 layers of 2 heads; scores not given are undefined."""
    shape = (2, 2)
    sums = {name: np.array(means.get(name, np.zeros(shape))) * 10 for name in OF_PART[part]}
    counts = {name: np.array([10, 10] if name in means else [0, 0]) for name in OF_PART[part]}
    flat = {name: np.full((2, 1), even * 10) for name in OF_PART[part]}
    distance = None if part == "cross" else np.full(shape, 1.25)
    return HeadSummary(np.full(shape, 2.0), distance, HeadScores(part, sums, counts), HeadScores(part, flat, counts))


def test_what_stands_out_is_said_with_its_number_its_base_and_its_place() -> None:
    found = made("self", {"previous": [[0.2, 0.91], [0.3, 0.1]], "same": [[0.1, 0.05], [0.9, 0.1]]})
    assert does(found, 0, 1) == (
        "On this text, L0 H1 puts 91.0% of its attention on the previous token (mean of 10 queries; more than any other head; "
        "attention spread evenly would give 10.0%)."
    )


def test_a_head_that_does_nothing_clearly_is_said_to_do_so() -> None:
    found = made("self", {"previous": [[0.2, 0.91], [0.3, 0.1]], "same": [[0.1, 0.05], [0.9, 0.12]]})
    said = does(found, 1, 1)
    assert said.startswith("On this text no one score describes L1 H1.")
    assert "“same token”, 12.0%" in said
    assert "place 2 of 4" in said


def test_a_score_that_even_attention_gives_as_well_does_not_stand_out() -> None:
    found = made("self", {"first": [[0.95, 0.2], [0.2, 0.2]]}, even=0.9)
    assert "no one score describes" in does(found, 0, 0)


def test_alignment_is_said_as_a_pairing() -> None:
    found = made("cross", {"alignment": [[0.8, 0.2], [0.2, 0.2]], "coverage": [[1.0, 1.0], [1.0, 1.0]]})
    assert "L0 H0 pairs target and source tokens off one to one with 80.0%" in does(found, 0, 0)


def test_coverage_has_no_even_score_and_an_undefined_one_has_none_at_all() -> None:
    found = made("cross", {"coverage": [[1.0, 0.5], [0.5, 0.5]]})
    by_name = {score.name: score for score in scores_of(found, 0, 1)}
    assert (by_name["coverage"].here, by_name["coverage"].even) == (0.5, None)
    assert (by_name["alignment"].here, by_name["alignment"].even) == (None, None)
    assert does(found, 0, 0) == "This text is too short to say what L0 H0 does."


def test_equal_heads_share_their_place() -> None:
    found = made("self", {"same": [[0.5, 0.5], [0.2, 0.2]]})
    assert place(found, "same", 0, 0) == "as much as any other head"
    assert place(found, "same", 1, 0) == "place 3 of 4"


def test_spread_is_said_in_bits_tokens_and_distance() -> None:
    assert spread(made("self", {}), 0, 0) == (
        "Its rows have 2.00 bits of entropy, as if spread evenly over 4.0 tokens, 1.2 tokens away on average."
    )
    assert spread(made("cross", {}), 0, 0).endswith("over 4.0 tokens.")
