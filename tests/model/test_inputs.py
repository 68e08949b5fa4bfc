"""What cannot be read is refused with a sentence that says what to do."""

import gc
from dataclasses import replace

import pytest
import torch
from tokenizers import decoders, normalizers

import model
from model import InputError
from model.language_model import LanguageModel
from model.pretrained import Source
from model.tokenizers.tokens import Tokenizer
from tests.model.builders import END, START, byte_tokenizer, ids, random_model, random_net, shaped

TEXT = byte_tokenizer()
VOCAB = len(TEXT)


def reader(kind: str = "encoder-decoder") -> LanguageModel:
    """A model that reads text."""
    shapes = {"encoder": shaped("encoder"), "decoder": shaped("decoder"), "encoder-decoder": shaped("encoder-decoder")}
    return random_model(replace(shapes[kind], vocab_size=VOCAB), tokenizer=TEXT)


@pytest.mark.parametrize("text", ["", " ", "\n\t  \n", "\u00a0\u2003"])
def test_empty_and_blank_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="there is no text to read: type a sentence"):
        reader().run(text)
    with pytest.raises(InputError, match="there is no text"):
        reader().decode(text)


def test_no_ids_and_ids_out_of_range_are_refused() -> None:
    lm = random_model(shaped("decoder"))
    with pytest.raises(InputError, match="there are no token ids to read"):
        lm.run([])
    for wrong in (-1, 40, 10**12):
        with pytest.raises(InputError, match=f"token id {wrong} is out of range: the vocabulary has ids 0 to 39"):
            lm.run([5, wrong])
    with pytest.raises(InputError, match="token id 99"):
        random_model(shaped("encoder-decoder")).run([5], target=[START, 99])


def test_text_whose_tokenizer_knows_more_pieces_than_the_model_is_refused_by_the_id() -> None:
    lm = random_model(replace(shaped("decoder"), vocab_size=10), tokenizer=TEXT)
    with pytest.raises(InputError, match=r"token id \d+ is out of range: the vocabulary has ids 0 to 9"):
        lm.run("the")


def test_text_that_comes_to_no_tokens_is_refused() -> None:
    pipeline = byte_tokenizer(end=False).pipeline
    pipeline.normalizer = normalizers.Replace("\u200b", "")
    lm = random_model(replace(shaped("decoder"), vocab_size=VOCAB), tokenizer=Tokenizer(pipeline))
    with pytest.raises(InputError, match="comes to no tokens"):
        lm.run("\u200b")


def test_a_pair_is_read_by_a_model_with_one_segment_too() -> None:
    """As RoBERTa reads it; its tokenizer may still count the second sentence as 1."""
    lm = random_model(replace(shaped("encoder"), vocab_size=VOCAB, n_segments=1), tokenizer=TEXT)
    trace, segment = lm.run("the", pair="lo the"), lm.run("the", pair="lo the").segment("encoder")
    assert segment is not None
    assert len(segment.unique(dim=0)) == 1
    assert trace.final.isfinite().all()


def test_a_tokenizer_that_breaks_down_inside_its_library_gives_a_sentence() -> None:
    """Strip on nothing panics in the tokenizers library, with an error that is no Exception."""
    pipeline = byte_tokenizer().pipeline
    pipeline.decoder = decoders.Sequence([decoders.Fuse(), decoders.Strip(content=" ", left=0, right=1)])
    with pytest.raises(InputError, match="broke down over this"):
        Tokenizer(pipeline).decode([END])


def test_text_past_the_last_position_is_refused_and_says_by_how_much() -> None:
    lm = random_model(shaped("decoder"))
    assert len(lm.run(ids(32)).tokens("decoder")) == 32
    with pytest.raises(
        InputError, match="the text is 35 tokens long, and this model has 32 positions: shorten it by 3"
    ):
        lm.run(ids(35))
    with pytest.raises(InputError, match="the target is 33 tokens long"):
        random_model(shaped("encoder-decoder")).run([5], target=ids(33))
    with pytest.raises(InputError, match="10,001 tokens long"):
        reader().run("a" * 10_000)


def test_a_scheme_without_a_limit_reads_on() -> None:
    assert len(random_model(shaped("decoder", "alibi")).run(ids(70)).tokens("decoder")) == 70


def test_ids_are_read_as_they_stand_and_a_tensor_is_ids_too() -> None:
    lm = reader()
    for x in ([5, 6], (5, 6), torch.tensor([5, 6]), torch.tensor([[5, 6]])):
        assert [token.id for token in lm.run(x).tokens("encoder")] == [5, 6]
    assert [token.id for token in lm.run([0, 1, 2]).tokens("encoder")] == [0, 1, 2]


