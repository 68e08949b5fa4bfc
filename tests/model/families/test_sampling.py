"""Sampling, end to end: where both draw with the same numbers, the reference library's `generate` writes the same tokens."""

from pathlib import Path
from typing import Any

import pytest
import torch

import model
from tests.model.families.cases import CASES
from tests.model.families.reference import PAD, Hf, HfReference

IDS = [5, 9, 20, 33, 7, 11, 40]
SEED = 4


class SameDraws:
    """torch.multinomial with the generator Regard seeds for each step."""

    def __init__(self) -> None:
        self.drawn, self.original = 0, torch.multinomial

    def __call__(self, shares: torch.Tensor, num_samples: int = 1, **_: Any) -> torch.Tensor:
        generator = torch.Generator().manual_seed(SEED * 1_000_003 + self.drawn)
        self.drawn += 1
        return self.original(shares, num_samples, generator=generator)


@pytest.mark.parametrize(
    ("family", "case"), [("gpt2", "plain"), ("llama", "grouped"), ("bloom", "six"), ("t5", "tied"), ("bart", "plain")]
)
@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 1.0},
        {"temperature": 1.7, "top_k": 20, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.3},
    ],
)
def test_sampling_equals_generate_token_for_token(
    family: str, case: str, settings: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = CASES[family][case]
    assert isinstance(made, Hf)
    reference = made.build()
    assert isinstance(reference, HfReference)
    reference.save(tmp_path)
    lm = model.load(tmp_path, "cpu")
    strategy = model.Sample(**settings, seed=SEED)  # type: ignore[arg-type]
    generated = [step.token.id for step in lm.decode(IDS, strategy=strategy, max_new_tokens=15)]
    draws = SameDraws()
    with monkeypatch.context() as patch:
        patch.setattr(torch, "multinomial", draws)
        theirs = reference.net.generate(
            torch.tensor([IDS]),
            attention_mask=torch.ones(1, len(IDS), dtype=torch.long),
            do_sample=True,
            num_beams=1,
            max_new_tokens=15,
            forced_eos_token_id=None,
            forced_bos_token_id=None,
            pad_token_id=PAD,
            **({"top_k": 0} | settings),
        )[0].tolist()
    expected = theirs[1:] if reference.net.config.is_encoder_decoder else theirs[len(IDS) :]
    assert draws.drawn == len(expected)
    assert generated == expected
    assert len(set(generated)) > 3


def test_the_odd_cases_are_among_those_every_family_is_checked_on() -> None:
    """The text is 11 tokens long and the target 14, in test_parity.py."""

    def settings(family: str) -> list[dict[str, Any]]:
        return [dict(case.settings) for case in CASES[family].values() if isinstance(case, Hf)]

    def heads(s: dict[str, Any]) -> int:
        return int(s.get("n_head") or s["num_attention_heads"])

    assert any(heads(s) & (heads(s) - 1) for s in settings("bloom")), "ALiBi with heads that are no power of two"
    assert any(s["num_key_value_heads"] == 1 for s in settings("llama")), "one key head"
    assert any(s.get("tie_word_embeddings") is False for s in [*settings("t5"), *settings("bert")]), "an untied output"
    assert any(s.get("relative_attention_num_buckets") for s in settings("t5")), "other buckets"
    for family in ("mistral", "qwen2", "qwen3", "gemma3_text"):
        assert any((s.get("sliding_window") or 99) < 11 for s in settings(family)), "a window shorter than the text"
