"""Names that come back, and texts that go in circles."""

import pytest

from training.tasks.stories.continuations import circles, given_name, keeps_name


def test_the_name_given_is_the_first_word_of_the_continuation() -> None:
    assert given_name(" Lily. She loved Tom.") == "Lily"
    assert given_name(" the cat") is None


@pytest.mark.parametrize(
    ("continuation", "kept"),
    [
        (" Lily. One day, Lily ran.", True),
        (" Lily. One day, Lucy ran.", False),
        (" Sue. She sat on Suet.", False),
        (" who ran and ran.", False),
    ],
)
def test_a_name_is_kept_when_it_is_said_again(continuation: str, kept: bool) -> None:
    assert keeps_name(continuation) == kept


def test_a_sequence_three_times_in_a_row_is_a_circle_and_twice_is_none() -> None:
    assert circles([9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 7])
    assert not circles([9, 1, 2, 3, 1, 2, 3, 1, 2, 7])
    assert circles([5, 5, 5])
    assert not circles([5, 5, 6, 5, 5])
    assert not circles([])


def test_circles_longer_than_twenty_tokens_are_not_looked_for() -> None:
    assert circles(list(range(20)) * 3)
    assert not circles(list(range(21)) * 3)
