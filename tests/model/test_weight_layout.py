"""How matrices lie in memory: those with short rows by column, with the same numbers, ties and fingerprint."""

import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

import model
from model.transformer import Transformer
from model.weight_layout import LONGEST_ROW, lay_out, lie_together, project
from tests.model.builders import shaped
from tests.model.families.palm import PalmCase
from tests.model.small_checkpoint import small_checkpoint


def test_matrices_of_a_loaded_model_lie_by_column() -> None:
    lm = model.load("transformer-fr-en", device="cpu")
    linear = {name: m.weight for name, m in lm.net.named_modules() if isinstance(m, nn.Linear)}
    assert "head.out" in linear
    assert len(linear) > 1
    for name, weight in linear.items():
        assert weight.stride(0) == 1, name


@torch.inference_mode()
def test_what_reads_the_same_row_is_read_as_one_with_the_same_answers() -> None:
    block = model.load("gpt-stories", device="cpu").net.decoder.blocks[0].self_attn
    maps = (block.q, block.k, block.v)
    widths = sum(one.out_features for one in maps)
    assert {one.weight.stride() for one in maps} == {(1, widths)}
    x = torch.randn(2, 1, block.q.in_features, generator=torch.Generator().manual_seed(0))
    for together, alone in zip(project(x, *maps), (one(x) for one in maps), strict=True):
        torch.testing.assert_close(together, alone)
        assert together.untyped_storage().nbytes() == 2 * widths * 4  # one product made all three


@torch.inference_mode()
@pytest.mark.parametrize("bias", [True, False])
def test_matrices_that_parted_are_read_one_by_one(bias: bool) -> None:
    maps = [nn.Linear(6, wide, bias=bias) for wide in (6, 2, 2)]
    lie_together(maps)
    for one in maps:
        nn.init.normal_(one.weight, generator=torch.Generator().manual_seed(one.out_features))
        if bias:
            nn.init.ones_(one.bias)
    x = torch.ones(1, 1, 6)
    assert project(x, *maps)[0].shape == (1, 1, 6)
    maps[1].weight.data = torch.zeros_like(maps[1].weight)
    answers = project(x, *maps)
    for answer, one in zip(answers, maps, strict=True):
        assert torch.equal(answer, one(x))
    assert answers[1].unique().tolist() == [float(bias)]


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
