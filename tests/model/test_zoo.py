"""What ships: the reference library opens it and computes the same, and it translates what it is shown with."""

import json
from functools import cache
from pathlib import Path

import pytest
import torch
import transformers

import model
from model.language_model import LanguageModel
from model.loading.checkpoint import ZOO
from tests.model.builders import stacks

SHIPPED = sorted(model.shipped())
OUR_OWN = {"palm", "regard-lstm"}  # the reference library has no such architecture
REFERENCED = [
    name for name in SHIPPED if json.loads((ZOO / name / "config.json").read_text())["model_type"] not in OUR_OWN
]
TRANSLATOR = "transformer-fr-en"
SENTENCES = (Path(__file__).parent / "french_sentences.txt").read_text(encoding="utf-8").splitlines()
MOST_BYTES = 16_000_000
HEADLINES = {
    "Je adore l'apprentissage automatique": "I love machine learning",
    "Je adore l’apprentissage automatique": "I love machine learning",
    "J'adore l'apprentissage automatique.": "I love machine learning.",
    "J’adore l’apprentissage automatique.": "I love machine learning.",
}
OPENERS = {
    "encoder": transformers.AutoModelForPreTraining,  # BERT with both of its heads
    "decoder": transformers.AutoModelForCausalLM,
    "encoder-decoder": transformers.AutoModelForSeq2SeqLM,
}


@cache
def ours(name: str) -> LanguageModel:
    return model.load(name, device="cpu")


@cache
def theirs(name: str) -> tuple[transformers.PreTrainedModel, dict[str, object]]:
    """(the same folder in the reference library, what it says of the keys), with patterns given back."""
    opener = OPENERS[ours(name).kind]
    net, info = opener.from_pretrained(
        ZOO / name, dtype=torch.float32, output_loading_info=True, attn_implementation="eager"
    )
    return net.eval(), info


def test_the_translator_ships() -> None:
    assert TRANSLATOR in SHIPPED
    assert model.shipped()[TRANSLATOR]


@pytest.mark.parametrize("source", HEADLINES)
def test_headlines(source: str) -> None:
    lm = ours(TRANSLATOR)
    steps = list(lm.decode(source))
    assert steps[-1].ended == "end"
    assert lm.text([step.token.id for step in steps]) == HEADLINES[source]


@pytest.mark.parametrize("name", REFERENCED)
def test_the_reference_library_opens_it_with_every_key_in_its_place(name: str) -> None:
    _, info = theirs(name)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]


@pytest.mark.parametrize("name", REFERENCED)
def test_logits_and_attention_equal_the_reference_library(name: str) -> None:
    lm, (net, _) = ours(name), theirs(name)
    for sentence in SENTENCES[:10]:
        both = lm.kind == "encoder-decoder"
        trace = lm.run(sentence, target=sentence if both else None)
        given = {"input_ids": torch.tensor([[token.id for token in trace.tokens(stacks(lm.config)[0])]])}
        if both:
            given["decoder_input_ids"] = torch.tensor([[token.id for token in trace.tokens("decoder")]])
        with torch.inference_mode():
            expected = net(**given, output_attentions=True)
        logits = expected.prediction_logits if lm.kind == "encoder" else expected.logits
        assert (trace.logits - logits[0]).abs().max() < 1e-4
        for stack in stacks(lm.config):
            for layer in range(lm.config.layers(stack)):
                pattern = (expected[f"{stack}_attentions"] if both else expected.attentions)[layer][0]
                assert (trace.attention(stack, layer).weights() - pattern).abs().max() < 1e-4
                if both and stack == "decoder":
                    pattern = expected.cross_attentions[layer][0]
                    assert (trace.attention(stack, layer, "cross").weights() - pattern).abs().max() < 1e-4


def test_there_are_fifty_sentences_to_translate() -> None:
    assert len(set(SENTENCES)) == 50


@pytest.mark.parametrize("name", REFERENCED)
def test_greedy_decoding_of_fifty_sentences_equals_the_reference_library(name: str) -> None:
    lm, (net, _) = ours(name), theirs(name)
    if lm.kind != "encoder-decoder":
        pytest.skip("only an encoder-decoder translates")
    assert lm.tokenizer is not None
    for sentence in SENTENCES:
        ids = torch.tensor([lm.tokenizer.encode(sentence)])
        expected = net.generate(  # type: ignore[operator]
            ids,
            attention_mask=torch.ones_like(ids),
            num_beams=1,
            do_sample=False,
            max_new_tokens=40,
            max_length=None,
            forced_eos_token_id=None,
        )
        generated = [step.token.id for step in lm.decode(sentence, max_new_tokens=40)]
        assert generated == expected[0, 1:].tolist(), sentence


@pytest.mark.parametrize("name", SHIPPED)
def test_the_reference_library_reads_its_tokenizer_as_we_do(name: str) -> None:
    tokenizer = ours(name).tokenizer
    assert tokenizer is not None
    reference = transformers.AutoTokenizer.from_pretrained(ZOO / name)
    odd = ["안녕 🙂", "e\u0301te\u0301", "l’été\u00a0!", "a</s>b", "<script>", "  two  spaces ", "\t\n", "ÉCOLE"]
    for text in [*SENTENCES, *HEADLINES, *odd]:
        assert reference(text)["input_ids"] == tokenizer.encode(text), text
        back = reference.decode(tokenizer.encode(text), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert back == tokenizer.decode(tokenizer.encode(text))


def test_apostrophes_accents_and_spaces_are_read_alike_however_they_are_typed() -> None:
    tokenizer = ours(TRANSLATOR).tokenizer
    assert tokenizer is not None
    assert tokenizer.encode("l’été") == tokenizer.encode("l'été") == tokenizer.encode("l'e\u0301te\u0301")
    assert tokenizer.encode("Où est-il\u00a0?") == tokenizer.encode("Où est-il ?")
    text = "J’adore l’été\u00a0!"
    spans = [token.span for token in tokenizer.tokens(text)[0] if token.span is not None]
    pieces = [text[start:end].strip() for start, end in dict.fromkeys(spans)]
    assert "".join(pieces) == "".join(text.split())  # every letter, once and in order


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_small_and_complete(name: str) -> None:
    files = {path.name: path.stat().st_size for path in (ZOO / name).iterdir()}
    assert sum(files.values()) <= MOST_BYTES
    needed = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"}
    assert needed <= set(files)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_reads_at_least_512_tokens(name: str) -> None:
    lm = ours(name)
    assert lm.tokenizer is not None
    piece = lm.tokenizer.encode("chat")[0]
    x = [piece] * 511 + list(lm.special.end[:1] or [piece])
    target = [lm.special.start or 0, *[piece] * 511] if lm.kind == "encoder-decoder" else None
    trace = lm.run(x, target=target)
    assert len(trace.tokens(trace.predicts)) == 512
    assert trace.logits.isfinite().all()


@pytest.mark.parametrize("name", SHIPPED)
def test_odd_input_ends_and_says_why(name: str) -> None:
    lm = ours(name)
    if lm.kind == "encoder":
        pytest.skip("an encoder-only model does not write")
    for text in ("안녕하세요 세계", "🙂🙂🙂", "zzz zzz zzz zzz", "<b>été</b>", "?!?!?!"):
        steps = list(lm.decode(text, max_new_tokens=30))
        assert steps[-1].ended in ("end", "limit")
        assert len(steps) <= 30
