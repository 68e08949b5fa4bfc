"""Stories: capitals given back, held out by their words, and cut into sentences."""

from pathlib import Path

import pytest

from tests.training.story_corpus import write_corpus
from training.data.stories import (
    Stories,
    capitalised,
    divide,
    names_in,
    opening,
    part_of,
    read_stories,
    sentences_of,
    tidy,
)
from training.data.translation_pairs import comparable


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    return read_stories(write_corpus(tmp_path_factory.mktemp("stories")))


def test_names_get_their_capitals_back_and_sentences_theirs() -> None:
    names = names_in(["One day Lily saw a cat. She and Lily played, and Lily was happy."])
    assert names == {"lily": "Lily"}
    lower = '"come here," said lily. the cat came.\nit was red.'
    assert capitalised(lower, names) == '"Come here," said Lily. The cat came.\nIt was red.'


def test_a_word_that_only_begins_sentences_is_no_name() -> None:
    assert names_in(["Then it rained. Then the sun came, and then it rained."]) == {}


def test_the_first_person_is_written_large() -> None:
    names = names_in(["He said that I may go, and I go."])
    assert capitalised("may i go? yes, i may.", names) == "May I go? Yes, I may."


def test_the_words_alone_decide_where_a_story_goes() -> None:
    text = "Once upon a time, there was a cat named Tim."
    assert part_of(text) == part_of(text.lower().replace(",", " -"))


def test_no_held_out_story_is_trained_on_nor_one_that_begins_like_it(stories: Stories) -> None:
    held = {comparable(story) for story in (*stories.valid, *stories.test)}
    openings = {opening(story) for story in (*stories.valid, *stories.test)}
    assert len(stories.train) > 50
    assert held
    assert not held & {comparable(story) for story in stories.train}
    assert not openings & {opening(story) for story in stories.train}


def test_the_lower_case_file_adds_only_what_the_others_lack(stories: Stories) -> None:
    everything = [comparable(story) for story in (*stories.train, *stories.valid, *stories.test)]
    assert len(everything) == len(set(everything))
    assert all(story[0].isupper() for story in stories.train)


def test_a_lower_case_file_that_does_not_go_on_is_named(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path)
    (folder / "tinystories-lowercase.txt").write_text("something else entirely\nand more", encoding="utf-8")
    with pytest.raises(ValueError, match="does not go on"):
        read_stories(folder)


def test_a_story_met_twice_is_kept_once() -> None:
    story = "One day, a bird flew over the garden and sang a song for everyone who was there to hear it. " * 2
    assert sum(len(part) for part in vars(divide([story, story.upper()])).values()) == 1


def test_typography_becomes_plain() -> None:
    assert tidy("“Hello,”  she said…\r\n\n  It’s  me ") == '"Hello," she said...\nIt\'s me'


def test_sentences_end_at_marks_and_speech_stays_whole() -> None:
    story = 'He ran. "Stop!" she said. Then it was dark.\nThe end.'
    assert sentences_of(story) == ["He ran.", '"Stop!" she said.', "Then it was dark.", "The end."]
