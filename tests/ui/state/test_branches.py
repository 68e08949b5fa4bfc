"""Branches as they stand in a link, and what is made of a link that holds something else."""

import pytest

from ui.state.branches import LONGEST_NAME, MOST_BRANCHES, Branch, read, write

SOME = (Branch(), Branch(((2, 345), (5, 17)), "a name"), Branch(((3, 12),)))


def test_branches_come_back_from_a_link_as_they_were() -> None:
    assert read(write(SOME)) == SOME
    assert write(SOME) == "-;a name~2:345,5:17;3:12"
    assert read("") == ()


@pytest.mark.parametrize("text", [";", "~", "x", "x~", "a:b", "2", "name~x:1", "-1:3", "<script>"])
def test_what_is_no_branch_is_left_out(text: str) -> None:
    assert read(text) == ()
    assert read(f"{text};1:9") == (Branch(((1, 9),)),)


def test_a_link_holds_a_bounded_number_of_branches_with_bounded_names() -> None:
    assert len(read(";".join(f"{n}:1" for n in range(500)))) == MOST_BRANCHES
    assert len(read("x" * 900 + "~1:1")[0].name) == LONGEST_NAME


def test_the_same_choices_are_one_branch() -> None:
    assert read("a~1:2;b~1:2") == (Branch(((1, 2),), "a"),)
