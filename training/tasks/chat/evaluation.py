"""How well a run answers held-out questions.

Bits per byte of the held-out answers, given their questions; how often an answer is more probable after its own question than
after nine others; and greedy answers: whether they end, and whether they are copies.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from model.network import Network
from training.data.exchanges import Exchange, read_exchanges
from training.data.translation_pairs import comparable
from training.tasks.chat.task import Turns, answer_nats, answers_only
from training.tasks.next_token import IGNORED, continued
from training.tasks.results import Results, evenly
from training.trainer.checkpoints import TrainedRun

OTHERS = 9
LONGEST_ANSWER = 40  # tokens
EXAMPLES = 20


@dataclass(frozen=True)
class Answered:
    """A held-out question, the greedy answer and the answer in the data."""

    question: str
    answer: str
    reference: str


@dataclass(frozen=True)
class ChatResults(Results):
    """What the card states."""

    train_exchanges: int
    train_answers: int  # different ones
    test_exchanges: int
    test_bytes: int  # of the answers
    test_tokens: int  # of the answers
    nats: float  # summed over the test answers, the end token of each included
    own_question: float  # share of the answers that are most probable after their own question, among OTHERS more
    ended: float  # share of the greedy answers that end within LONGEST_ANSWER tokens
    copied: float  # share of the greedy answers that have the words of a training answer
    different: int  # different greedy answers
    examples: tuple[Answered, ...]
    examples_every: int  # test exchanges from one example to the next

    @property
    def bits_per_byte(self) -> float:
        """-log2 p summed over the answers, divided by their UTF-8 bytes."""
        return self.nats / math.log(2) / self.test_bytes

    @property
    def minutes(self) -> float:
        """Minutes spent training."""
        return self.seconds / 60


def log_probabilities(net: Network, rows: Sequence[np.ndarray], assistant: int, device: torch.device) -> list[float]:
    """The log-probability of the answer of each row with its end token, in nats."""
    inputs, targets = answers_only(rows, assistant)
    assert net.head is not None
    logits = net.head(net(torch.from_numpy(inputs).to(device))).float()
    wanted = torch.from_numpy(targets).to(device)
    losses = F.cross_entropy(logits.transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none")
    sums: list[float] = (-losses.sum(dim=1)).tolist()
    return sums


def own_question_share(net: Network, turns: Turns, device: torch.device) -> float:
    """How often an answer is most probable after its own question, among OTHERS more that are drawn with a seed."""
    count = len(turns.answers)
    rng = np.random.default_rng(0)
    won = 0
    for i in range(count):
        others = [j for j in range(count) if turns.questions[j] != turns.questions[i]]
        drawn = rng.choice(others, min(OTHERS, len(others)), replace=False)
        rows = [turns.row(int(j), answer=i) for j in (i, *drawn)]
        scores = log_probabilities(net, rows, turns.assistant, device)
        won += scores[0] == max(scores)
    return won / count


def greedy_answer(net: Network, tokenizer: Tokenizer, question: str, end: int) -> tuple[str, bool]:
    """(the greedy answer, whether it ended within LONGEST_ANSWER tokens)."""
    ids = tokenizer.encode(question).ids
    new = continued(net, ids, lambda logits: int(logits.argmax()), end=end, most=LONGEST_ANSWER)
    return tokenizer.decode(new), len(new) < LONGEST_ANSWER


@torch.inference_mode()
def evaluate_chat(run: TrainedRun, corpus: Path, limit: int | None) -> ChatResults:
    """Measure about `limit` test exchanges."""
    net, tokenizer = run.net, run.tokenizer
    exchanges = read_exchanges(corpus)
    test: tuple[Exchange, ...] = evenly(exchanges.test, limit)
    turns = Turns(tokenizer, test)
    nats, tokens = answer_nats(net, turns, run.device)
    greedy = [greedy_answer(net, tokenizer, exchange.question, turns.end) for exchange in test]
    known = {comparable(exchange.answer) for exchange in exchanges.train}
    every = max(1, len(test) // EXAMPLES)
    shown = [Answered(e.question, text, e.answer) for e, (text, _) in zip(test, greedy, strict=True)]
    return ChatResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        train_exchanges=len(exchanges.train),
        train_answers=len(known),
        test_exchanges=len(test),
        test_bytes=sum(len(exchange.answer.encode()) for exchange in test),
        test_tokens=tokens,
        nats=round(nats, 2),
        own_question=round(own_question_share(net, turns, run.device), 4),
        ended=round(sum(end for _, end in greedy) / len(greedy), 4),
        copied=round(sum(comparable(text) in known for text, _ in greedy) / len(greedy), 4),
        different=len({text for text, _ in greedy}),
        examples=tuple(shown[every // 2 :: every]),
        examples_every=every,
    )
