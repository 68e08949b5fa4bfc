"""The rules of generation_config.json: the reference library's texts, each rule a stage that can be switched off."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import model
from model import InputError
from model.decoding.rules import RULES, after_each, situation, stated, without
from model.decoding.strategies import Sample
from tests.model.builders import END, PAD, ids, loaded_marian, marian_reference

VOCAB = 64
PROMPT = [7, 9, 7, 9, 11, 12]

RULE_CASES: dict[str, Mapping[str, Any]] = {
    "sequence_bias": {"sequence_bias": [[[5], 4.0], [[9, 6], 30.0], [[20], -5.5]]},
    "encoder_repetition_penalty": {"encoder_repetition_penalty": 3.0},
    "repetition_penalty": {"repetition_penalty": 1.8},
    "no_repeat_ngram_size": {"no_repeat_ngram_size": 2},
    "no_repeat_ngram_size 1": {"no_repeat_ngram_size": 1},
    "encoder_no_repeat_ngram_size": {"encoder_no_repeat_ngram_size": 1},
    "bad_words_ids": {"bad_words_ids": [[9, 7], [12, 30], *([i] for i in range(3, 64, 2))]},
    "min_length": {"min_length": 12},
    "min_new_tokens": {"min_new_tokens": 8},
    "exponential_decay_length_penalty": {"exponential_decay_length_penalty": [2, 1.9]},
    "suppress_tokens": {"suppress_tokens": list(range(4, 64, 2))},
    "begin_suppress_tokens": {"begin_suppress_tokens": list(range(3, 30))},
}
TOGETHER = {k: v for case in RULE_CASES.values() for k, v in case.items()} | {
    "no_repeat_ngram_size": 3,
    "suppress_tokens": [3, 14, 15, 40],
    "bad_words_ids": [[5], [9, 7], [12, 30]],
}


def decoder(seed: int, ending: bool) -> Any:
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=VOCAB,
        n_embd=24,
        n_layer=2,
        n_head=3,
        n_positions=64,
        pad_token_id=PAD,
        eos_token_id=END,
        bos_token_id=1,
    )
    net = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(torch.randn(p.shape) * (0.3 if p.ndim > 1 else 0.1) + ("ln" in name and name.endswith("weight")))
        if ending:  # an end that comes early, so that what keeps it back shows
            net.transformer.wte.weight[END] = net.transformer.wte.weight.mean(0) + net.transformer.wte.weight[5] * 0.8
    return net


def both(tmp_path: Path, seed: int, kind: str, rules: Mapping[str, Any]) -> tuple[Any, model.LanguageModel]:
    """(theirs, ours) with the rules in generation_config.json."""
    if kind == "decoder":
        theirs = decoder(seed, ending=True)
        theirs.save_pretrained(tmp_path)
    else:
        theirs = marian_reference(seed, vocab=VOCAB)
        loaded_marian(theirs, tmp_path)
    path = tmp_path / "generation_config.json"
    held = json.loads(path.read_text()) | {"max_length": None, "forced_eos_token_id": None} | dict(rules)
    path.write_text(json.dumps({key: value for key, value in held.items() if value is not None}))
    theirs.generation_config = transformers.GenerationConfig.from_pretrained(tmp_path)
    return theirs, model.load(tmp_path, device="cpu")


def generated(theirs: Any, prompt: list[int], beams: int = 1, count: int = 14) -> list[int]:
    batch = torch.tensor([prompt])
    out = theirs.generate(
        batch,
        attention_mask=torch.ones_like(batch),
        max_new_tokens=count,
        do_sample=False,
        num_beams=beams,
        early_stopping=False,
    )[0].tolist()
    return out[1:] if theirs.config.is_encoder_decoder else out[len(prompt) :]


def ours_of(lm: model.LanguageModel, prompt: list[int], off: tuple[str, ...] = ()) -> list[int]:
    return [step.token.id for step in lm.decode(prompt, max_new_tokens=14, rules_off=off)]


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("case", [*RULE_CASES, "all together"])
def test_each_rule_writes_what_generate_writes_and_can_be_switched_off(tmp_path: Path, kind: str, case: str) -> None:
    rules = TOGETHER if case == "all together" else RULE_CASES[case]
    changed = False
    for seed in range(3):
        theirs, lm = both(tmp_path / f"{seed}", seed, kind, rules)
        assert set(stated(lm.constraints)) >= set(rules)
        assert not lm.source.rules_not_applied
        prompt = [*PROMPT, *ids(seed, seed, VOCAB)]
        assert ours_of(lm, prompt) == generated(theirs, prompt)
        theirs.generation_config = transformers.GenerationConfig(
            eos_token_id=END, pad_token_id=PAD, decoder_start_token_id=PAD if kind == "encoder-decoder" else None
        )
        free = generated(theirs, prompt)
        assert ours_of(lm, prompt, off=RULES) == free
        changed = changed or ours_of(lm, prompt) != free
    assert changed or case in ("min_length", "min_new_tokens", "encoder_no_repeat_ngram_size")


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("case", ["no_repeat_ngram_size", "repetition_penalty", "min_new_tokens", "sequence_bias"])
def test_beams_follow_the_rules_as_the_reference_does(tmp_path: Path, kind: str, case: str) -> None:
    for seed in range(2):
        theirs, lm = both(tmp_path / f"{seed}", seed, kind, RULE_CASES[case])
        best = model.beam_search(lm, PROMPT, beams=3, max_new_tokens=8)[0]
        expected = generated(theirs, PROMPT, beams=3, count=8)
        assert list(best.ids) == expected[: len(best.ids)]


@pytest.mark.parametrize("case", ["min_length", "min_new_tokens"])
def test_no_end_comes_before_the_least_length(tmp_path: Path, case: str) -> None:
    _, lm = both(tmp_path, 0, "decoder", {case: 12} | {"sequence_bias": [[[END], 100.0]]})
    least = 12 if case == "min_new_tokens" else 12 - len(PROMPT)
    assert ours_of(lm, PROMPT, off=(case,)) == [END]
    written = ours_of(lm, PROMPT)
    assert written[least] == END
    assert END not in written[:least]


def test_the_stages_are_named_in_the_reference_librarys_order(tmp_path: Path) -> None:
    _, lm = both(tmp_path, 0, "decoder", TOGETHER)
    logits = torch.randn(VOCAB, generator=torch.Generator().manual_seed(1))
    names = [name for name, _ in after_each(logits, lm.constraints, situation([*PROMPT, 7, 9, 7], 3, None))]
    assert names == [name for name in RULES if name in names]
    assert {"repetition_penalty", "no_repeat_ngram_size", "min_new_tokens", "exponential_decay_length_penalty"} <= set(
        names
    )
    assert after_each(logits, without(lm.constraints, RULES), situation(PROMPT, 0, None)) == []


def test_a_rule_that_does_not_exist_cannot_be_switched_off(tmp_path: Path) -> None:
    _, lm = both(tmp_path, 0, "decoder", {})
    with pytest.raises(InputError, match='there is no generation rule "min_len"; rules are sequence_bias, '):
        lm.decode(PROMPT, rules_off=["min_len"])
    with pytest.raises(InputError, match="no generation rule"):
        model.beam_search(lm, PROMPT, rules_off=["min_len"])


def test_a_samples_own_penalty_takes_the_place_of_the_checkpoints(tmp_path: Path) -> None:
    _, lm = both(tmp_path / "with", 0, "decoder", {"repetition_penalty": 1.8})
    _, plain = both(tmp_path / "without", 0, "decoder", {})
    strategy = model.Forced(((0, 5),), Sample(repetition_penalty=1.3, seed=2))
    one, other = (
        [step.token.id for step in chosen.decode(PROMPT, strategy=strategy, max_new_tokens=8)] for chosen in (lm, plain)
    )
    assert one == other


def test_rewriting_keeps_to_the_rules_that_the_decode_had(tmp_path: Path) -> None:
    _, lm = both(tmp_path, 0, "decoder", {"no_repeat_ngram_size": 1})
    for off in ((), ("no_repeat_ngram_size",)):
        steps = list(lm.decode(PROMPT, max_new_tokens=8, rules_off=off))
        strategy = model.Forced(((1, 30),))
        again = [step.token.id for step in model.rewrite(lm, steps, strategy, max_new_tokens=8)]
        fresh = [step.token.id for step in lm.decode(PROMPT, strategy=strategy, max_new_tokens=8, rules_off=off)]
        assert again == fresh


@pytest.mark.parametrize(
    ("stated", "named"),
    [
        ({"guidance_scale": 1.5}, {"guidance_scale": 1.5}),
        ({"typical_p": 0.3, "epsilon_cutoff": 0.0}, {"typical_p": 0.3}),
        ({"a_rule_of_tomorrow": 3}, {"a_rule_of_tomorrow": 3}),
        ({"repetition_penalty": "high"}, {"repetition_penalty": "high"}),
        ({"sequence_bias": [[[5], "much"], [[6], 1.0]]}, {"sequence_bias": [[[5], "much"], [[6], 1.0]]}),
        ({"exponential_decay_length_penalty": [1]}, {"exponential_decay_length_penalty": [1]}),
        ({"do_sample": True, "temperature": 0.3, "num_beams": 4, "penalty_alpha": None, "num_beam_groups": 1}, {}),
    ],
)
def test_a_rule_that_is_not_applied_is_named(
    tmp_path: Path, stated: Mapping[str, Any], named: Mapping[str, Any]
) -> None:
    decoder(0, ending=False).save_pretrained(tmp_path)
    path = tmp_path / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(stated)))
    lm = model.load(tmp_path, device="cpu")
    assert lm.source.rules_not_applied == named
    assert len(ours_of(lm, PROMPT)) > 0


def test_an_older_config_states_the_rules_itself(tmp_path: Path) -> None:
    decoder(0, ending=False).save_pretrained(tmp_path)
    (tmp_path / "generation_config.json").unlink()
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"no_repeat_ngram_size": 3, "min_length": 5}))
    lm = model.load(tmp_path, device="cpu")
    assert (lm.constraints.no_repeat_ngram_size, lm.constraints.min_length) == (3, 5)
    assert "min_length" not in lm.source.unused_keys
