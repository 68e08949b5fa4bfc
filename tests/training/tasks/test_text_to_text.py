"""T5's two tasks: the prefix, the blanks, the batches; and the teacher's lessons."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from training.data.batches import encode_rows
from training.data.translation_pairs import Pair
from training.tasks.text_to_text.distillation import as_taught, read_taught
from training.tasks.text_to_text.evaluation import spans
from training.tasks.text_to_text.task import (
    SENTINELS,
    blanked,
    by_length,
    save_text_to_text_tokenizer,
    shifted,
    with_sentinels,
)


@pytest.fixture(scope="module")
def pieces() -> Tokenizer:
    return with_sentinels()


SENTENCES = [
    "The network reads the whole sentence before it writes a single word of the answer, every time.",
    "I study machine learning.",
    "Je ne sais pas ce que tu veux dire, Tom.",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_blanks_and_what_they_held_make_the_sentence_again(sentence: str) -> None:
    for seed in range(40):
        made = blanked(sentence, np.random.default_rng(seed))
        assert made is not None
        text, target = made
        for sentinel, words in zip(SENTINELS, spans(target), strict=False):
            assert text.count(sentinel) == 1
            text = text.replace(sentinel, words)
        assert text == sentence
        assert not any(sentinel in text for sentinel in SENTINELS)


def test_spans_do_not_touch() -> None:
    made = [blanked(SENTENCES[0], np.random.default_rng(seed)) for seed in range(40)]
    for pair in made:
        assert pair is not None
        words = pair[0].split()
        assert not any(a.startswith("<extra") and b.startswith("<extra") for a, b in pairwise(words))


def test_a_sentence_too_short_for_a_blank_is_left_out() -> None:
    assert blanked("He is ill.", np.random.default_rng(0)) is None


def test_an_answer_is_read_up_to_the_first_sentinel_out_of_order() -> None:
    assert spans("<extra_id_0> love <extra_id_1> me <extra_id_2>") == ("love", "me")
    assert spans("<extra_id_0> love <extra_id_2> me") == ("love",)
    assert spans("no sentinel at all") == ()


def test_the_pieces_are_the_translators_with_sentinels_behind_them(pieces: Tokenizer) -> None:
    assert pieces.get_vocab_size() == 6_000 + len(SENTINELS)
    assert pieces.encode(f"I {SENTINELS[0]} you.").tokens == ["ĠI", SENTINELS[0], "Ġyou", ".", "</s>"]


def test_targets_stand_behind_padding_as_their_start(pieces: Tokenizer) -> None:
    sources = encode_rows(pieces, ["one", "one two three"])
    targets = encode_rows(pieces, ["un", "un deux trois"])
    batch = shifted(sources, targets, [0, 1], pieces)
    pad = pieces.token_to_id("<pad>")
    assert batch.target_in[:, 0].tolist() == [pad, pad]
    assert batch.target_in[1, 1:].tolist() == batch.target_out[1, :-1].tolist()
    assert batch.source_real.sum(1).tolist() == sources.lengths.tolist()
    assert batch.target_real.sum(1).tolist() == targets.lengths.tolist()


def test_batches_hold_every_row_once_within_their_budget(pieces: Tokenizer) -> None:
    texts = [" ".join(["word"] * n) for n in range(1, 40)]
    rows = encode_rows(pieces, texts)
    batches = by_length(rows, rows, tokens=200)
    assert sorted(int(i) for batch in batches for i in batch) == list(range(39))
    for batch in batches:
        assert len(batch) == 1 or 2 * rows.lengths[batch].max() * len(batch) <= 200


def test_a_lesson_has_the_teachers_words_once_for_each_sentence() -> None:
    pairs = [Pair("Hi.", "Salut."), Pair("Hello.", "Salut."), Pair("Run!", "Cours !")]
    lessons = as_taught(pairs, {"Salut.": "Hello there.", "Cours !": " "})
    assert lessons == [Pair("Hello there.", "Salut."), Pair("Run!", "Cours !")]


def test_lessons_read_back(tmp_path: Path) -> None:
    assert read_taught(tmp_path) == {}
    (tmp_path / "taught.jsonl").write_text(json.dumps(["Où ?", "Where?"]) + "\n", encoding="utf-8")
    assert read_taught(tmp_path) == {"Où ?": "Where?"}


def test_the_saved_tokenizer_knows_its_sentinels(pieces: Tokenizer, tmp_path: Path) -> None:
    save_text_to_text_tokenizer(pieces, tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert config["additional_special_tokens"] == list(SENTINELS)
    assert "bos_token" not in config