def test_text_gets_its_end_token_and_a_target_its_start_token_alone() -> None:
    trace = reader().run("the", target="the")
    assert trace.tokens("encoder")[-1].id == END
    assert [token.id for token in trace.tokens("decoder")] == [START, TEXT.encode("the")[0]]
    assert [token.id for token in reader().run("the").tokens("decoder")] == [START]


def test_a_pair_is_told_apart_by_its_segments() -> None:
    lm = reader("encoder")
    trace = lm.run("the", pair="lo the")
    segment = trace.segment("encoder")
    assert segment is not None
    assert lm.net.encoder is not None
    assert lm.net.encoder.segments is not None
    table = lm.net.encoder.segments.weight
    second = len(TEXT.encode("the"))
    assert torch.equal(segment, table[[0] * second + [1] * (len(segment) - second)])
    as_ids = lm.run(TEXT.encode("the"), pair=TEXT.encode("lo the"))
    assert torch.equal(as_ids.final, trace.final)
    given = lm.run(TEXT.encode("the") + TEXT.encode("lo the"), segments=[0] * second + [1] * (len(segment) - second))
    assert torch.equal(given.final, trace.final)
    with pytest.raises(InputError, match="both sentences as text, or both as ids"):
        lm.run("the", pair=[5])


def test_segments_that_do_not_fit_are_refused() -> None:
    lm = random_model(shaped("encoder"))
    with pytest.raises(InputError, match="there are 1 segments for 2 tokens"):
        lm.run([5, 6], segments=[0])
    with pytest.raises(InputError, match="a segment is a number from 0 to 1"):
        lm.run([5, 6], segments=[0, 2])
    with pytest.raises(InputError, match="takes no segments"):
        random_model(shaped("decoder")).run([5, 6], segments=[0, 0])


def test_a_target_is_for_an_encoder_decoder() -> None:
    for kind in ("encoder", "decoder"):
        with pytest.raises(InputError, match="only an encoder-decoder reads a target"):
            reader(kind).run("the", target="lo")


def test_a_model_without_a_tokenizer_asks_for_ids() -> None:
    lm = random_model(shaped("decoder"))
    with pytest.raises(InputError, match="no tokenizer: give token ids"):
        lm.run("the")
    assert [token.label for token in lm.run([5, 6]).tokens("decoder")] == ["#5", "#6"]


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InputError, match="half of a character"):
        reader().run("a\ud83d")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "안녕", "🙂", "שלום", "\x00\x07", "e\u0301!", "ﷺ" * 3])
def test_odd_text_is_read_whole(text: str) -> None:
    trace = reader().run(text)
    assert trace.logits.isfinite().all()
    spans = [token.span for token in trace.tokens("encoder") if token.span is not None]
    assert spans[0][0] == 0
    assert max(end for _, end in spans) == len(text)


def test_what_a_trace_does_not_hold_is_refused() -> None:
    lm = random_model(shaped("decoder"))
    trace = lm.run([5, 6])
    with pytest.raises(InputError, match="this run has no encoder"):
        trace.tokens("encoder")
    with pytest.raises(InputError, match="layer 9 is out of range"):
        trace.attention("decoder", 9)
    with pytest.raises(InputError, match='no "cross" sublayer'):
        trace.attention("decoder", 0, "cross")
    with pytest.raises(InputError, match='"self" or "cross"'):
        trace.attention("decoder", 0, "feed_forward")  # type: ignore[arg-type]
    for at in (2, -3):
        with pytest.raises(InputError, match=f"position {at} is out of range: 2 tokens were read"):
            trace.probabilities(at)
    assert trace.position("decoder") is not None
    assert lm.run([5, 6]).segment("decoder") is None


def test_a_trace_holds_its_model_weakly_and_says_when_it_is_gone() -> None:
    lm = LanguageModel(random_net(shaped("decoder")), None, Source("tiny", "none", ""))
    trace = lm.run([5, 6])
    assert trace.logits.shape == (2, 40)
    del lm
    gc.collect()
    assert trace.attention("decoder", 0).weights().shape == (6, 2, 2)
    with pytest.raises(InputError, match="not in memory: load it again"):
        _ = trace.logits


def test_both_errors_are_value_errors_that_pages_can_catch() -> None:
    assert issubclass(model.InputError, ValueError)
    assert issubclass(model.CheckpointError, ValueError)
    with pytest.raises(model.CheckpointError, match="there is no folder nowhere-at-all"):
        model.load("nowhere-at-all")
