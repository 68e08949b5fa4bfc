"""The cards of models that continue stories, and of t5-fr-en, state what was measured; records read back."""

from pathlib import Path

import pytest

from training.data.typing_variants import FORMS
from training.recipes import RECIPES
from training.tasks.model_card import table
from training.tasks.results import EVALUATION, evenly
from training.tasks.stories.card import DESCRIPTIONS, story_card
from training.tasks.stories.evaluation import Sample, StoriesResults
from training.tasks.text_to_text.card import text_to_text_card
from training.tasks.text_to_text.evaluation import FilledBlanks, TextToTextResults
from training.tasks.translation.evaluation import Example, Score

STORIES = StoriesResults(
    step=9_876,
    epochs=3.25,
    seconds=7_200.0,
    train_stories=1_234,
    train_bytes=5_678_901,
    test_stories=56,
    test_bytes=45_678,
    test_tokens=12_345,
    nats=23_456.78,
    samples=(Sample("Once upon", " a time\nthere", 0), Sample("Tim saw", " a {ball}", 0)),
    counted=50,
    name_kept=31,
    circling=4,
)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_the_card_of_a_model_of_stories_states_what_was_measured(name: str, tmp_path: Path) -> None:
    STORIES.write(tmp_path / EVALUATION)
    assert StoriesResults.read(tmp_path / EVALUATION) == STORIES
    text = story_card(name, RECIPES[name], tmp_path, 1_050_000)
    for said in ("9,876", "5.7 MB", "**0.741 bits per byte**", "1.05 million", "said again in 31", "2.0 hours"):
        assert said in text
    assert "> **Once upon** a time<br>there" in text
    assert "> **Tim saw** a {ball}" in text


def test_the_card_of_t5_states_what_was_measured(tmp_path: Path) -> None:
    example = Example("a | b", "c", "d")
    results = TextToTextResults(
        step=9_876,
        epochs=3.2,
        seconds=7_200.0,
        train_pairs=170_000,
        lexicon_pairs=1_234,
        scores={form: Score(41.5 + i, 3_000, "nrefs:1") for i, form in enumerate(FORMS)},
        demonstrations=(example,),
        examples=(example,),
        examples_every=250,
        blanks=4_321,
        filled_exactly=0.345,
        well_formed=0.987,
        fillings=(FilledBlanks("I <extra_id_0> you.", ("love",), ("hate",)),),
    )
    results.write(tmp_path / EVALUATION)
    assert TextToTextResults.read(tmp_path / EVALUATION) == results
    text = text_to_text_card("t5-fr-en", RECIPES["t5-fr-en"], tmp_path, 5_000_000)
    for said in ("9,876", "| as written | 41.5 |", "3,000 test pairs", "a \\| b", "34%", "99%", "5.0 million"):
        assert said in text
    assert "| `I <extra_id_0> you.` | love | hate |" in text


def test_a_table_cell_holds_no_bar_and_no_line_end() -> None:
    assert table([("a|b", "c\nd")]) == "| a\\|b | c d |"


def test_items_are_taken_evenly_and_all_of_them_without_a_limit() -> None:
    assert evenly(range(10), 5) == range(0, 10, 2)
    assert evenly((1, 2, 3), None) == (1, 2, 3)
    assert evenly((1, 2, 3), 7) == (1, 2, 3)
