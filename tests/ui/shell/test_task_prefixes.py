"""What may be put before a text is found in the checkpoint's own files, and only ever offered."""

from dataclasses import replace

import pytest
from tokenizers import AddedToken

import ui.shell.task_prefixes
from model.language_model import LanguageModel
from model.pretrained import Source
from model.tokenizers.tokens import Tokenizer
from tests.model.builders import byte_tokenizer, random_net, shaped
from ui.shell.task_prefixes import all_prefixes, of_card, use_prefix

CARD = """---
language: en
widget:
- text: "translate English to German: My name is Sarah and I live in London"
  example_title: Translation
- text: 'Please answer: what is this?'
- text: "no prefix here"
---
# Summaries
Put `summarize: ` before the text, or `paraphrase:`. See `pip install x` and `http://example.org`.
"""


def model(
    config_json: dict[str, object], card: str = "", kind: str = "encoder-decoder", codes: tuple[str, ...] = ()
) -> LanguageModel:
    pipeline = byte_tokenizer().pipeline
    pipeline.add_tokens([AddedToken(code, normalized=False) for code in codes])
    config = replace(
        shaped("encoder-decoder" if kind == "encoder-decoder" else "decoder"), vocab_size=len(Tokenizer(pipeline))
    )
    source = Source("tiny", "none", "", config_json=config_json, card=card)
    return LanguageModel(random_net(config), Tokenizer(pipeline), source)


def test_prefixes_of_the_config_come_with_their_task() -> None:
    tasks = {"summarization": {"prefix": "summarize: "}, "odd": {"prefix": 3}, "none": 5}
    found = all_prefixes(model({"task_specific_params": tasks}))
    assert [(prefix.text, prefix.why) for prefix in found] == [("summarize: ", "summarization")]


def test_prefixes_of_a_card_are_those_its_examples_begin_with_and_those_it_quotes() -> None:
    assert of_card(CARD) == ["translate English to German: ", "Please answer: ", "summarize: ", "paraphrase: "]
    assert of_card("") == []
    assert [prefix.why for prefix in all_prefixes(model({}, CARD))] == ["the model card"] * 4


def test_what_the_config_and_the_card_name_is_offered_once() -> None:
    tasks = {"task_specific_params": {"sum": {"prefix": "summarize: "}}}
    texts = [prefix.text for prefix in all_prefixes(model(tasks, CARD))]
    assert len(texts) == len(set(texts)) == 4


def test_language_tokens_of_the_vocabulary_are_offered() -> None:
    found = all_prefixes(model({}, codes=(">>fra<<", ">>cmn_Hans<<", ">>a b<<", ">>", "<<x>>")))
    assert [prefix.text for prefix in found] == [">>cmn_Hans<< ", ">>fra<< "]


def test_what_is_picked_is_written_before_the_text_and_another_one_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {"text": "the cat", "opening": "summarize: "}
    monkeypatch.setattr(ui.shell.task_prefixes.st, "session_state", state)
    monkeypatch.setattr(ui.shell.task_prefixes.text_box, "use_text", lambda text: state.update(text=text))
    known = ("summarize: ", ">>fra<< ")
    use_prefix(known)
    assert state["text"] == "summarize: the cat"
    state["opening"] = ">>fra<< "
    use_prefix(known)
    assert state["text"] == ">>fra<< the cat"
    state["opening"] = "nothing anyone offered: "
    use_prefix(known)
    assert state["text"] == ">>fra<< the cat"


@pytest.mark.parametrize(("prefix", "texts"), [("</s>", []), ("Q: ", ["Q: "]), (" ", []), (None, []), (7, [])])
def test_a_prefix_for_all_texts_is_offered_unless_the_tokenizer_adds_it(prefix: object, texts: list[str]) -> None:
    assert [prefix.text for prefix in all_prefixes(model({"prefix": prefix}, kind="decoder"))] == texts
