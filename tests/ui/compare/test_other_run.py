"""Which model Compare proposes beside another."""

import pytest

from ui.compare.other_run import most_fitting, reads
from ui.runs import runner


@pytest.mark.parametrize(
    ("name", "fitting"),
    [("transformer-fr-en", "t5-fr-en"), ("t5-fr-en", "transformer-fr-en"), ("gpt-stories", "bloom-stories")],
)
def test_the_model_proposed_reads_the_same_language(name: str, fitting: str) -> None:
    others = [other for other in runner.offered() if other != name]
    proposed = most_fitting(name, others)
    assert reads(proposed) & reads(name)
    assert proposed == fitting


def test_a_recurrent_model_has_no_attention_to_compare_and_is_proposed_last() -> None:
    assert most_fitting("gpt-stories", ["lstm-stories", "bloom-stories"]) == "bloom-stories"


def test_of_a_model_nobody_knows_the_first_one_is_proposed() -> None:
    assert most_fitting("/somewhere/mine", ["transformer-fr-en", "t5-fr-en"]) == "transformer-fr-en"
