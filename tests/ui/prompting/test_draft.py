"""What is written on the prompting page survives a link, and odd links and answers are met."""

import pytest

from ui.prompting.draft import (
    LONGEST_FIELD,
    MOST_ANSWERS,
    MOST_PROMPTS,
    Draft,
    Fields,
    as_address,
    from_address,
    typed_answers,
)

DRAFT = Draft((Fields(), Fields("Say:", "a = b\nc = d"), Fields("", "x")), "one\ntwo & three\n", "line")


@pytest.mark.parametrize("draft", [DRAFT, Draft(), Draft((Fields("only"),), "y")])
def test_a_draft_survives_its_address(draft: Draft) -> None:
    assert from_address({key: text for key, text in as_address(draft).items() if text}) == draft


def test_prompts_taken_off_leave_nothing_in_the_address() -> None:
    parts = as_address(DRAFT.without(1))
    assert (parts["instruction_2"], parts["examples_2"], parts["prompts"]) == ("", "x", "2")
    assert parts["instruction_3"] == parts["examples_3"] == ""


@pytest.mark.parametrize("asked", ["", "x", "-1", "1e3", "12345", "²"])
def test_an_address_without_a_number_of_prompts_has_as_many_as_are_written(asked: str) -> None:
    assert from_address({"prompts": asked}) is None
    assert from_address({"prompts": asked, "answers": "y"}) == Draft(answers="y")
    three = from_address({"prompts": asked, "examples_3": "x"})
    assert three == Draft((Fields(), Fields(), Fields("", "x")))


@pytest.mark.parametrize(("asked", "count"), [("0", 1), ("1", 1), ("4", 4), ("999", MOST_PROMPTS)])
def test_a_number_of_prompts_is_brought_into_range(asked: str, count: int) -> None:
    draft = from_address({"prompts": asked, "joint": "tab", "answers": "y" * (LONGEST_FIELD + 5)})
    assert draft is not None
    assert (len(draft.prompts), draft.joint, len(draft.answers)) == (count, "space", LONGEST_FIELD)


def test_prompts_are_called_what_the_field_calls_them() -> None:
    kinds = [Fields(), Fields("Say:"), Fields("", "a"), Fields(" ", "a\n\nb\n"), Fields("Say:", "a\nb")]
    assert [one.kind for one in kinds] == [
        "zero-shot",
        "zero-shot, instruction",
        "one-shot",
        "few-shot (2)",
        "few-shot (2), instruction",
    ]


def test_one_more_prompt_begins_like_the_last_and_there_are_four_at_most() -> None:
    draft = DRAFT.with_one_more()
    assert draft.prompts[3] == DRAFT.prompts[2]
    assert draft.with_one_more() == draft


def test_answers_count_once_and_blank_lines_not_at_all() -> None:
    assert typed_answers(" a \n\nb\n  \n") == (["a", "b"], [])
    answers, said = typed_answers("a\nb\na")
    assert answers == ["a", "b"]
    assert said == ["The same answer stands there twice; it counts once."]
    answers, said = typed_answers("\n".join("abcdefgh"))
    assert len(answers) == MOST_ANSWERS
    assert "2 more are left out" in said[0]
    assert typed_answers(" \n") == ([], [])
