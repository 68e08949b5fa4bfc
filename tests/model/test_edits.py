"""An intervention changes the one thing it names."""

from dataclasses import replace

import pytest
import torch

from model import CutEdge, InputError, SkipSublayer, ZeroHead
from model.config import Kind
from model.edits import InRows, each_in_its_row
from model.language_model import LanguageModel
from model.tap import Edit, Place, StackName, Tap
from model.transformer import Transformer
from tests.model.builders import KINDS, PLAIN, START, ids, random_model, random_net, read_by, shaped

DECODER, BOTH = shaped("decoder", "rotary"), shaped("encoder-decoder")


def test_a_cut_edge_leaves_earlier_rows_alone() -> None:
    lm = random_model(DECODER)
    plain = lm.run(ids(8))
    cut = lm.run(ids(8), edits=(CutEdge("decoder", 0, "self", head=2, query=4, key=1),))
    assert (plain.logits[:4] - cut.logits[:4]).abs().max() < 1e-5
    assert ((plain.logits[4:] - cut.logits[4:]).abs().amax(dim=-1) > 1e-4).all()


def test_a_cut_edge_shares_its_weight_among_the_others_of_its_row() -> None:
    lm = random_model(DECODER)
    before = lm.run(ids(8)).attention("decoder", 0).weights()
    after = lm.run(ids(8), edits=(CutEdge("decoder", 0, "self", 2, query=4, key=1),)).attention("decoder", 0).weights()
    expected = before.clone()
    expected[2, 4, 1] = 0
    expected[2, 4] /= expected[2, 4].sum()
    assert after[2, 4, 1] == 0
    assert (after - expected).abs().max() < 1e-5


def test_a_cut_cross_edge_and_a_cut_encoder_edge_act_where_they_stand() -> None:
    lm = random_model(BOTH)
    target = [START, *ids(4, seed=2)]
    plain = lm.run(ids(6), target=target)
    cross = lm.run(ids(6), target=target, edits=(CutEdge("decoder", 1, "cross", 0, query=3, key=5),))
    assert cross.attention("decoder", 1, "cross").weights(0)[3, 5] == 0
    assert torch.equal(cross.stream("encoder"), plain.stream("encoder"))
    assert (cross.logits[:3] - plain.logits[:3]).abs().max() < 1e-5
    assert (cross.logits[3] - plain.logits[3]).abs().max() > 1e-4
    inside = lm.run(ids(6), target=target, edits=(CutEdge("encoder", 1, "self", 0, query=3, key=5),))
    changed = (inside.final - plain.final).abs().amax(dim=-1) > 1e-5
    assert changed.all()  # every written token reads the encoder's answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_zeroed_head_equals_zeroed_columns_of_the_output_projection(kind: Kind) -> None:
    config = shaped(kind)
    stack: StackName = "encoder" if kind == "encoder" else "decoder"
    target = [START, 5, 6] if kind == "encoder-decoder" else None
    edited = random_model(config).run(ids(6), target=target, edits=(ZeroHead(stack, 1, "self", head=4),))
    changed = copied(random_net(config))
    columns = slice(4 * config.d_head, 5 * config.d_head)
    changed.get_parameter(f"{stack}.blocks.1.self_attn.o.weight").data[:, columns] = 0
    lm = random_model(config)
    expected = LanguageModel(changed, None, lm.source, lm.special).run(ids(6), target=target)
    assert (edited.final - expected.final).abs().max() < 1e-5
    assert (edited.attention(stack, 1).mixed[4] == 0).all()
    assert edited.attention(stack, 1).difference() < 1e-5  # the silenced head is left out


def copied(net: Transformer) -> Transformer:
    fresh = Transformer(net.config)
    fresh.load_state_dict(net.state_dict())
    return fresh.eval()


@pytest.mark.parametrize("order", ["pre", "sandwich"])
def test_a_skipped_sublayer_leaves_the_stream_unchanged(order: str) -> None:
    config = shaped("decoder", "rotary", "pre" if order == "pre" else "sandwich")
    lm = random_model(config)
    trace = lm.run(ids(6), edits=(SkipSublayer("decoder", 1, "self"), SkipSublayer("decoder", 1, "feed_forward")))
    stream = trace.stream("decoder")
    assert torch.equal(stream[2], stream[1])
    assert not torch.equal(stream[1], stream[0])
    assert (trace.added("decoder", 1, "self") == 0).all()


def test_a_skipped_cross_attention_makes_the_source_irrelevant() -> None:
    config = replace(BOTH, decoder_layers=1)
    lm = random_model(config)
    edits = (SkipSublayer("decoder", 0, "cross"),)
    one, other = lm.run(ids(6), target=[START, 5], edits=edits), lm.run(ids(4, seed=9), target=[START, 5], edits=edits)
    assert torch.equal(one.logits, other.logits)
    assert not torch.equal(lm.run(ids(6), target=[START, 5]).logits, one.logits)


