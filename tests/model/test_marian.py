"""Marian at tiny size: the reference library's numbers, from its own files."""

from pathlib import Path

import pytest
import torch
from transformers import MarianMTModel

from model.language_model import LanguageModel
from tests.model.builders import END, PAD, ids, loaded_marian, marian_reference

Pair = tuple[LanguageModel, MarianMTModel]
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module", params=SEEDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """(ours, theirs) with the same random weights."""
    theirs = marian_reference(request.param)
    return loaded_marian(theirs, tmp_path_factory.mktemp("marian")), theirs


def test_logits_streams_and_attention_equal_the_reference(pair: Pair) -> None:
    ours, theirs = pair
    source, target = [*ids(9, vocab=64), END], [PAD, *ids(6, seed=1, vocab=64)]
    with torch.inference_mode():
        expected = theirs(
            input_ids=torch.tensor([source]),
            decoder_input_ids=torch.tensor([target]),
            output_attentions=True,
            output_hidden_states=True,
        )
    trace = ours.run(source, target=target)
    assert (trace.logits - expected.logits[0]).abs().max() < 1e-4
    assert (trace.stream("encoder") - torch.cat(expected.encoder_hidden_states)).abs().max() < 1e-4
    assert (trace.stream("decoder") - torch.cat(expected.decoder_hidden_states)).abs().max() < 1e-4
    for layer in range(2):
        for ours_there, theirs_there in (
            (trace.attention("encoder", layer), expected.encoder_attentions[layer][0]),
            (trace.attention("decoder", layer), expected.decoder_attentions[layer][0]),
            (trace.attention("decoder", layer, "cross"), expected.cross_attentions[layer][0]),
        ):
            assert (ours_there.weights() - theirs_there).abs().max() < 1e-5


def test_a_padded_batch_equals_the_reference(pair: Pair) -> None:
    ours, theirs = pair
    torch.manual_seed(0)
    source, target = torch.randint(3, 64, (3, 8)), torch.randint(3, 64, (3, 5))
    real = torch.arange(8) < torch.tensor([8, 5, 2])[:, None]
    with torch.inference_mode():
        stream = ours.net(target, source, source_real=real)
        logits = theirs(input_ids=source, attention_mask=real.long(), decoder_input_ids=target).logits
    assert (ours.logits(stream) - logits).abs().max() < 1e-4


def test_greedy_decoding_equals_the_reference(pair: Pair) -> None:
    ours, theirs = pair
    for seed in range(5):
        source = [*ids(7, seed=seed, vocab=64), END]
        expected = theirs.generate(  # type: ignore[misc]
            torch.tensor([source]),
            attention_mask=torch.ones(1, len(source), dtype=torch.long),
            num_beams=1,
            do_sample=False,
            max_new_tokens=12,
            max_length=None,
            forced_eos_token_id=None,
            bad_words_ids=None,
        )
        assert [step.token.id for step in ours.decode(source, max_new_tokens=12)] == expected[0, 1:].tolist()


def test_what_the_files_say_is_read(pair: Pair) -> None:
    ours, theirs = pair
    assert (ours.special.start, ours.special.end, ours.special.pad) == (PAD, (END,), PAD)
    assert ours.family == "marian"
    assert ours.kind == "encoder-decoder"
    assert ours.config.embed_scale == theirs.config.d_model**0.5
    assert ours.tokenizer is None


def test_everything_needed_is_read_at_load(tmp_path: Path) -> None:
    theirs = marian_reference(0)
    folder = tmp_path / "marian"
    ours = loaded_marian(theirs, folder)
    for file in folder.iterdir():
        file.write_bytes(b"")
        file.unlink()
    folder.rmdir()
    assert ours.run([5, 6, END]).logits.isfinite().all()
