"""Jurassic's folder is an ordinary GPT-2 folder to others."""

from pathlib import Path

import torch

import model
from tests.model.families.jurassic import JurassicCase


def test_transformers_opens_jurassic_with_equal_logits(tmp_path: Path) -> None:
    import transformers

    JurassicCase(layers=2, width=24, heads=3, vocab=97).build().save(tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    lm = model.load(tmp_path, device="cpu")
    ids = [5, 9, 80, 33, 7]
    with torch.no_grad():
        expected = theirs(torch.tensor([ids])).logits[0]
    assert lm.family == "jurassic"
    assert torch.allclose(lm.run(ids).logits, expected, atol=1e-4)
    assert "regard" not in lm.source.unused_keys
    assert lm.source.config_json["model_type"] == "gpt2"
