"""Muon makes every direction of a matrix count the same; the rest of a network follows AdamW to the letter."""

import copy

import torch
from torch import nn

from training.recipes import RECIPES
from training.trainer.initialisation import build
from training.trainer.muon import RMS, Muon, muon, orthogonal


def test_the_singular_values_become_about_one_whatever_they_were() -> None:
    torch.manual_seed(0)
    for shape in ((32, 32), (32, 80), (80, 32)):
        x = torch.randn(*shape) @ torch.diag(torch.logspace(0, -1.5, shape[1]))
        values = torch.linalg.svdvals(orthogonal(x))
        assert values.max() < 1.3
        assert values.min() > 0.5


def test_singular_vectors_are_kept() -> None:
    torch.manual_seed(1)
    x = torch.randn(24, 24)
    u, _, v = torch.linalg.svd(x)
    turned = u.mT @ orthogonal(x) @ v.mT
    assert (turned - torch.diag(turned.diagonal())).abs().max() < 0.05


def test_what_is_not_a_matrix_of_a_block_follows_adamw() -> None:
    torch.manual_seed(2)
    start = torch.randn(7, 5)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    mine = Muon([], [ours], betas=(0.9, 0.98), weight_decay=0.3)
    reference = torch.optim.AdamW([theirs], lr=0.01, betas=(0.9, 0.98), weight_decay=0.0)
    for group in mine.param_groups:
        group["lr"] = 0.01
    for _ in range(5):
        grad = torch.randn(7, 5)
        ours.grad, theirs.grad = grad.clone(), grad.clone()
        mine.step()
        reference.step()
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_matrix_steps_as_far_as_adamw_would() -> None:
    torch.manual_seed(3)
    p = nn.Parameter(torch.zeros(64, 64))
    optimizer = Muon([p], [], betas=(0.9, 0.98), weight_decay=0.0)
    optimizer.param_groups[0]["lr"] = 0.01
    p.grad = torch.randn(64, 64)
    optimizer.step()
    assert 0.7 * RMS * 0.01 < float(p.detach().square().mean().sqrt()) < 1.3 * RMS * 0.01


def test_a_run_goes_on_where_its_optimizer_stopped() -> None:
    recipe = RECIPES["bert-stories"]
    nets = [build(recipe) for _ in range(2)]
    optimizers = [muon(net, betas=recipe.betas, weight_decay=recipe.weight_decay) for net in nets]

    def step(i: int) -> None:
        for group in optimizers[i].param_groups:
            group["lr"] = 1e-3
        torch.manual_seed(4)
        for p in nets[i].parameters():
            p.grad = torch.randn_like(p)
        optimizers[i].step()

    step(0)
    nets[1].load_state_dict(nets[0].state_dict())
    optimizers[1].load_state_dict(copy.deepcopy(optimizers[0].state_dict()))  # as a file would
    step(0)
    step(1)
    assert all(torch.equal(a, b) for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True))


def test_the_maps_of_blocks_are_orthogonalised_and_nothing_else() -> None:
    net = build(RECIPES["bert-stories"])
    groups = muon(net, betas=(0.9, 0.98), weight_decay=0.0, embedding_rate=4.0).param_groups
    matrices, others, table = (group["params"] for group in groups)
    assert len(matrices) == 6 * net.config.encoder_layers
    assert len(matrices) + len(others) + len(table) == len(list(net.parameters()))
    assert [p is net.tokens.weight for p in table] == [True]
    assert [group["factor"] for group in groups[1:]] == [1.0, 4.0]
