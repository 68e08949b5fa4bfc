"""Every preset shows what it says: each claim is asked of the shipped model itself."""

from functools import cache

import numpy as np
import pytest

import model
from analysis.prompting import pose
from analysis.prompting_shares import log_probabilities, shares_among
from model.language_model import LanguageModel
from ui.prompting.draft import MOST_ANSWERS, MOST_PROMPTS
from ui.prompting.presets import LIMITS, PRESETS, Preset, first_draft, limits_of, presets_for
from ui.runs.examples import EXAMPLES, examples_for

SHIPPED = sorted(model.shipped())
EVERY = [(name, preset) for name in SHIPPED for preset in presets_for(name)]


@cache
def loaded(name: str) -> LanguageModel:
    return model.load(name, device="cpu")


def totals(lm: LanguageModel, preset: Preset) -> np.ndarray:
    """(prompts, answers) nats."""
    joint = preset.draft.joint
    return np.array(
        [
            [
                log_probabilities(lm, pose(lm, one.prompt, preset.input, answer, joint)).sum()
                for answer in preset.answers
            ]
            for one in preset.prompts
        ]
    )


def wrong(lm: LanguageModel, preset: Preset) -> list[str]:
    """The claims of a preset that do not hold for a model."""
    nats = totals(lm, preset)
    shares = shares_among(nats)
    found = []
    for claim in preset.claims:
        at = preset.answers.index(claim.answer)
        holds = {
            "wins": int(nats[claim.prompt].argmax()) == at,
            "loses": int(nats[claim.prompt].argmax()) != at,
            "rises": shares[claim.prompt, at] > shares[claim.than, at],
            "falls": nats[claim.prompt, at] < nats[claim.than, at],
        }[claim.says]
        if not holds:
            found.append(f"{preset.name}: {claim} with shares {shares.round(3).tolist()}")
    return found


@pytest.mark.parametrize(("name", "preset"), EVERY, ids=[f"{name}: {preset.name}" for name, preset in EVERY])
def test_a_preset_shows_what_it_says(name: str, preset: Preset) -> None:
    assert preset.claims
    assert wrong(loaded(name), preset) == []


def test_a_claim_that_does_not_hold_is_found() -> None:
    preset = PRESETS["transformer-fr-en"][0]
    turned = Preset(preset.name, "", preset.input, preset.answers[::-1], preset.prompts, preset.claims)
    assert wrong(loaded("transformer-fr-en"), turned) == []
    false = Preset(
        preset.name, "", "Le chien noir dort sur le canapé rouge.", preset.answers, preset.prompts, preset.claims
    )
    assert len(wrong(loaded("transformer-fr-en"), false)) >= 1


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_has_presets_and_its_limits_are_said(name: str) -> None:
    assert presets_for(name)
    assert limits_of(name)
    assert first_draft(name).prompts[1].instruction


def test_presets_are_for_models_with_examples_and_fit_the_page() -> None:
    assert set(PRESETS) == set(LIMITS) == set(EXAMPLES)
    for presets in PRESETS.values():
        assert len({preset.name for preset in presets}) == len(presets)
        for preset in presets:
            assert 1 <= len(preset.prompts) <= MOST_PROMPTS
            assert 2 <= len(preset.answers) <= MOST_ANSWERS


def test_a_model_that_is_not_shipped_has_none_and_begins_all_the_same() -> None:
    assert presets_for("someone/else") == ()
    assert limits_of("someone/else") == ""
    assert first_draft("someone/else").prompts[0].kind == "zero-shot"
    assert presets_for("gpt-stories@opened") == PRESETS["gpt-stories"]


def test_no_first_draft_repeats_what_stands_in_the_examples_of_its_model() -> None:
    for name in SHIPPED:
        for prompt in first_draft(name).prompts:
            for example in examples_for(name):
                assert not (prompt.instruction and example.text.startswith(prompt.instruction)), name
