"""The cards of the Korean models state what was measured and whom to attribute; records read back."""

from pathlib import Path

from training.data.korean_pairs import WEIGHTS
from training.recipes import RECIPES
from training.tasks.chat.evaluation import Answered, ChatResults
from training.tasks.korean_translation.card import SOURCES
from training.tasks.korean_translation.evaluation import KoreanTranslationResults, Translated, Typed
from training.tasks.registry import CARDS
from training.tasks.results import EVALUATION
from training.tasks.translation.evaluation import Score

ROW = Translated("나는 책을 | 읽는다", "I read", "I read a book")
TRANSLATION = KoreanTranslationResults(
    step=3,
    epochs=1.5,
    seconds=3_600.0,
    counts=dict.fromkeys(WEIGHTS, 1_234),
    scores={"as is": Score(12.3, 247, "nrefs:1"), "no final punctuation": Score(11.1, 247, "nrefs:1")},
    grammar_pairs=1_000,
    exact={"as is": 0.912, "no final punctuation": 0.9},
    demonstrations=(ROW,),
    typed=(Typed("나", "I"),),
    examples=(ROW,),
    examples_every=15,
    misses=(ROW,),
)
CHAT = ChatResults(
    step=3,
    epochs=1.5,
    seconds=600.0,
    train_exchanges=10_675,
    train_answers=7_000,
    test_exchanges=700,
    test_bytes=1_000,
    test_tokens=200,
    nats=700.0,
    own_question=0.31,
    ended=1.0,
    copied=0.5,
    different=400,
    examples=(Answered("배고파", "드세요.", "뭐 좀 드세요."),),
    examples_every=30,
)


def test_every_source_of_pairs_has_a_weight_and_a_licence() -> None:
    assert list(SOURCES) == list(WEIGHTS)


def test_the_card_of_the_translator_states_what_was_measured_and_whom_to_attribute(tmp_path: Path) -> None:
    TRANSLATION.write(tmp_path / EVALUATION)
    assert KoreanTranslationResults.read(tmp_path / EVALUATION) == TRANSLATION
    text = CARDS["translate Korean"]("transformer-ko-en", RECIPES["transformer-ko-en"], tmp_path, 7_000_000)
    for said in ("| as written | 12.3 | 91.2% |", "247 test pairs", "1,234", "cc-by-sa-4.0", "tatoeba.org", "StyleKQC"):
        assert said in text
    for said in ("책을 \\| 읽는다", "7.0 million", "1.0 hours", "| 1,234 | once | Apache-2.0 |"):
        assert said in text


def test_the_card_of_the_chat_states_what_was_measured_and_whom_to_attribute(tmp_path: Path) -> None:
    CHAT.write(tmp_path / EVALUATION)
    assert ChatResults.read(tmp_path / EVALUATION) == CHAT
    text = CARDS["chat"]("gpt-chat-ko", RECIPES["gpt-chat-ko"], tmp_path, 2_000_000)
    for said in (
        "1.010 bits per byte",
        "31%",
        "10,675",
        "10 minutes",
        "Song Young-sook",
        "license: mit",
        "2.00 million",
    ):
        assert said in text
    assert "| 배고파 | 드세요. |" in text
