"""The schedule, the average, and a run that goes on where it stopped."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from model.block import Dropout
from model.transformer import Transformer
from training.data.batches import encode_examples, plan_epoch, read_batch
from training.data.translation_pairs import LEXICON, read_pairs
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.seq2seq import batch_loss
from training.trainer.checkpoints import (
    Average,
    Progress,
    averaged_weights,
    load_checkpoint,
    newest_checkpoint,
    read_progress,
    save_checkpoint,
)
from training.trainer.initialisation import build
from training.trainer.optimisation import Schedule, parameter_groups

PAIRS = read_pairs(LEXICON)[:120]


def optimizer_for(net: Transformer) -> torch.optim.AdamW:
    return torch.optim.AdamW(net.parameters(), lr=1e-2)


def learn(net: Transformer, optimizer: torch.optim.AdamW, tokenizer: Tokenizer, steps: int) -> list[float]:
    examples = encode_examples(tokenizer, PAIRS, [], copies=1)
    plan = plan_epoch(examples, tokens=600, seed=1, epoch=0)
    losses = []
    for step in range(steps):
        loss = batch_loss(net, read_batch(examples, plan[step % len(plan)], tokenizer), smoothing=0.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def test_the_rate_rises_over_the_warm_up_and_falls_to_zero_with_the_time_spent(recipe: Recipe) -> None:
    schedule = Schedule(recipe, budget_seconds=1_000.0, total_steps=1)
    assert schedule.rate(Progress(step=0)) == pytest.approx(recipe.peak_rate / recipe.warmup_steps)
    assert schedule.rate(Progress(step=recipe.warmup_steps, seconds=500.0)) == pytest.approx(recipe.peak_rate / 2)
    assert schedule.rate(Progress(step=90, seconds=1_000.0)) == 0.0
    assert schedule.share(Progress(step=90, seconds=2_000.0)) == 1.0


def test_without_a_budget_of_time_the_rate_follows_the_steps(recipe: Recipe) -> None:
    schedule = Schedule(recipe, budget_seconds=None, total_steps=100)
    assert schedule.rate(Progress(step=75, seconds=1e9)) == pytest.approx(recipe.peak_rate / 4)


def test_the_loss_falls_when_a_network_learns(recipe: Recipe, tokenizer: Tokenizer) -> None:
    net = build(recipe).train()
    losses = learn(net, optimizer_for(net), tokenizer, steps=60)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 1.0


def test_padding_does_not_change_the_loss(recipe: Recipe, tokenizer: Tokenizer) -> None:
    net = build(recipe).eval()
    examples = encode_examples(tokenizer, PAIRS, [], copies=1)
    lengths = examples.english.lengths[: len(PAIRS)]
    short, long = int(lengths.argmin()), int(lengths.argmax())
    assert lengths[short] < lengths[long]
    together = read_batch(examples, np.array([[short, long]] * 2), tokenizer)
    alone = [read_batch(examples, np.array([[i]] * 2), tokenizer) for i in (short, long)]
    weights = [int(batch.target_real.sum()) for batch in alone]
    losses = [float(batch_loss(net, batch, smoothing=0.0).detach()) for batch in alone]
    expected = np.average(losses, weights=weights)
    assert float(batch_loss(net, together, smoothing=0.0).detach()) == pytest.approx(expected, rel=1e-5)


def test_embeddings_have_unit_size_once_they_are_scaled() -> None:
    net = build(RECIPES["transformer-fr-en"])
    scaled = net.tokens.weight * net.config.embed_scale
    assert float(scaled.detach().std()) == pytest.approx(1.0, abs=0.01)
    assert net.head is not None
    assert net.head.out.weight is net.tokens.weight


@pytest.mark.parametrize(
    ("name", "factor"), [("t5-fr-en", 32**-0.5), ("transformer-fr-en", 1.0), ("bloom-stories", 1.0)]
)
def test_queries_that_nothing_scales_learn_as_much_slower_as_they_start_smaller(name: str, factor: float) -> None:
    net = build(RECIPES[name])
    rest, queries, table = parameter_groups(net, RECIPES[name])
    assert queries["factor"] == pytest.approx(factor)
    assert {id(p) for p in queries["params"]} == {  # type: ignore[attr-defined]
        id(p) for key, p in net.named_parameters() if ".q." in key and p.dim() == 2
    }
    groups = [p for group in (rest, queries, table) for p in group["params"]]  # type: ignore[attr-defined]
    assert sorted(map(id, groups)) == sorted(map(id, net.parameters()))


def test_the_average_follows_the_weights_and_a_double_swap_changes_nothing(recipe: Recipe) -> None:
    net = build(recipe)
    average = Average(net, decay=0.5)
    before = net.tokens.weight.detach().clone()
    with torch.no_grad():
        net.tokens.weight += 1.0
    average.update(step=1_000)
    average.swap()
    torch.testing.assert_close(net.tokens.weight.detach(), before + 0.5, atol=1e-6, rtol=0)
    average.swap()
    torch.testing.assert_close(net.tokens.weight.detach(), before + 1.0, atol=1e-6, rtol=0)


def test_a_stopped_run_goes_on_exactly_where_it_was(recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path) -> None:
    net = build(recipe).train()
    optimizer, average = optimizer_for(net), Average(net, recipe.ema_decay)
    learn(net, optimizer, tokenizer, steps=3)
    average.update(3)
    path = save_checkpoint(tmp_path, net, average, optimizer, Progress(step=3, epoch=1, batch=2, seconds=4.5))
    on = learn(net, optimizer, tokenizer, steps=3)

    again = Transformer(recipe.config, dropout=Dropout(recipe.embedding_dropout, recipe.sublayer_dropout)).train()
    optimizer_again, average_again = optimizer_for(again), Average(again, recipe.ema_decay)
    progress = load_checkpoint(path, again, average_again, optimizer_again)
    assert progress == read_progress(path) == Progress(step=3, epoch=1, batch=2, seconds=4.5)
    assert learn(again, optimizer_again, tokenizer, steps=3) == on
    assert torch.equal(averaged_weights(path)["tokens.weight"], average_again.state()["tokens.weight"])


def test_only_the_newest_two_checkpoints_are_kept_and_no_unfinished_file(recipe: Recipe, tmp_path: Path) -> None:
    net = build(recipe)
    assert newest_checkpoint(tmp_path) is None
    for step in (1, 20, 300):
        save_checkpoint(tmp_path, net, Average(net, 0.9), optimizer_for(net), Progress(step=step))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["step-0000020.pt", "step-0000300.pt"]
    assert newest_checkpoint(tmp_path) == tmp_path / "step-0000300.pt"


def test_a_part_of_an_epoch_is_counted_by_the_length_of_those_before() -> None:
    assert Progress(step=250, epoch=2, batch=50).epochs == pytest.approx(2.5)


def test_every_recipe_is_for_a_model_that_ships_in_half_precision_under_16_megabytes() -> None:
    for recipe in RECIPES.values():
        parameters = sum(p.numel() for p in build(recipe).parameters())
        assert 2 * parameters < 15_500_000, json.dumps({"parameters": parameters})
