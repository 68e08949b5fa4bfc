"""Prompts as a model reads them: which token belongs to which part, and from where an answer is predicted."""

import json
from dataclasses import replace

import pytest
import tokenizers
from tokenizers import AddedToken

from analysis.prompting import LONGEST_ANSWER, Composed, Prompt, compose, joined, pose
from model.errors import InputError
from model.language_model import LanguageModel
from model.pretrained import Constraints, Source, SpecialIds
from model.tokenizers.tokens import Tokenizer
from tests.model.builders import END, START, byte_tokenizer, random_net, shaped

MASK = 264
CROSSING = ".."  # one piece of the tokenizer, which may stand half in a prompt and half in an answer


def tokenizer(kind: str) -> Tokenizer:
    """Bytes and a few merges, one of two full stops, and a mask that takes the space before it."""
    state = json.loads(byte_tokenizer(end=kind != "decoder").pipeline.to_str())
    state["model"]["vocab"][CROSSING] = len(state["model"]["vocab"])
    state["model"]["merges"].append([".", "."])
    pipeline = tokenizers.Tokenizer.from_str(json.dumps(state))
    pipeline.add_special_tokens([AddedToken("[MASK]", special=True, lstrip=True)])
    return Tokenizer(pipeline)


def reader(kind: str, forced: int | None = None, positions: int = 200) -> LanguageModel:
    config = replace(shaped(kind, "learned"), vocab_size=270, max_positions=positions)  # type: ignore[arg-type]
    special = SpecialIds(start=START, end=(END,), mask=MASK if kind == "encoder" else None)
    return LanguageModel(
        random_net(config), tokenizer(kind), Source("tiny", "none", ""), special, Constraints(forced_first=forced)
    )


def spelled(posed) -> dict[str, str]:
    """The text of each part, in the order of the text."""
    found: dict[str, str] = {}
    for tokens, parts in ((posed.source, posed.source_parts), (posed.read, posed.parts)):
        for token, part in zip(tokens, parts, strict=True):
            found[part] = found.get(part, "") + token.text
    return found


FULL = Prompt("Say it.", ("a: b", "c: d"))


def test_parts_stand_in_their_order_joined_and_know_where_they_end() -> None:
    composed = compose(FULL, "e:")
    assert composed.text == "Say it. a: b c: d e:"
    assert [composed.text[:end] for _, end in composed.ends] == [
        "Say it.",
        "Say it. a: b",
        "Say it. a: b c: d",
        "Say it. a: b c: d e:",
    ]
    assert compose(FULL, "e:", "line").text == "Say it.\na: b\nc: d\ne:"


def test_white_space_that_stands_there_is_the_joint_and_blank_parts_are_none() -> None:
    assert compose(Prompt("Say:\n", ("", "  ", "x ")), "y").text == "Say:\nx y"
    assert compose(Prompt(" "), " y").text == " y"
    with pytest.raises(InputError, match="type an input"):
        compose(Prompt(), "  ")


def test_white_space_belongs_to_what_follows_it() -> None:
    composed = Composed("ab cd", (("instruction", 2), ("input", 5)))
    assert composed.part_at(0, 2) == "instruction"
    assert composed.part_at(2, 5) == "input"
    assert composed.part_at(2, 3) == "input"
    assert composed.part_at(1, 4) == "instruction"  # a piece over both belongs to where it begins


@pytest.mark.parametrize(
    ("text", "answer", "after"),
    [
        ("the", "lot", " lot"),
        ("the ", "lot", "lot"),
        ("the\n", "lot", "lot"),
        ("the", ".", "."),
        ("the", "'s", "'s"),
        ("the", '"Lot"', ' "Lot"'),
        ("the", "été", " été"),
    ],
)
def test_an_answer_begins_like_a_word_or_like_a_sign(text: str, answer: str, after: str) -> None:
    assert joined(text, answer) == after


def test_a_decoder_reads_the_prompt_and_all_of_the_answer_but_its_last_token() -> None:
    posed = pose(reader("decoder"), FULL, "the", "lot")
    assert "".join(token.text for token in posed.answer) == " lot"
    assert spelled(posed) == {"instruction": "Say it.", "examples": " a: b c: d", "input": " the", "answer": " lo"}
    assert [posed.read[at + 1].id for at in posed.at[:-1]] == [token.id for token in posed.answer[:-1]]
    assert posed.at[-1] == len(posed.read) - 1
    assert posed.ids(0) == posed.ids(1) == [token.id for token in posed.read]


