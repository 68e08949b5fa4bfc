"""Every family against its reference: logits, every pattern, greedy decoding, recording, edits, padding, half precision."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

import model
from model.config import TransformerConfig
from model.families import FAMILIES
from model.tap import SITES, Edit, Place, Site
from tests.model.families.cases import CASES
from tests.model.families.reference import FIRST_PLAIN, Answer, Reference

NAMES = [f"{family}-{name}" for family, cases in CASES.items() for name in cases]
CUDA = pytest.param(
    "cuda", marks=[pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")]
)


@dataclass(frozen=True, eq=False)
class Pair:
    """A loaded model, what it is compared with, and what both read."""

    lm: model.LanguageModel
    reference: Reference
    folder: Path
    ids: list[int]
    target: list[int] | None
    segments: list[int] | None
    answer: Answer

    def run(self, keep: str = "default", edits: tuple[Edit, ...] = ()) -> model.Trace:
        return self.lm.run(self.ids, target=self.target, segments=self.segments, keep=keep, edits=edits)  # type: ignore[arg-type]


@pytest.fixture(scope="session", params=NAMES)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Reference, Path]:
    family, _, name = request.param.partition("-")
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(3)
    reference = CASES[family][name].build()
    reference.save(folder)
    return reference, folder


@pytest.fixture(scope="session", params=["cpu", CUDA])
def pair(request: pytest.FixtureRequest, saved: tuple[Reference, Path]) -> Pair:
    reference, folder = saved
    lm = model.load(folder, device=request.param, dtype="float32")
    ids = draw(11, lm.config.vocab_size, seed=1)
    target = draw(14, lm.config.vocab_size, seed=2) if lm.kind == "encoder-decoder" else None
    segments = [i * lm.config.n_segments // 11 for i in range(11)] if lm.config.n_segments else None
    return Pair(lm, reference, folder, ids, target, segments, reference.read(ids, target, segments))


def draw(count: int, vocab: int, seed: int) -> list[int]:
    return torch.randint(FIRST_PLAIN, vocab, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


def furthest(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours.cpu() - theirs).abs().max())


def test_every_family_has_cases() -> None:
    # The text part of a larger config is checked in test_variants.py, the recurrent kind in test_recurrent.py.
    assert set(FAMILIES) - set(CASES) == {"gemma3", "regard-lstm"}


def test_logits_equal_the_reference(pair: Pair) -> None:
    if pair.answer.logits is None:
        if pair.lm.net.head is None:
            with pytest.raises(model.InputError, match="no output head"):
                _ = pair.run().logits
        return
    assert pair.answer.logits.std() > 0.1
    assert furthest(pair.run().logits, pair.answer.logits) < 1e-4


def test_every_pattern_equals_the_reference(pair: Pair) -> None:
    trace = pair.run()
    compared = 0
    for stack in trace.read:
        parts = ("self", "cross") if stack == "decoder" and pair.target is not None else ("self",)
        for part in parts:
            for layer in range(pair.lm.config.layers(stack)):
                expected = pair.answer.patterns[stack, part][layer]
                assert furthest(trace.attention(stack, layer, part).weights(), expected) < 1e-5  # type: ignore[arg-type]
                assert expected.max() > 1.5 / expected.shape[-1], "a flat pattern checks little"
                compared += 1
    cross = pair.lm.config.decoder_layers if pair.target is not None else 0
    assert compared == pair.lm.config.encoder_layers + pair.lm.config.decoder_layers + cross


def test_greedy_decoding_equals_the_reference(pair: Pair) -> None:
    if pair.lm.kind == "encoder" or pair.answer.logits is None:
        return
    steps = list(pair.lm.decode(pair.ids, max_new_tokens=12))
    assert [step.token.id for step in steps] == pair.reference.write(pair.ids, 12)
    assert steps[-1].ended in ("end", "limit")


def test_a_decode_leaves_what_one_full_pass_leaves(pair: Pair) -> None:
    """With edits in both, the positions they name among those read one by one."""
    if pair.lm.kind == "encoder" or pair.lm.net.head is None:
        return
    edits = (
        model.CutEdge("decoder", 0, "self", 0, 9, 8),
        model.ZeroHead("decoder", 1, "self", pair.lm.config.n_heads - 1),
        model.SkipSublayer("decoder", 1, "feed_forward"),
    )
    steps = list(pair.lm.decode(pair.ids, target=pair.target, edits=edits, max_new_tokens=4, stop=()))
    cached = steps[-1].trace
    read = [token.id for token in cached.tokens("decoder")]
    text, target = (read, None) if pair.target is None else (pair.ids, read)
    full = pair.lm.run(text, target=target, edits=edits)
    assert furthest(cached.logits, full.logits.cpu()) < 1e-4
    assert furthest(cached.attention("decoder", 1).weights(), full.attention("decoder", 1).weights().cpu()) < 1e-5
    assert furthest(cached.attention("decoder", 0).scores(0)[9, 8], torch.tensor(0.0)) == float("inf")


def places(config: TransformerConfig, everything: bool) -> dict[Place, set[Site]]:
    """Which sites must fire where, worked out from the config alone."""
    expected: dict[Place, set[Site]] = {}

    def sites(place: Place, *names: Site) -> None:
        expected[place] = {name for name in names if everything or SITES[name].default}

    for stack in ("encoder", "decoder"):
        layers = config.layers(stack)
        if not layers:
            continue
        position: tuple[Site, ...] = ("position",) if config.positions in ("sinusoidal", "learned") else ()
        segment: tuple[Site, ...] = ("segment",) if config.n_segments else ()
        sites(Place(stack), "embedding", *position, *segment, "entering", "leaving", "final")  # type: ignore[arg-type]
        for i in range(layers):
            sites(Place(stack, i), "stream")  # type: ignore[arg-type]
            normed: tuple[Site, ...] = ("normed",)
            for part in ("self", "cross") if stack == "decoder" and config.encoder_layers else ("self",):
                turned: tuple[Site, ...] = ("q_straight", "k_straight")
                sites(
                    Place(stack, i, part),  # type: ignore[arg-type]
                    *normed, *turned, "q", "k", "v", "scores", "weights", "mixed", "out",
                )  # fmt: skip
            shared = config.order == "parallel" and config.parallel_norms == 1
            sites(Place(stack, i, "feed_forward"), *(() if shared else normed), "hidden", "out")  # type: ignore[arg-type]
    return expected


@pytest.mark.parametrize("keep", ["default", "all"])
def test_every_site_fires_with_its_axes(pair: Pair, keep: str) -> None:
    trace, config = pair.run(keep), pair.lm.config
    expected = places(config, everything=keep == "all")
    found: dict[Place, set[Site]] = {}
    for place, site in trace.recording.chunks:
        found.setdefault(place, set()).add(site)
    assert found == expected
    for place, site in trace.recording.chunks:
        assert place.stack is not None
        here = len(trace.tokens(place.stack))
        there = len(trace.tokens("encoder")) if place.part == "cross" else here
        sizes = {
            "time": here, "query": here, "key": there, "heads": config.n_heads, "kv_heads": config.kv_heads,
            "d_model": config.d_model, "d_head": config.d_head, "d_ff": config.d_ff,
        }  # fmt: skip
        x = trace.kept(place, site)
        assert x is not None
        assert tuple(x.shape) == tuple(sizes[axis] for axis in SITES[site].axes), (place, site)


def test_derived_patterns_equal_the_explicit_path(pair: Pair) -> None:
    derived, explicit = pair.run(), pair.run("all")
    for stack in derived.read:
        for part in ("self", "cross") if stack == "decoder" and pair.target is not None else ("self",):
            for layer in range(pair.lm.config.layers(stack)):
                ours, theirs = (t.attention(stack, layer, part) for t in (derived, explicit))  # type: ignore[arg-type]
                assert not ours.edited
                assert set(theirs.edited) == {"scores", "weights"}
                # T5 does not scale its scores: at 10 or so float32 is exact to 1e-6, and kernels differ from one CPU to another
                assert furthest(ours.weights(), theirs.weights().cpu()) < 4e-6
                assert torch.equal(ours.scores().isinf(), theirs.scores().isinf())
                assert ours.difference() < 1e-5
    assert furthest(derived.final, explicit.final.cpu()) < 1e-4


def test_padding_changes_nothing(pair: Pair) -> None:
    """A batch of a long and a short text, the short one padded, is both texts alone."""
    net, device = pair.lm.net, pair.lm.device
    short, long = torch.tensor([pair.ids[:6]], device=device), torch.tensor([pair.ids], device=device)
    padded = torch.cat((short, torch.zeros(1, long.shape[1] - short.shape[1], dtype=torch.long, device=device)), dim=1)
    batch = torch.cat((long, padded))
    real = torch.ones_like(batch, dtype=torch.bool)
    real[1, short.shape[1] :] = False
    with torch.inference_mode():
        if pair.target is None:
            together = net(batch, real=real)
            alone, other = net(long), net(short)
            assert furthest(together[1, : short.shape[1]], other[0].cpu()) < 1e-4
        else:
            target = torch.tensor([pair.target, pair.target[::-1]], device=device)
            together = net(target, batch, source_real=real)
            alone, other = net(target[:1], long), net(target[1:], short)
            assert furthest(together[1], other[0].cpu()) < 1e-4
    assert furthest(together[0], alone[0].cpu()) < 1e-4


def test_bfloat16_runs_and_stays_close(pair: Pair) -> None:
    half = model.load(pair.folder, device=pair.lm.device, dtype="bfloat16")
    assert half.dtype == torch.bfloat16
    exact = pair.run().final
    close = half.run(pair.ids, target=pair.target, segments=pair.segments).final
    assert close.dtype == torch.float32
    assert float((close - exact).abs().mean() / exact.std()) < 0.1


def test_the_relation_of_two_sentences_equals_the_reference(pair: Pair) -> None:
    relation = pair.run().relation
    if pair.answer.relation is None:
        assert relation is None
    else:
        assert relation is not None
        assert furthest(relation, pair.answer.relation) < 1e-5
