"""How tokens are chosen, as it stands in a link, and what comes of a link that says something else."""

import pytest

from model.decoding.strategies import Greedy, Sample
from ui.state.sampling import DIALS, Choosing, read_dials, read_seed, write_dials

ALL = Choosing(
    True,
    7,
    (("repetition_penalty", 1.3), ("temperature", 0.65), ("top_k", 40.0), ("top_p", 0.9), ("min_p", 0.05)),
)


def test_a_link_gives_back_what_was_chosen() -> None:
    assert read_dials(write_dials(ALL.dials)) == ALL.dials
    assert read_dials("") == ()


def test_dials_stand_in_the_order_in_which_they_act_whatever_the_order_of_the_link() -> None:
    parts = write_dials(ALL.dials).split(",")
    assert read_dials(",".join(reversed(parts))) == ALL.dials
    assert [dial.key for dial in DIALS] == [key for key, _ in ALL.dials]


@pytest.mark.parametrize(
    ("narrow", "dials"),
    [
        ("temperature:99", (("temperature", 3.0),)),
        ("temperature:0", (("temperature", 0.1),)),
        ("top_k:7.6", (("top_k", 8.0),)),
        ("top_k:0", (("top_k", 1.0),)),
        ("top_p:0", (("top_p", 0.05),)),
        ("temperature:nan,top_k:inf,top_p:-1,min_p:1e5,seed:3,x", ()),
        ("temperature:" + "9" * 5000, ()),
        ("temperature:٣", ()),
    ],
)
def test_a_number_out_of_range_is_brought_into_it_and_what_is_none_is_left_out(narrow: str, dials: tuple) -> None:
    assert read_dials(narrow) == dials


@pytest.mark.parametrize(
    ("seed", "held"), [("12", 12), ("-1", 0), ("x", 0), ("²", 0), ("9" * 5000, 0), ("99999999", 999_999)]
)
def test_a_seed_from_a_link_is_a_whole_number(seed: str, held: int) -> None:
    assert read_seed(seed) == held


def test_dials_that_are_off_leave_the_softmax_as_it_is() -> None:
    assert Choosing(True, 4).strategy == Sample(seed=4)
    assert Choosing(False, 4, ALL.dials).strategy == Greedy()


def test_dials_that_are_on_become_the_draw() -> None:
    assert ALL.strategy == Sample(0.65, 40, 0.9, 0.05, 1.3, 7)
    assert ALL.turned("top_k", None).strategy == Sample(0.65, 0, 0.9, 0.05, 1.3, 7)
