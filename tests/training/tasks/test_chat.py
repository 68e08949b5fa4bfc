"""The conversations of a chat, what is learnt of them, and how answers are measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from training.data.chat_tokenizer import ASSISTANT, END, USER, save_chat_tokenizer, train_chat_tokenizer
from training.data.exchanges import Exchange
from training.recipes import RECIPES
from training.tasks.chat.evaluation import greedy_answer, own_question_share
from training.tasks.chat.task import Turns, answer_nats, answers_only, draw_conversations
from training.tasks.next_token import IGNORED
from training.trainer.initialisation import build

CPU = torch.device("cpu")
EXCHANGES = [
    Exchange("배고파", "뭐 좀 드세요."),
    Exchange("안녕하세요?", "안녕하세요."),
    Exchange("오늘 날씨 어때?", "날씨 앱을 확인해보세요."),
    Exchange("너무 졸려!", "잠시 눈을 붙여보세요."),
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_chat_tokenizer([text for e in EXCHANGES * 30 for text in (e.question, e.answer)], vocab_size=400)


def test_every_exchange_is_in_one_conversation_of_one_to_three(tokenizer: Tokenizer) -> None:
    turns = Turns(tokenizer, EXCHANGES * 50)
    drawn = draw_conversations(turns, np.random.default_rng(0))
    counts = [int((row == turns.assistant).sum()) for row in drawn]
    assert sum(counts) == len(turns.answers)
    assert set(counts) == {1, 2, 3}
    for row in drawn:
        assert row[0] == turns.user
        assert row[-1] == turns.end


def test_the_held_out_loss_is_of_the_answer_alone(tokenizer: Tokenizer) -> None:
    turns = Turns(tokenizer, EXCHANGES)
    inputs, targets = answers_only([turns.row(0), turns.row(2)], turns.assistant)
    for i, exchange in ((0, 0), (1, 2)):
        assert targets[i][targets[i] != IGNORED].tolist() == [*turns.answers[exchange], turns.end]
        assert inputs[i][np.flatnonzero(targets[i] != IGNORED)[0]] == turns.assistant


def test_a_text_alone_is_read_as_the_turn_of_a_user(tokenizer: Tokenizer) -> None:
    tokens = tokenizer.encode("배고파").tokens
    assert (tokens[0], tokens[-2:]) == (USER, [END, ASSISTANT])
    assert tokenizer.encode("배고파", "뭐 좀 드세요.").ids == Turns(tokenizer, EXCHANGES).row(0).tolist()


def test_the_template_gives_the_tokens_that_were_trained_on(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_chat_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    turns = Turns(tokenizer, EXCHANGES)
    messages = [
        {"role": "user", "content": EXCHANGES[0].question},
        {"role": "assistant", "content": EXCHANGES[0].answer},
        {"role": "user", "content": EXCHANGES[1].question},
    ]
    ids = theirs.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert ids == [*turns.row(0), *tokenizer.encode(EXCHANGES[1].question).ids]
    with pytest.raises(Exception, match="no other role"):
        theirs.apply_chat_template([{"role": "system", "content": "x"}])


def test_an_answer_ends_and_is_ranked_behind_its_questions(tokenizer: Tokenizer) -> None:
    recipe = RECIPES["gpt-chat-ko"]
    config = replace(recipe.config, vocab_size=400, d_model=32, n_heads=2, d_head=16, d_ff=64, max_positions=64)
    net = build(replace(recipe, config=config)).eval()
    turns = Turns(tokenizer, [Exchange(f"질문 {i}", f"대답 {i}") for i in range(12)])
    with torch.inference_mode():
        nats, tokens = answer_nats(net, turns, CPU)
        assert 0 <= own_question_share(net, turns, CPU) <= 1
        text, ended = greedy_answer(net, tokenizer, EXCHANGES[0].question, turns.end)
    assert tokens == sum(len(answer) + 1 for answer in turns.answers)
    assert nats > tokens
    assert isinstance(text, str)
    assert isinstance(ended, bool)
