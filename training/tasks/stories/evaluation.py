"""How well a run continues held-out stories: bits per byte on the test stories, and unselected continuations."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from model.network import Network
from training.data.stories import END_OF_STORY, read_stories, utf8_bytes
from training.tasks.next_token import continued
from training.tasks.results import Results, evenly
from training.tasks.stories.continuations import circles, keeps_name
from training.tasks.stories.task import encode_stories, total_nats
from training.trainer.checkpoints import TrainedRun

PROMPTS = ("Once upon a time, there was a little girl named",)
SAMPLES = 4
COUNTED = 50  # continuations in which names and circles are counted
NEW_TOKENS, TEMPERATURE, TOP_P = 60, 0.8, 0.95
EXAMPLES = 4


@dataclass(frozen=True)
class Sample:
    """A continuation drawn at temperature 0.8 and top-p 0.95 with a stated seed."""

    prompt: str
    continuation: str
    seed: int


@dataclass(frozen=True)
class StoriesResults(Results):
    """What the card states."""

    train_stories: int
    train_bytes: int
    test_stories: int
    test_bytes: int
    test_tokens: int
    nats: float  # summed over the test stories, the end token of each included
    samples: tuple[Sample, ...]
    counted: int
    name_kept: int  # of the counted continuations
    circling: int  # of the counted continuations

    @property
    def bits_per_byte(self) -> float:
        """-log2 p summed over the test stories, divided by their UTF-8 bytes."""
        return self.nats / math.log(2) / self.test_bytes


def nucleus(logits: torch.Tensor, generator: torch.Generator) -> int:
    """An id drawn at TEMPERATURE from the smallest set of tokens with probability TOP_P (Holtzman et al. 2020)."""
    probabilities, order = (logits.float() / TEMPERATURE).softmax(-1).sort(descending=True)
    kept = probabilities.cumsum(-1) - probabilities < TOP_P
    drawn = torch.multinomial(torch.where(kept, probabilities, 0.0), 1, generator=generator)
    return int(order[drawn])


def continuation(net: Network, tokenizer: Tokenizer, prompt: str, seed: int) -> list[int]:
    """The ids that follow a prompt: NEW_TOKENS, or fewer if the story ends."""
    generator = torch.Generator().manual_seed(seed)
    end = tokenizer.token_to_id(END_OF_STORY)
    ids = tokenizer.encode(prompt).ids
    return continued(net, ids, lambda logits: nucleus(logits.cpu(), generator), end=end, most=NEW_TOKENS)


@torch.inference_mode()
def evaluate_stories(run: TrainedRun, corpus: Path, limit: int | None) -> StoriesResults:
    """Bits per byte on about `limit` test stories, and samples."""
    net, tokenizer = run.net, run.tokenizer
    stories = read_stories(corpus)
    test = evenly(stories.test, limit)
    nats, tokens = total_nats(net, encode_stories(tokenizer, test), run.device)
    openings = [" ".join(story.split()[:8]) for story in evenly(test, EXAMPLES)[:EXAMPLES]]
    prompts = [(prompt, seed) for prompt in PROMPTS for seed in range(SAMPLES)] + [(text, 0) for text in openings]
    new = {(prompt, seed): continuation(net, tokenizer, prompt, seed) for prompt, seed in prompts}
    counted = [continuation(net, tokenizer, PROMPTS[0], seed) for seed in range(COUNTED)]
    return StoriesResults(
        step=run.progress.step,
        epochs=round(run.progress.epochs, 2),
        seconds=round(run.progress.seconds, 1),
        train_stories=len(stories.train),
        train_bytes=utf8_bytes(stories.train),
        test_stories=len(test),
        test_bytes=utf8_bytes(test),
        test_tokens=tokens,
        nats=round(nats, 2),
        samples=tuple(Sample(prompt, tokenizer.decode(ids), seed) for (prompt, seed), ids in new.items()),
        counted=COUNTED,
        name_kept=sum(keeps_name(tokenizer.decode(ids)) for ids in counted),
        circling=sum(circles(ids) for ids in counted),
    )