def test_a_piece_that_would_span_prompt_and_answer_is_cut_as_it_would_have_to_be_written() -> None:
    lm = reader("decoder")
    alone = [token.id for token in lm.reading("the.").tokens]
    assert [token.text for token in lm.reading("the..").tokens][-1] == CROSSING
    posed = pose(lm, Prompt(), "the.", ".")
    assert posed.ids(0) == alone
    assert [token.text for token in posed.answer] == ["."]


def test_an_encoder_decoder_writes_the_answer_to_its_end() -> None:
    posed = pose(reader("encoder-decoder"), FULL, "the", "lot")
    assert spelled(posed) == {
        "instruction": "Say it.",
        "examples": " a: b c: d",
        "input": " the",
        "special": "</s><s>",
        "answer": "lot",
    }
    assert posed.answer[-1].id == END
    assert posed.read[0].id == START
    assert posed.at == tuple(range(len(posed.answer)))


def test_a_first_token_that_is_forced_is_read_and_not_scored() -> None:
    posed = pose(reader("encoder-decoder", forced=7), Prompt(), "the", "lot")
    assert posed.ids(0)[:2] == [START, 7]
    assert 7 not in {token.id for token in posed.answer}
    assert posed.at == tuple(range(1, 1 + len(posed.answer)))


def test_an_encoder_answers_at_its_mask_with_as_many_masks_as_pieces_still_to_come() -> None:
    lm = reader("encoder")
    posed = pose(lm, FULL, "the [MASK].", "lot")
    assert [token.text for token in posed.answer] == [" ", "lo", "t"]
    assert posed.passes == 3
    for n, masks in enumerate((3, 2, 1)):
        assert posed.ids(n).count(MASK) == masks
    whole = [token.id for token in lm.reading("Say it. a: b c: d the lot.").tokens]
    assert [token.id for token in posed.read] == whole
    assert posed.ids(2)[posed.at[0] : posed.at[2]] == [token.id for token in posed.answer[:2]]


@pytest.mark.parametrize(("given", "count"), [("the lot", 0), ("[MASK] the [MASK]", 2)])
def test_an_encoder_needs_one_mask(given: str, count: int) -> None:
    with pytest.raises(InputError, match=rf"put \[MASK\] into the text once \(there are {count}"):
        pose(reader("encoder"), Prompt(), given, "lot")


def test_a_mask_at_the_beginning_hides_no_space() -> None:
    posed = pose(reader("encoder"), Prompt(), "[MASK] the", "lot")
    assert "".join(token.text for token in posed.answer) == "lot"


@pytest.mark.parametrize("kind", ["encoder", "decoder", "encoder-decoder"])
def test_what_is_empty_or_too_long_is_refused_with_a_sentence(kind: str) -> None:
    lm, given = reader(kind), "the [MASK]" if kind == "encoder" else "the"
    with pytest.raises(InputError, match="an answer is empty"):
        pose(lm, Prompt(), given, " \n")
    with pytest.raises(InputError, match="200 positions: shorten it by"):
        pose(lm, Prompt("z" * 300), given, "lot")
    with pytest.raises(InputError, match=f"may have {LONGEST_ANSWER} tokens"):
        pose(reader(kind, positions=2_000), Prompt(), given, "z" * 300)


def test_a_model_without_a_tokenizer_or_a_head_is_refused() -> None:
    lm = reader("decoder")
    with pytest.raises(InputError, match="no tokenizer"):
        pose(LanguageModel(lm.net, None, lm.source), Prompt(), "the", "lot")
    body = replace(shaped("decoder"), vocab_size=270, max_positions=200, head="none")
    with pytest.raises(InputError, match="no output head"):
        pose(LanguageModel(random_net(body), lm.tokenizer, lm.source), Prompt(), "the", "lot")


def test_shots_are_counted() -> None:
    assert (Prompt().shots, FULL.shots) == (0, 2)
