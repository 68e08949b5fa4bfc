"""How matrices lie in memory: the wide ones by column, with the same numbers, ties and fingerprint."""

import hashlib
from pathlib import Path

import torch
from torch import nn

import model
from model.layout import LONGEST_ROW, lay_out
from model.transformer import Transformer
from tests.model.builders import shaped
from tests.model.families.palm import PalmCase
from tests.model.small_checkpoint import small_checkpoint


def test_wide_matrices_of_a_loaded_model_lie_by_column_and_others_by_row() -> None:
    lm = model.load("transformer-fr-en", device="cpu")
    linear = {name: m.weight for name, m in lm.net.named_modules() if isinstance(m, nn.Linear)}
    wide = {name for name, w in linear.items() if w.shape[0] > w.shape[1]}
    assert "head.out" in wide
    assert len(wide) > 1
    for name, weight in linear.items():
        assert (weight.t() if name in wide else weight).is_contiguous(), name


def test_a_tied_table_stays_one_and_its_rows_are_found() -> None:
    lm = model.load("transformer-fr-en", device="cpu")
    assert lm.net.head is not None
    assert lm.net.head.out.weight is lm.net.tokens.weight
    rows = lm.net.tokens(torch.tensor([3, 9, 3]))
    assert torch.equal(rows, lm.net.tokens.weight[[3, 9, 3]].contiguous())


def test_long_rows_are_left_as_they_lie() -> None:
    net = Transformer(shaped("decoder"))
    wide = nn.Linear(LONGEST_ROW + 1, LONGEST_ROW + 2)
    net.add_module("wide", wide)
    before = wide.weight.data_ptr()
    lay_out(net)
    assert wide.weight.data_ptr() == before
    assert wide.weight.is_contiguous()


def test_a_fingerprint_does_not_depend_on_how_matrices_lie(tmp_path: Path) -> None:
    lm = model.load(small_checkpoint(tmp_path), device="cpu")
    assert any(not p.is_contiguous() for p in lm.net.parameters())
    digest = hashlib.sha256(repr(lm.config).encode())
    for name, parameter in lm.net.named_parameters():
        flat = parameter.detach().flatten()
        digest.update(name.encode() + flat[:: max(1, flat.numel() // 64)].numpy().tobytes())
    assert lm.fingerprint == digest.hexdigest()[:32]


def test_the_numbers_are_those_that_were_stored(tmp_path: Path) -> None:
    case = PalmCase(heads=4, key_heads=1)
    built = case.build()
    built.save(tmp_path / "palm")
    lm = model.load(tmp_path / "palm", device="cpu")
    assert torch.equal(lm.net.tokens.weight.contiguous(), built.weights["embed.weight"])
