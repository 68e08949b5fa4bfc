"""The recurrent model that ships: its folder opens with the logits of the network that was trained, and learns stories."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import model
from model.recurrent import Recurrent
from tests.training.converters.test_converters import logits, saved
from training.data.stories import END_OF_STORY
from training.data.story_tokenizers import begin_with, save_story_tokenizer, train_word_pieces
from training.export import LAYOUTS, write_folder
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.next_token import next_token_loss, padded
from training.trainer.checkpoints import trained
from training.trainer.initialisation import build

NAME = "lstm-stories"
STORY = "Once upon a time, there was a little fox named Ben. Ben had a red ball. "


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[model.LanguageModel, Path, Recipe]:
    run, folder = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("zoo") / NAME
    tokenizer = begin_with(train_word_pieces([STORY] * 4, vocab_size=300, specials=(END_OF_STORY,)), END_OF_STORY)
    save_story_tokenizer(tokenizer, run)
    config = replace(RECIPES[NAME].config, vocab_size=tokenizer.get_vocab_size(), d_model=16)
    recipe = replace(RECIPES[NAME], config=config)
    checkpoint = saved(recipe, run)
    write_folder(LAYOUTS[NAME], recipe, run, folder)
    return model.load(folder, device="cpu"), checkpoint, recipe


def test_the_folder_has_the_logits_of_the_trained_network(opened: tuple[model.LanguageModel, Path, Recipe]) -> None:
    lm, checkpoint, recipe = opened
    ids = lm.reading(STORY).ids
    net = trained(recipe, checkpoint, torch.device("cpu"))
    assert lm.config == recipe.config
    assert torch.equal(lm.run(ids).logits, logits(net, torch.tensor([ids]))[0])


def test_a_story_begins_and_ends_with_the_same_token(opened: tuple[model.LanguageModel, Path, Recipe]) -> None:
    lm, _, _ = opened
    assert lm.special.end == (lm.reading(STORY).ids[0],)
    assert lm.special.end == (lm.special.pad,)


def test_nothing_that_was_trained_is_left_behind(opened: tuple[model.LanguageModel, Path, Recipe]) -> None:
    _, _, recipe = opened
    net = build(recipe)
    net.register_parameter("stray", torch.nn.Parameter(torch.zeros(1)))
    with pytest.raises(ValueError, match="no place for stray"):
        LAYOUTS[NAME].weights(net)


def test_fresh_weights_keep_what_a_cell_holds() -> None:
    net = build(RECIPES[NAME])
    assert isinstance(net, Recurrent)
    width = net.config.d_model
    for layer in net.layers:
        biases = layer.bias_ih_l0 + layer.bias_hh_l0
        assert torch.equal(biases[width : 2 * width], torch.ones(width))
        gate = layer.weight_hh_l0[:width]
        assert torch.allclose(gate @ gate.T, torch.eye(width), atol=1e-4)
    again = build(RECIPES[NAME])
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_it_has_as_many_parameters_as_the_story_models_it_is_compared_with() -> None:
    def size(name: str) -> int:
        return sum(p.numel() for p in build(RECIPES[name]).parameters())

    assert size(NAME) == pytest.approx(size("gpt-stories"), rel=0.02)


def test_a_few_steps_on_one_story_lower_its_loss(opened: tuple[model.LanguageModel, Path, Recipe]) -> None:
    import numpy as np

    lm, _, recipe = opened
    torch.manual_seed(0)
    net = build(recipe).train()
    row = np.array(lm.reading(STORY).ids, dtype=np.int32)
    inputs, targets = padded([row])
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.peak_rate)
    losses = []
    for _ in range(60):
        loss = next_token_loss(net, inputs, targets, torch.device("cpu"))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2
