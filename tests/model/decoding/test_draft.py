"""A draft changes how soon a decode is done, never what it writes or records."""

from collections.abc import Sequence

import pytest
import torch

from model import Greedy, Sample, rewrite
from model.cache import Cache
from model.config import TransformerConfig
from model.decoding.draft import Draft
from model.decoding.step import Step
from model.decoding.strategies import Strategy
from model.language_model import LanguageModel
from model.tap import Edit
from tests.model.builders import END, WRITING, ids, random_model, shaped
from tests.model.decoding.test_loop import edits_for

DECODER, BOTH = shaped("decoder", "rotary"), shaped("encoder-decoder", "sinusoidal", "post")
PROMPT = ids(6, seed=3)
LENGTH = 7
DISTINCT = list(range(10, 10 + LENGTH))


GREEDY = Greedy()


def decoded(
    lm: LanguageModel, draft: Sequence[int] = (), edits: tuple[Edit, ...] = (), strategy: Strategy = GREEDY
) -> list[Step]:
    return list(lm.decode(PROMPT, strategy=strategy, max_new_tokens=LENGTH, stop=(), edits=edits, draft=draft))


def drafts_of(generated: list[int]) -> dict[str, list[int]]:
    """What a text may look like after a keystroke, seen from the text before it."""
    other = next(i for i in range(3, 40) if i not in generated)
    return {
        "all of it": generated,
        "its beginning": generated[:3],
        "more than may be generated": [*generated, *ids(60, seed=8)],
        "one token too many": [*generated[:2], other, *generated[2:]],
        "one token missing": [*generated[:2], *generated[3:]],
        "another token in its place": [*generated[:3], other, *generated[4:]],
        "another beginning": [other, *generated[1:]],
        "nothing of it": [other] * 9,
        "an end in the middle": [*generated[:2], END, *generated[2:]],
    }


def assert_same(some: list[Step], others: list[Step]) -> None:
    """The same tokens, read from the same texts; numbers equal but for the order in which they were summed."""
    assert [step.token.id for step in some] == [step.token.id for step in others]
    for one, other in zip(some, others, strict=True):
        assert (one.index, one.ended, one.read) == (other.index, other.ended, other.read)
        assert torch.allclose(one.logits, other.logits, atol=1e-4)
        assert one.state.cache.length == other.state.cache.length
        assert set(one.trace.recording.chunks) == set(other.trace.recording.chunks)
        for place, site in other.trace.recording.chunks:
            rows, expected = one.trace.kept(place, site), other.trace.kept(place, site)
            assert rows is not None
            assert expected is not None
            assert rows.shape == expected.shape, (place, site)
            assert torch.allclose(rows, expected, atol=1e-5), (place, site)


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("name", WRITING)
def test_with_any_draft_a_decode_writes_and_records_what_it_does_without(name: str, edited: bool) -> None:
    lm, edits = random_model(WRITING[name]), edits_for(WRITING[name]) if edited else ()
    plain = decoded(lm, edits=edits)
    drafts = drafts_of([step.token.id for step in plain])
    for what in drafts if name in ("decoder, rotary", "encoder-decoder, post") else ("another token in its place",):
        assert_same(decoded(lm, drafts[what], edits), plain)


@pytest.mark.parametrize("config", [DECODER, BOTH])
def test_every_step_keeps_only_its_own_rows(config: TransformerConfig) -> None:
    lm = random_model(config)
    plain = decoded(lm)
    drafted = decoded(lm, [step.token.id for step in plain])
    one, other = plain[-1].recording.chunks, drafted[-1].recording.chunks
    for at, kept in one.items():
        assert [(chunk.step, chunk.x.shape) for chunk in other[at]] == [(chunk.step, chunk.x.shape) for chunk in kept]
        assert all(
            x.untyped_storage().nbytes() == x.numel() * x.element_size() for x in (chunk.x for chunk in other[at])
        )


@pytest.mark.parametrize("config", [DECODER, BOTH])
@pytest.mark.parametrize(
    ("what", "passes"),
    [
        ("all of it", 1),
        ("its beginning", LENGTH - 3),
        ("one token too many", 2),
        ("one token missing", 3),
        ("another token in its place", 3),
        ("nothing of it", LENGTH),
    ],
)
def test_what_was_foreseen_takes_no_pass_of_its_own(
    monkeypatch: pytest.MonkeyPatch, config: TransformerConfig, what: str, passes: int
) -> None:
    lm = random_model(config)
    draft = drafts_of(DISTINCT)[what]
    taken = list[int]()
    advance = lm.net.advance

    def counted(target: torch.Tensor, cache: Cache, *rest: object, **named: object) -> object:
        taken.append(target.shape[1])
        return advance(target, cache, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(lm.net, "advance", counted)
    decoded(lm, draft, strategy=Chain(DISTINCT))
    assert len(taken) == passes


class Chain:
    """Writes given ids in their order, whatever the logits are."""

    def __init__(self, chosen: list[int]) -> None:
        self.chosen = chosen

    def choose(self, logits: torch.Tensor, read: Sequence[int], index: int) -> int:
        return self.chosen[index]


def test_draws_are_the_same_with_a_draft() -> None:
    lm, strategy = random_model(BOTH), Sample(temperature=1.5, seed=4)
    plain = decoded(lm, strategy=strategy)
    assert_same(decoded(lm, [step.token.id for step in plain][:4], strategy=strategy), plain)


@pytest.mark.parametrize("config", [DECODER, BOTH])
def test_a_step_that_was_foreseen_can_be_gone_on_from(config: TransformerConfig) -> None:
    lm = random_model(config)
    plain = decoded(lm)
    drafted = decoded(lm, [step.token.id for step in plain])
    strategy = Chain([*[step.token.id for step in plain[:3]], *range(20, 24)])
    again = [list(rewrite(lm, steps, strategy, max_new_tokens=LENGTH, stop=())) for steps in (drafted, plain)]
    assert_same(*again)


def test_a_draft_is_cut_where_positions_end() -> None:
    lm = random_model(shaped("encoder-decoder"))
    plain = list(lm.decode(PROMPT, max_new_tokens=100, stop=()))
    draft = [*[step.token.id for step in plain], *ids(20)]
    drafted = list(lm.decode(PROMPT, max_new_tokens=100, stop=(), draft=draft))
    assert plain[-1].ended == "positions"
    assert_same(drafted, plain)


def test_a_draft_goes_on_after_the_token_written() -> None:
    draft = Draft([5, 6, 7, 6, 8])
    assert draft.ahead(3, ()) == [5, 6, 7]
    assert draft.follow(6)
    assert draft.ahead(9, (8,)) == [7, 6]
    assert not draft.follow(5)
    assert draft.follow(6)
    assert draft.ahead(9, ()) == [8]
    assert draft.ahead(0, ()) == []


def test_a_long_draft_is_read_in_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = random_model(DECODER)
    plain = list(lm.decode(PROMPT, max_new_tokens=20, stop=()))
    monkeypatch.setattr("model.decoding.draft.MOST_AHEAD", 4)
    drafted = list(lm.decode(PROMPT, max_new_tokens=20, stop=(), draft=[step.token.id for step in plain]))
    assert_same(drafted, plain)
