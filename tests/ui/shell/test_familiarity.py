"""A language that a model never learned is noticed, its own is not, and a model that reads the text is offered."""

import pytest

from ui.runs import runner
from ui.runs.examples import DEFAULT_MODEL, EXAMPLES
from ui.runs.store import Run, RunSpec
from ui.shell import familiarity

STORY_MODELS = ("gpt-stories", "bert-stories", "bart-denoise", "lstm-stories")
ENGLISH = (
    "The bees are in the bucket.",
    "I like machine learning",
    "Where do you live?",
    "She bought three red apples at the market",
    "He gave her a book yesterday.",
    "It is very cold today.",
    "Once upon a time, there was a little girl named Lily.",
)
FRENCH = (
    "Le chat noir dort sur le canapé rouge.",
    "Je ne sais pas où elle habite.",
    "Bonjour Marie, comment vas-tu ?",
    "Il était une fois une petite fille qui habitait dans la forêt.",
    "Tom et Marie sont à Paris.",
    "merci beaucoup",
    "Mon père travaille à l'hôpital depuis dix ans et ma mère enseigne les mathématiques.",
)
OTHER = (
    "Die Katze schläft auf dem roten Sofa.",
    "Ich weiß nicht, wo sie wohnt.",
    "El gato negro duerme en el sofá rojo.",
    "No sé dónde vive ella.",
)


def run_of(name: str, text: str) -> Run:
    return runner.get(RunSpec(name, "cpu", text))


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_noticed_by_the_model_that_reads_french_and_a_story_model_offered(text: str) -> None:
    found = familiarity.verdict(run_of(DEFAULT_MODEL, text))
    assert "English" in found.why
    assert found.fits == "gpt-stories"


@pytest.mark.parametrize("name", STORY_MODELS)
@pytest.mark.parametrize("text", FRENCH)
def test_french_is_noticed_by_a_story_model_and_the_translator_offered(name: str, text: str) -> None:
    found = familiarity.verdict(run_of(name, text))
    assert "pieces for" in found.why
    assert found.fits == DEFAULT_MODEL


@pytest.mark.parametrize("name", [DEFAULT_MODEL, *STORY_MODELS])
@pytest.mark.parametrize("text", OTHER)
def test_a_language_that_no_shipped_model_reads_is_noticed_and_no_model_offered(name: str, text: str) -> None:
    found = familiarity.verdict(run_of(name, text))
    assert found.why
    assert not found.fits


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_said_of_a_models_own_examples(name: str) -> None:
    for example in EXAMPLES[name]:
        assert familiarity.verdict(run_of(name, example.text)).why == "", example.text


@pytest.mark.parametrize("text", FRENCH)
def test_nothing_is_said_of_french_to_the_model_that_reads_it(text: str) -> None:
    assert familiarity.verdict(run_of(DEFAULT_MODEL, text)).why == ""


@pytest.mark.parametrize("name", STORY_MODELS)
@pytest.mark.parametrize("text", ENGLISH)
def test_nothing_is_said_of_english_to_a_story_model(name: str, text: str) -> None:
    assert familiarity.verdict(run_of(name, text)).why == ""