def test_edits_add_up() -> None:
    lm = random_model(DECODER)
    every = tuple(ZeroHead("decoder", 1, "self", head) for head in range(DECODER.n_heads))
    assert (lm.run(ids(5), edits=every).attention("decoder", 1).mixed == 0).all()
    keys = tuple(CutEdge("decoder", 0, "self", 1, query=2, key=key) for key in range(3))
    assert (lm.run(ids(5), edits=keys).attention("decoder", 0).weights(1)[2] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_with_another_edit_in_each_row_equals_one_run_an_edit(kind: Kind) -> None:
    config = shaped(kind, "relative")
    lm = random_model(config)
    x, target = read_by(config)
    last: StackName = "encoder" if kind == "encoder" else "decoder"
    edits: list[Edit] = [
        ZeroHead(last, 0, "self", 3),
        ZeroHead(last, 0, "self", 1),
        CutEdge(last, 1, "self", 2, query=3, key=1),
        SkipSublayer(last, 1, "feed_forward"),
        *([ZeroHead("decoder", 2, "cross", 5), ZeroHead("encoder", 1, "self", 0)] if target is not None else []),
    ]
    read, source = (x, None) if target is None else (target, x)
    rows = len(edits) + 1  # and one that nothing is done to
    with torch.inference_mode():
        together = lm.net(
            torch.tensor([read] * rows),
            None if source is None else torch.tensor([source] * rows),
            tap=Tap(edits=each_in_its_row(edits)),
        )
    for row, edit in enumerate(edits):
        alone = lm.run(x, target=target, edits=(edit,)).final
        assert (together[row] - alone).abs().max() < 1e-5
        assert (together[row] - together[-1]).abs().max() > 1e-4
    assert (together[-1] - lm.run(x, target=target).final).abs().max() < 1e-5


def test_an_edit_in_rows_names_rows_and_is_checked_like_the_edit_itself() -> None:
    lm = random_model(PLAIN)
    with pytest.raises(InputError, match="names at least one"):
        lm.run(ids(4), edits=(InRows(ZeroHead("decoder", 0, "self", 0), ()),))
    with pytest.raises(InputError, match="head 6 is out of range"):
        lm.run(ids(4), edits=(InRows(ZeroHead("decoder", 0, "self", 6), (0,)),))
    alone = lm.run(ids(4), edits=(ZeroHead("decoder", 0, "self", 2),))
    assert torch.equal(lm.run(ids(4), edits=(InRows(ZeroHead("decoder", 0, "self", 2), (0,)),)).final, alone.final)


def test_an_edited_tensor_is_kept_and_nothing_else_takes_the_explicit_path() -> None:
    trace = random_model(DECODER).run(ids(5), edits=(CutEdge("decoder", 0, "self", 2, query=4, key=1),))
    assert [place for place, site in trace.recording.chunks if site == "scores"] == [Place("decoder", 0, "self")]
    assert trace.attention("decoder", 0).scores(2)[4, 1] == float("-inf")


def test_an_edit_past_the_end_of_the_text_changes_nothing() -> None:
    lm = random_model(DECODER)
    edited = lm.run(ids(5), edits=(CutEdge("decoder", 0, "self", 2, query=30, key=1),))
    assert (edited.logits - lm.run(ids(5)).logits).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (ZeroHead("decoder", 0, "self", 6), "head 6 is out of range: a layer has heads 0 to 5"),
        (ZeroHead("decoder", 0, "self", -1), "head -1 is out of range"),
        (ZeroHead("decoder", 2, "self", 0), "layer 2 is out of range: the decoder has layers 0 to 1"),
        (ZeroHead("decoder", -1, "self", 0), "layer -1 is out of range"),
        (ZeroHead("encoder", 0, "self", 0), "this model has no encoder"),
        (ZeroHead("decoder", 0, "cross", 0), 'the decoder has no "cross" sublayer'),
        (CutEdge("decoder", 0, "self", 0, -1, 0), "counted from 0"),
        (CutEdge("decoder", 0, "self", 7, 0, 0), "head 7 is out of range"),
        (SkipSublayer("decoder", 5, "feed_forward"), "layer 5 is out of range"),
    ],
)
def test_edits_out_of_range_are_refused_in_a_sentence(edit: Edit, sentence: str) -> None:
    lm = random_model(PLAIN)
    with pytest.raises(InputError, match=sentence):
        lm.run(ids(4), edits=(edit,))
    with pytest.raises(InputError, match=sentence):
        lm.decode(ids(4), edits=(edit,))
