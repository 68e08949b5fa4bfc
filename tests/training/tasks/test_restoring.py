"""BERT's and BART's tasks: the same at every asking, what is hidden, what the order is, and what ships of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.restorers import LAYOUTS, small
from tests.training.story_corpus import write_corpus
from training.data.special_tokenizers import BART, BERT
from training.data.stories import sentences_of
from training.data.story_tokenizers import MAX_POSITIONS
from training.tasks.denoising.task import Denoising
from training.tasks.masked_lm.sentence_pairs import IN_ORDER, NO_LABEL, SWAPPED, hide
from training.tasks.masked_lm.task import ANYWHERE_EPOCH, NEXT, MaskedPairs, narrow, next_piece_loss, window_at
from training.tasks.registry import TASKS

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("stories"))


@pytest.fixture(scope="module")
def masking(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> MaskedPairs:
    return MaskedPairs(small("bert-stories"), tmp_path_factory.mktemp("bert"), corpus)


@pytest.fixture(scope="module")
def denoising(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Denoising:
    return Denoising(small("bart-denoise"), tmp_path_factory.mktemp("bart"), corpus)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_task_asked_again_gives_the_same_batches_and_the_same_losses(name: str, corpus: Path, tmp_path: Path) -> None:
    recipe = small(name)
    tasks = [TASKS[recipe.task](recipe, tmp_path, corpus) for _ in range(2)]  # the second reads the first's tokenizer
    plans = [task.plan(1) for task in tasks]
    assert [p.tolist() for p in plans[0]] == [p.tolist() for p in plans[1]]
    assert plans[0][0].tolist() != tasks[0].plan(2)[0].tolist()
    net = tasks[0].build().eval()
    with torch.inference_mode():
        assert float(tasks[0].loss(net, plans[0][0], CPU)) == float(tasks[1].loss(net, plans[1][0], CPU))
        assert tasks[0].held_out_loss(net, CPU) == tasks[1].held_out_loss(net, CPU)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_task_is_learnt(name: str, corpus: Path, tmp_path: Path) -> None:
    recipe = small(name)
    task = TASKS[recipe.task](recipe, tmp_path, corpus)
    net = task.build()
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
    losses = []
    for planned in task.plan(0)[:40]:
        loss = task.loss(net, planned, CPU)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.8 * losses[0]


def test_a_pair_is_read_as_the_tokenizer_reads_its_text(masking: MaskedPairs) -> None:
    stories = [sentences_of(story) for story in masking_stories(masking)]
    for pair in masking.pairs(0)[:200]:
        sides = [" ".join(stories[s.story][s.first : s.end]) for s in (pair.a, pair.b)]
        encoding = masking.tokenizer.encode(*sides)
        read = masking.read(masking.train, pair)
        if len(encoding.ids) <= 512:
            assert read.ids.tolist() == encoding.ids
            assert read.segments.tolist() == encoding.type_ids


def masking_stories(task: MaskedPairs) -> list[str]:
    """The training stories as texts, from their pieces."""
    return ["\n".join(task.tokenizer.decode(ids.tolist()) for ids in story.opening) for story in task.train]


def test_half_the_pairs_are_swapped_and_the_label_says_which(masking: MaskedPairs) -> None:
    pairs = [pair for pair in masking.pairs(0) if pair.label != NO_LABEL]
    for pair in pairs:
        assert pair.a.story == pair.b.story
        first, second = (pair.a, pair.b) if pair.label == IN_ORDER else (pair.b, pair.a)
        assert first.end == second.first
    assert np.mean([pair.label == SWAPPED for pair in pairs]) == pytest.approx(0.5, abs=0.06)


def test_later_on_stretches_come_from_anywhere_in_a_story_and_none_is_read_twice(masking: MaskedPairs) -> None:
    pairs = [pair for pair in masking.pairs(ANYWHERE_EPOCH) if pair.label != NO_LABEL]
    met: set[tuple[int, int]] = set()
    for pair in pairs:
        earlier, later = (pair.a, pair.b) if pair.label == IN_ORDER else (pair.b, pair.a)
        assert earlier.story == later.story
        assert earlier.end <= later.first
        sentences = {(s.story, at) for s in (pair.a, pair.b) for at in range(s.first, s.end)}
        assert not sentences & met
        met |= sentences
    assert any(not pair.touching for pair in pairs)
    assert all(pair.touching for pair in masking.pairs(0) if pair.label != NO_LABEL)


def test_pairs_without_an_order_are_of_two_stories_or_at_least_not_judged(masking: MaskedPairs) -> None:
    joined = [pair for epoch in range(6) for pair in masking.pairs(epoch) if pair.label == NO_LABEL]
    assert all(pair.a.first == 0 and pair.b.first == 0 for pair in joined)


def test_the_run_begins_left_to_right_then_sees_ever_further() -> None:
    seen = [window_at(step) for step in range(1_000)]
    assert seen[0] == NEXT
    assert seen[-1] == MAX_POSITIONS
    assert seen == sorted(seen)


@pytest.mark.parametrize(("window", "reach"), [(3, 2), (9, 8)])
def test_a_narrow_window_hides_what_is_far_and_leaves_no_trace(masking: MaskedPairs, window: int, reach: int) -> None:
    net = masking.build().eval()
    assert net.encoder is not None
    first = net.encoder.blocks[0]
    ids = torch.arange(10, 50)[None]
    changed = ids.clone()
    changed[0, 20] = 60

    def after_first_layer(x: torch.Tensor) -> torch.Tensor:
        heard: list[torch.Tensor] = []
        hook = first.register_forward_hook(lambda _module, _inputs, output: heard.append(output[0]))
        with torch.inference_mode():
            net.encode(x)
        hook.remove()
        return heard[0][0]

    narrow(net, window)
    differs = (after_first_layer(ids) - after_first_layer(changed)).abs().amax(dim=-1) > 0
    assert differs.nonzero().flatten().tolist() == list(range(20 - reach, 20 + reach + 1))
    narrow(net, MAX_POSITIONS)
    assert (after_first_layer(ids) - after_first_layer(changed)).abs().amax(dim=-1).gt(0).all()


def test_no_position_sees_what_it_is_asked_for_from_left_to_right(masking: MaskedPairs) -> None:
    net = masking.build().eval()
    batch = masking.whole(masking.pairs(0)[:3])
    with torch.inference_mode():
        loss = float(next_piece_loss(net, batch, CPU))
        assert net.encoder is not None
        assert net.head is not None
        assert not net.encoder.causal
        per_row = []
        for row, real in zip(batch.ids, batch.real, strict=True):
            ids = row[real]
            for end in range(1, len(ids)):
                net.encoder.causal = True
                stream = net.encode(ids[None, :end], segments=segments_of(masking, ids)[None, :end])
                net.encoder.causal = False
                logits = net.head(stream[0, -1])
                per_row.append(float(torch.nn.functional.cross_entropy(logits, ids[end])))
    assert loss == pytest.approx(np.mean(per_row), rel=1e-4)


def segments_of(task: MaskedPairs, ids: torch.Tensor) -> torch.Tensor:
    """0 up to the first [SEP], 1 after it."""
    return ((ids == task.separate).cumsum(0) - (ids == task.separate).long()).clamp(max=1)


def test_hidden_pieces_are_masked_replaced_or_left_as_often_as_stated() -> None:
    ids = np.random.default_rng(1).integers(4, 300, 40_000)
    ids[::10] = 2  # special tokens
    read, wanted = hide(ids, np.random.default_rng(2), share=0.15, specials=4, mask=3, vocab=300)
    chosen = wanted != NO_LABEL
    assert chosen[::10].sum() == 0
    assert (wanted[chosen] == ids[chosen]).all()
    assert (read[~chosen] == ids[~chosen]).all()
    assert chosen.sum() / 36_000 == pytest.approx(0.15, abs=0.01)
    assert (read[chosen] == 3).mean() == pytest.approx(0.8, abs=0.02)
    assert (read[chosen] == ids[chosen]).mean() == pytest.approx(0.1, abs=0.02)


def test_bart_reads_the_corrupted_text_and_writes_the_whole_one(denoising: Denoising) -> None:
    passages = denoising.passages(0)[:30]
    batch = denoising.batch(passages, np.random.default_rng(4))
    pad, start, end = (denoising.tokenizer.token_to_id(token) for token in (BART.pad, BART.begin, BART.separate))
    assert (batch.source[:, 0] == start).all()
    assert (batch.target_in[:, 0] == start).all()
    for i, passage in enumerate(passages):
        wanted = batch.target_out[i][batch.target_real[i]].tolist()
        assert wanted[-1] == end
        assert denoising.tokenizer.decode(wanted) == passage.text
        assert batch.target_in[i, 1 : len(wanted)].tolist() == wanted[:-1]
    assert not (batch.source[batch.source_real] == pad).any()
    assert (batch.source == denoising.tokenizer.token_to_id(BART.mask)).any()


def test_long_passages_reach_past_a_story(denoising: Denoising) -> None:
    lengths = [len(passage.sentences) for epoch in range(3) for passage in denoising.passages(epoch)]
    assert min(lengths) == 1
    assert max(lengths) >= 10


def test_a_mask_takes_the_space_before_it(masking: MaskedPairs, denoising: Denoising) -> None:
    for tokenizer, specials in ((masking.tokenizer, BERT), (denoising.tokenizer, BART)):
        text = f"Tim saw a {specials.mask} in the park."
        pieces = [tokenizer.id_to_token(i) for i in tokenizer.encode(text).ids]
        at = pieces.index(specials.mask)
        assert pieces[at - 1] == "Ġa"
        assert pieces[at + 1].startswith("Ġ")
        assert pieces[0] == specials.begin
        assert pieces[-1] == specials.separate
