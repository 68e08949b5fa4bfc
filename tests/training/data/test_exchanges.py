"""Which exchanges are held out."""

from pathlib import Path

import pytest

from training.data.exchanges import CHATS, Exchange, divide, part_of, read_exchanges, read_file, unpunctuated
from training.data.translation_pairs import comparable

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "ko"
needs_corpus = pytest.mark.skipif(not (CORPUS / CHATS).exists(), reason="the exchanges are not committed")


def test_an_answer_is_held_out_with_all_of_its_questions() -> None:
    many = [Exchange(f"질문 {i}", f"대답 {i // 3}") for i in range(3_000)]
    parts = divide(many)
    held = {e.answer for e in (*parts.valid, *parts.test)}
    assert held
    assert not held & {e.answer for e in parts.train}
    assert len(parts.train) + len(parts.valid) + len(parts.test) == len(many)


def test_a_question_that_was_held_out_is_not_learnt_with_another_answer() -> None:
    held = next(f"대답 {i}" for i in range(1_000) if part_of(f"대답 {i}") == "test")
    kept = next(f"대답 {i}" for i in range(1_000) if part_of(f"대답 {i}") == "train")
    parts = divide([Exchange("뭐 해?", held), Exchange("뭐 해", kept), Exchange("어디야", kept)])
    assert parts.train == (Exchange("어디야", kept),)


def test_a_case_or_a_full_stop_does_not_change_the_part() -> None:
    assert part_of("네 맞아요.") == part_of("네, 맞아요!")


def test_a_line_without_an_answer_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / CHATS).write_text("가\t나\t0\n다\t0\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_file(tmp_path / CHATS)


def test_punctuation_alone_stays() -> None:
    assert unpunctuated("뭐 해?!") == "뭐 해"
    assert unpunctuated("?") == "?"


@needs_corpus
def test_no_held_out_answer_or_question_is_trained_on() -> None:
    exchanges = read_exchanges(CORPUS)
    held = [*exchanges.valid, *exchanges.test]
    assert not {comparable(e.answer) for e in held} & {comparable(e.answer) for e in exchanges.train}
    assert not {comparable(e.question) for e in held} & {comparable(e.question) for e in exchanges.train}
    assert len(exchanges.train) > 10_000
    assert 500 < len(exchanges.test) < 900
