"""bert-stories and bart-denoise do what their cards say, on sentences written for this test."""

import pytest
import torch
import transformers

import model
from model.language_model import LanguageModel
from model.loading.checkpoint import ZOO

BERT, BART = "bert-stories", "bart-denoise"
HIDDEN = {
    "Once upon a time, there was a little [MASK] named Lily.": "girl",
    "She was very [MASK] because she lost her doll.": "sad",
    "Tim was sad because he lost his toy. He started to [MASK].": "cry",
    "They played together all [MASK] long.": "day",
}
PAIRS = (
    ("Once upon a time, there was a little boy named Tim.", "Tim had a big red ball."),
    ("One day, Lily found a small box in the garden.", "She opened the box and saw a pretty ring."),
    ("Once there was a dog who lived in a big house.", "The dog loved to run and play all day."),
)
CORRUPTED = {
    "The little dog ran the in park.": "The little dog ran in the park.",
    "Once upon a time, there a was little girl named Lily.": "Once upon a time, there was a little girl named Lily.",
    "One day, a <mask> boy named Tim went to the park.": "One day, a little boy named Tim went to the park.",
}


@pytest.fixture(scope="module")
def bert() -> LanguageModel:
    return model.load(BERT, device="cpu")


@pytest.fixture(scope="module")
def bart() -> LanguageModel:
    return model.load(BART, device="cpu")


@pytest.mark.parametrize("text", HIDDEN)
def test_the_hidden_word_is_among_the_first_five_guesses(bert: LanguageModel, text: str) -> None:
    assert bert.tokenizer is not None
    trace = bert.run(text)
    mask = bert.tokenizer.encode("[MASK]")[1]
    at = [token.id for token in trace.tokens("encoder")].index(mask)
    guesses = [bert.text([int(i)]).strip() for i in trace.logits[at].topk(5).indices]
    assert HIDDEN[text] in guesses


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_order_is_told_from_swap(bert: LanguageModel, first: str, second: str) -> None:
    in_order, swapped = bert.run(first, pair=second).relation, bert.run(second, pair=first).relation
    assert in_order is not None
    assert swapped is not None
    assert in_order[1] < 0.5 < swapped[1]


def test_the_judgement_of_a_pair_equals_the_reference_library(bert: LanguageModel) -> None:
    net = transformers.BertForPreTraining.from_pretrained(ZOO / BERT, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(ZOO / BERT)
    for first, second in PAIRS:
        with torch.inference_mode():
            expected = net(**tokenizer(first, second, return_tensors="pt"))
        trace = bert.run(first, pair=second)
        assert trace.relation is not None
        assert (trace.relation - expected.seq_relationship_logits[0].softmax(-1)).abs().max() < 1e-4
        assert (trace.logits - expected.prediction_logits[0]).abs().max() < 1e-4


@pytest.mark.parametrize("text", CORRUPTED)
def test_a_corrupted_sentence_is_restored(bart: LanguageModel, text: str) -> None:
    steps = list(bart.decode(text))
    assert steps[-1].ended == "end"
    assert bart.text([step.token.id for step in steps]) == CORRUPTED[text]
