"""Story tokenizers, packing, the loss, and bits per byte."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from model.network import Network
from tests.training.story_corpus import write_corpus
from training.data.stories import END_OF_STORY, Stories, read_stories
from training.data.story_tokenizers import LONGEST_PHRASE, joined, phrase_merges, train_phrases, train_word_pieces
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.next_token import IGNORED, next_token_loss, padded
from training.tasks.stories.evaluation import nucleus
from training.tasks.stories.task import Continuation, pack, stretches, total_nats

CPU = torch.device("cpu")
SPECIALS = (END_OF_STORY,)


def small(name: str) -> Recipe:
    """The recipe that ships, narrow."""
    recipe = RECIPES[name]
    words = 380 if recipe.word_pieces else 0
    config = replace(recipe.config, vocab_size=440, d_model=16)
    if config.recurrence == "none":
        config = replace(config, n_heads=2, n_kv_heads=0, d_head=8, d_ff=24)
    return replace(recipe, config=config, batch_tokens=1_024, word_pieces=words)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("stories"))


@pytest.fixture(scope="module")
def stories(corpus: Path) -> Stories:
    return read_stories(corpus)


@pytest.fixture(scope="module")
def phrases(stories: Stories) -> Tokenizer:
    return train_phrases(stories.train, vocab_size=440, words=380, specials=SPECIALS)


@pytest.fixture(scope="module")
def task(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Continuation:
    return Continuation(small("gpt-stories"), tmp_path_factory.mktemp("run"), corpus)


def test_a_frequent_phrase_is_one_piece_and_punctuation_ends_it(phrases: Tokenizer) -> None:
    tokens = phrases.encode("Once upon a time, there was").tokens
    assert tokens[0] == "OnceĠuponĠaĠtime"
    assert tokens[1] == ","
    assert all("," not in token for token in tokens if len(token) > 1)


def test_phrases_have_four_words_at_most(phrases: Tokenizer) -> None:
    spans = [token.strip("Ġ").count("Ġ") + 1 for token in phrases.get_vocab()]
    assert max(spans) == LONGEST_PHRASE


def test_either_tokenizer_gives_any_text_back(phrases: Tokenizer, stories: Stories) -> None:
    words = train_word_pieces(stories.train, vocab_size=400, specials=SPECIALS)
    for text in ("Once upon a time!\nThe  end.", "안녕 👩‍👩‍👧 déjà-vu", stories.train[0]):
        assert words.decode(words.encode(text).ids) == text
        assert phrases.decode(phrases.encode(text).ids) == text


def test_a_merge_joins_every_pair_and_the_first_of_overlapping_ones() -> None:
    text = np.array([1, 2, 1, 1, 1, -1, 1, 2])
    assert joined(text, 1, 2, 9).tolist() == [9, 1, 1, 1, -1, 9]
    assert joined(text, 1, 1, 9).tolist() == [1, 2, 9, 1, -1, 1, 2]


def test_the_most_frequent_neighbours_are_merged_first() -> None:
    text = np.array([0, 1, 2, -1, 0, 1, 2, -1, 0, 1, -1])
    assert phrase_merges(["a", "b", "c"], text, count=2) == [("a", "b"), ("ab", "c")]


def test_every_window_begins_at_a_storys_start_and_nothing_is_lost() -> None:
    made = [np.array([0, *range(10 * i + 1, 10 * i + 1 + n), 0]) for i, n in enumerate((5, 3, 8, 2))]
    windows = pack(made, np.arange(4), window=10)
    assert all(window[0] == 0 and len(window) <= 11 for window in windows)
    assert sorted(x for window in windows for x in window if x) == sorted(x for story in made for x in story if x)


def test_a_story_longer_than_a_window_is_cut_and_each_token_predicted_once() -> None:
    story = np.arange(25)
    parts = stretches(story, positions=10)
    assert [x for part in parts for x in part[1:]] == list(range(1, 25))
    assert sorted(x for window in pack([story], np.array([0]), 10) for x in window[1:]) == list(range(1, 25))


def test_an_epoch_is_the_same_whenever_it_is_planned(task: Continuation) -> None:
    first = task.plan(0)
    again = task.plan(1) and task.plan(0)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], task.plan(1)[0])


def test_padding_changes_no_loss(task: Continuation) -> None:
    net = task.build().eval()
    rows = [task.train[0][:12], task.train[1][:30]]
    alone = [float(next_token_loss(net, *padded([row]), CPU).detach()) for row in rows]
    together = float(next_token_loss(net, *padded(rows), CPU).detach())
    assert together == pytest.approx(np.average(alone, weights=[11, 29]), rel=1e-5)


def test_targets_are_one_further_on() -> None:
    inputs, targets = padded([np.array([5, 6, 7]), np.array([1, 2, 3, 4])])
    assert inputs[0].tolist() == [5, 6, 0]
    assert targets[0].tolist() == [6, 7, IGNORED]


def test_the_nats_of_stories_are_the_sum_over_tokens(task: Continuation) -> None:
    net = task.build().eval()
    assert isinstance(net, Network)
    assert net.head is not None
    story = task.train[0]
    with torch.inference_mode():
        log_p = net.head(net(torch.tensor([story[:-1].tolist()]))[0]).log_softmax(-1)
        expected = -float(log_p[torch.arange(len(story) - 1), torch.tensor(story[1:].astype(np.int64))].sum())
        nats, tokens = total_nats(net, [story, story], CPU)
    assert tokens == 2 * (len(story) - 1)
    assert nats == pytest.approx(2 * expected, rel=1e-5)


def test_a_nucleus_leaves_out_the_tail() -> None:
    logits = torch.log(torch.tensor([0.6, 0.3, 0.09, 0.01]))
    drawn = {nucleus(logits, torch.Generator().manual_seed(seed)) for seed in range(200)}
    assert 3 not in drawn  # at temperature 0.8 the first three hold more than 95%
    assert {0, 1} <= drawn


@pytest.mark.parametrize("name", ["gpt-stories", "bloom-stories", "palm-stories", "lstm-stories"])
def test_a_model_learns_the_made_up_stories(name: str, corpus: Path, tmp_path: Path) -> None:
    task = Continuation(small(name), tmp_path, corpus)
    net = task.build().train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    losses = []
    for planned in task.plan(0)[:28]:
        loss = task.loss(net, planned, CPU)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] == pytest.approx(math.log(440), abs=1.5)
    assert losses[-1] < losses[0] - 0.5
